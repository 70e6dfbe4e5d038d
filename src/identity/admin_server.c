/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/admin.h"

#include "identity/certificate.h"
#include "identity/describe.h"
#include "identity/fetch.h"
#include "identity/openssl.h"
#include "net/net.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <unistd.h>

#define AUTHORITIES_MAX 1024

struct admin_server {
	struct loop *loop;
	struct grpc_server *server;
	struct admin_subject subject;
};

DEFINE_AUTO(json_t, json_decref)

typedef int (*answer_fn)(struct admin_server *server, const json_t *request,
			 struct json_writer *answer, struct error *err);

static struct text member(const json_t *request, const char *name)
{
	const json_t *value = json_object_get(request, name);

	return (struct text){ json_string_value(value), json_string_length(value) };
}

/* ---- the methods ---- */

static void write_pem(struct json_writer *json, const char *name, STACK_OF(X509) * certificates)
{
	AUTO_BUFFER struct buffer pem = { 0 };

	for (int i = 0; i < sk_X509_num(certificates); i++)
		pem_write_certificate(&pem, sk_X509_value(certificates, i));
	json_key(json, name);
	json_text(json, buffer_text(&pem));
}

static int read_public_key(struct text pem, EVP_PKEY **out, struct error *err)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);

	*out = pem.len > 0 ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
	return *out != NULL ? 0 : openssl_error(err, -EINVAL, "'publicKey' is no public key");
}

static int issue(struct admin_server *server, const json_t *request, struct json_writer *answer,
		 struct error *err)
{
	AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	AUTO(svid_unref) struct svid *svid = NULL;
	int result = read_public_key(member(request, "publicKey"), &key, err);

	if (result == 0)
		result = ca_issue(server->subject.ca, member(request, "id"), key,
				  loop_wall(server->loop), &svid, err);
	if (result < 0)
		return result;
	json_key(answer, "id");
	json_cstring(answer, svid->id);
	write_pem(answer, "certificates", svid->chain);
	write_pem(answer, "bundle", ca_bundles(server->subject.ca)->items[0]->authorities);
	return 0;
}

static int rotate(struct admin_server *server, const json_t *request, struct json_writer *answer,
		  struct error *err)
{
	const struct text wanted = member(request, "kind");

	(void)answer;
	for (enum authority_kind kind = AUTHORITY_ROOT; kind <= AUTHORITY_JWT; kind++)
		if (text_is(wanted, authority_kind_name(kind)))
			return ca_rotate(server->subject.ca, kind, loop_wall(server->loop), err);
	return error_set(err, -EINVAL, "'%.*s' is none of root, issuer, jwt", TEXT_ARGS(wanted));
}

static void write_authority(struct json_writer *json, const struct authority_state *state)
{
	struct certificate_facts facts;
	struct key_hash hash;
	char key[KEY_HASH_TEXT_MAX];
	const struct {
		const char *name;
		bool value;
	} flags[] = {
		{ "keyIsHere", state->has_key },
		{ "signs", state->is_signing },
		{ "published", state->is_published },
		{ "revoked", state->is_revoked },
	};

	certificate_describe(state->certificate, &facts);
	key_hash_of_certificate(state->certificate, &hash);

	const char *const texts[][2] = {
		{ "kind", authority_kind_name(state->kind) },
		{ "serial", facts.serial },
		{ "notBefore", facts.not_before },
		{ "notAfter", facts.not_after },
		{ "key", key_hash_format(&hash, key) },
	};

	json_begin_object(json);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		json_key(json, texts[i][0]);
		json_cstring(json, texts[i][1]);
	}
	json_key(json, "generation");
	json_number(json, state->number);
	for (size_t i = 0; i < COUNT_OF(flags); i++) {
		json_key(json, flags[i].name);
		json_bool(json, flags[i].value);
	}
	json_end_object(json);
}

/* Absolute: who reads the answer has another working directory. */
static void write_paths(struct json_writer *json, const struct admin_subject *subject)
{
	json_begin_array(json);
	for (size_t i = 0; i < subject->path_count; i++) {
		AUTO(mem_free_text) char *absolute = realpath(subject->paths[i], NULL);

		json_cstring(json, absolute != NULL ? absolute : subject->paths[i]);
	}
	json_end_array(json);
}

static int tell_status(struct admin_server *server, const json_t *request,
		       struct json_writer *answer, struct error *err)
{
	AUTO(mem_free)
	void *memory = mem_alloc_array(AUTHORITIES_MAX, sizeof(struct authority_state));
	struct authority_state *states = memory;
	const size_t count = ca_authorities(server->subject.ca, loop_wall(server->loop), states,
					    AUTHORITIES_MAX);

	(void)request;
	(void)err;
	json_key(answer, "trustDomain");
	json_cstring(answer, ca_trust_domain(server->subject.ca));
	json_key(answer, "identities");
	json_number(answer, (int64_t)registry_count(server->subject.registry));
	json_key(answer, "resources");
	write_paths(answer, &server->subject);
	json_key(answer, "authorities");
	json_begin_array(answer);
	for (size_t i = 0; i < count; i++)
		write_authority(answer, &states[i]);
	json_end_array(answer);
	return 0;
}

static int request_issuer(struct admin_server *server, const json_t *request,
			  struct json_writer *answer, struct error *err)
{
	AUTO_BUFFER struct buffer pem = { 0 };
	const int result = ca_request(server->subject.ca, &pem, err);

	(void)request;
	if (result < 0)
		return result;
	json_key(answer, "request");
	json_text(answer, buffer_text(&pem));
	return 0;
}

static int import_issuer(struct admin_server *server, const json_t *request,
			 struct json_writer *answer, struct error *err)
{
	(void)answer;
	return ca_import(server->subject.ca, member(request, "certificates"),
			 loop_wall(server->loop), err);
}

static int explain(struct admin_server *server, const json_t *request, struct json_writer *answer,
		   struct error *err)
{
	const json_int_t pid = json_integer_value(json_object_get(request, "pid"));
	struct caller caller;
	const int result = caller_of_pid((pid_t)pid, &caller, err);

	if (result == 0)
		registry_explain(server->subject.registry, &caller, answer);
	return result;
}

/* ---- calls ---- */

static void answer_call(struct grpc_call *call, struct text message, answer_fn method)
{
	AUTO(json_decref) json_t *request = json_loadb(message.ptr, message.len, 0, NULL);
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer answer = { .out = &out };
	struct error err = { 0 };

	json_begin_object(&answer);
	if (!json_is_object(request))
		error_set(&err, -EINVAL, "the message is no JSON object");
	else
		method(grpc_call_owner(call), request, &answer, &err);
	json_end_object(&answer);
	if (err.code < 0) {
		grpc_call_finish(
			call, err.code == -EACCES ? GRPC_PERMISSION_DENIED : GRPC_INVALID_ARGUMENT,
			err.text);
		return;
	}
	grpc_call_send(call, buffer_text(&out));
	grpc_call_finish(call, GRPC_OK, NULL);
}

static void on_issue(struct grpc_call *call, struct text message)
{
	answer_call(call, message, issue);
}

static void on_rotate(struct grpc_call *call, struct text message)
{
	answer_call(call, message, rotate);
}

static void on_status(struct grpc_call *call, struct text message)
{
	answer_call(call, message, tell_status);
}

static void on_request(struct grpc_call *call, struct text message)
{
	answer_call(call, message, request_issuer);
}

static void on_import(struct grpc_call *call, struct text message)
{
	answer_call(call, message, import_issuer);
}

static void on_explain(struct grpc_call *call, struct text message)
{
	answer_call(call, message, explain);
}

static enum grpc_status admit(struct grpc_call *call, const char **message)
{
	struct caller caller;

	if (caller_of_socket(grpc_call_socket(call), &caller) == 0
	    && (caller.uid == 0 || caller.uid == geteuid()))
		return GRPC_OK;
	*message = "only root and the user that runs the authority may ask this";
	return GRPC_PERMISSION_DENIED;
}

static const struct grpc_method methods[] = {
	{ .path = "/mangrove.Admin/Issue", .on_message = on_issue },
	{ .path = "/mangrove.Admin/Rotate", .on_message = on_rotate },
	{ .path = "/mangrove.Admin/Status", .on_message = on_status },
	{ .path = "/mangrove.Admin/Request", .on_message = on_request },
	{ .path = "/mangrove.Admin/Import", .on_message = on_import },
	{ .path = "/mangrove.Admin/Explain", .on_message = on_explain },
};

static const struct grpc_service admin_service = { .methods = methods,
						   .method_count = COUNT_OF(methods),
						   .admit = admit };
static const struct grpc_service *const services[] = { &admin_service };

int admin_server_listen(struct loop *loop, const char *socket_path,
			const struct admin_subject *subject, struct admin_server **out,
			struct error *err)
{
	AUTO(admin_server_free) struct admin_server *server = MEM_NEW(struct admin_server);
	AUTO(mem_free_text) char *text = mem_printf("unix://%s", socket_path);
	struct address address;
	int result = address_parse(text_of(text), &address, err);

	*server = (struct admin_server){ .loop = loop, .subject = *subject };
	if (result == 0)
		result = grpc_server_listen(loop, &address, 0600, services, COUNT_OF(services),
					    server, &server->server, err);
	if (result == 0)
		*out = TAKE(server);
	return result;
}

void admin_server_free(struct admin_server *server)
{
	if (server == NULL)
		return;
	grpc_server_free(server->server);
	mem_free(server);
}
