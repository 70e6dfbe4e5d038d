/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gateway_tls.h"

#include "proxy/downstream.h"
#include "proxy/mesh_tls.h"
#include "proxy/plan_pem.h"
#include "proxy/revoke.h"

#include <errno.h>
#include <openssl/x509v3.h>

#define ALPN_HTTP TEXT("\x02h2\x08http/1.1")

static int read_material(struct plan_build *build, const struct local_workload *workload,
			 const struct server_tls *tls, struct pem_material *out, struct error *err)
{
	const struct text name = tls->credential_name.len > 0 || tls->credential_names.count == 0
					 ? tls->credential_name
					 : tls->credential_names.items[0];
	int code;

	if (name.len > 0)
		return plan_pem_secret(build, tls->at, workload->instance->namespace, name, out,
				       err);
	out->from = tls->server_certificate.ptr;
	code = plan_pem_file(build, tls->at, tls->server_certificate, &out->certificate, err);
	if (code == 0)
		code = plan_pem_file(build, tls->at, tls->private_key, &out->key, err);
	if (code == 0)
		code = plan_pem_file(build, tls->at, tls->ca_certificates, &out->authorities, err);
	return code == 0 ? plan_pem_file(build, tls->at, tls->ca_crl, &out->crl, err) : code;
}

/* ---- clients with certificates (MUTUAL) ---- */

struct client_check {
	X509_STORE *store;
	struct text *names; /* subjectAltNames; count 0: any */
	size_t count;
};

static void release_check(void *arg)
{
	struct client_check *check = arg;

	X509_STORE_free(check->store);
	for (size_t i = 0; i < check->count; i++)
		mem_free((void *)check->names[i].ptr);
	mem_free(check->names);
	mem_free(check);
}

static bool has_wanted_name(const struct client_check *check, X509 *leaf)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool found = check->count == 0;

	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
		int type;
		const ASN1_STRING *value =
			GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

		if (type != GEN_DNS && type != GEN_URI && type != GEN_EMAIL)
			continue;

		const struct text name = { (const char *)ASN1_STRING_get0_data(value),
					   (size_t)ASN1_STRING_length(value) };

		for (size_t k = 0; k < check->count && !found; k++)
			found = text_equal(name, check->names[k]);
	}
	GENERAL_NAMES_free(names);
	return found;
}

/* Such a client need have no SPIFFE ID: it can be revoked by serial, key and authority. */
static int check_revoked(struct link *link, X509_STORE_CTX *context, struct error *err)
{
	struct downstream *downstream = downstream_of_link(link);
	struct credential credential;

	credential_of_path(X509_STORE_CTX_get0_chain(context), &credential);
	downstream_set_credential(downstream, &credential);
	return worker_check_revoked(downstream->worker, (struct text){ 0 }, &credential,
				    &downstream->verified.reason, err);
}

static int check_client(struct link *link, X509 *leaf, STACK_OF(X509) * chain, void *arg,
			struct error *err)
{
	const struct client_check *check = arg;
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int code = 0;

	if (context == NULL || X509_STORE_CTX_init(context, check->store, leaf, chain) != 1)
		code = error_set(err, -ENOMEM, "certificate check failed");
	else if (X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT) != 1
		 || X509_verify_cert(context) != 1)
		code = error_set(err, -EACCES, "client certificate: %s",
				 X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
	else if (!has_wanted_name(check, leaf))
		code = error_set(err, -EACCES,
				 "client certificate: none of its names is in subjectAltNames");
	else
		code = check_revoked(link, context, err);
	X509_STORE_CTX_free(context);
	return code;
}

static struct client_check *make_check(const struct server_tls *tls, STACK_OF(X509) * authorities)
{
	struct client_check *check = MEM_NEW(struct client_check);

	check->store = X509_STORE_new();
	for (int i = 0; i < sk_X509_num(authorities); i++)
		X509_STORE_add_cert(check->store, sk_X509_value(authorities, i));
	check->count = tls->subject_alt_names.count;
	check->names = mem_alloc_array(check->count, sizeof(struct text));
	for (size_t i = 0; i < check->count; i++) {
		const struct text name = tls->subject_alt_names.items[i];

		check->names[i] = (struct text){ mem_strndup(name.ptr, name.len), name.len };
	}
	return check;
}

/* ---- contexts ---- */

static int openssl_version(enum tls_version version, int otherwise)
{
	switch (version) {
	case TLS_VERSION_AUTO:
		return otherwise;
	case TLS_VERSION_1_3:
		return TLS1_3_VERSION;
	default:
		return TLS1_2_VERSION; /* older ones are not spoken */
	}
}

static int make_context(struct plan_build *build, const struct gateway_server *server,
			const struct pem_material *material, struct tls_context **out,
			struct error *err)
{
	const bool is_http = text_equal_nocase(server->port->protocol, TEXT("HTTPS"));
	const struct server_tls *tls = server->tls;
	const bool mutual =
		tls->mode == SERVER_TLS_MUTUAL || tls->mode == SERVER_TLS_OPTIONAL_MUTUAL;
	STACK_OF(X509) *chain = pem_certificates(material->certificate);
	STACK_OF(X509) *authorities = pem_certificates(material->authorities);
	EVP_PKEY *key = pem_private_key(material->key);
	struct tls_settings settings = {
		.is_server = true,
		.chain = chain,
		.key = key,
		.peer_certificate = TLS_PEER_NONE,
		.min_version = openssl_version(tls->min_protocol_version, TLS1_2_VERSION),
		.max_version = openssl_version(tls->max_protocol_version, TLS1_3_VERSION),
		.alpn = is_http ? ALPN_HTTP : TEXT(""),
	};
	struct error problem = { 0 };
	int code = 0;

	if (sk_X509_num(chain) == 0 || key == NULL)
		code = plan_fail(build, err, tls->at, "%s has no usable %s",
				 material->from != NULL ? material->from : "this server",
				 key == NULL ? "private key" : "certificate");
	else if (mutual && sk_X509_num(authorities) == 0)
		code = plan_fail(build, err, tls->at,
				 "%s has no certificates to check clients by (ca.crt)",
				 material->from);
	if (code == 0 && mutual) {
		settings.peer_certificate =
			tls->mode == SERVER_TLS_MUTUAL ? TLS_PEER_REQUIRED : TLS_PEER_OPTIONAL;
		settings.verify = check_client;
		settings.verify_arg = make_check(tls, authorities);
		settings.release_arg = release_check;
	}
	if (code == 0 && tls_context_new(&settings, out, &problem) < 0)
		code = plan_fail(build, err, tls->at, "%s: %s", material->from, problem.text);
	sk_X509_pop_free(chain, X509_free);
	sk_X509_pop_free(authorities, X509_free);
	EVP_PKEY_free(key);
	return code;
}

static struct tls_context *choose_by_name(struct link *link, struct text server_name, void *arg)
{
	struct downstream *downstream = downstream_of_link(link);
	const struct listener_server *server;

	(void)arg;
	server = listener_server_for(downstream_listener_plan(downstream), server_name);
	downstream_set_server_name(downstream, server_name);
	return server != NULL ? server->tls : NULL;
}

static int make_front(struct plan_build *build, const struct server_tls *tls,
		      struct tls_context **out, struct error *err)
{
	const struct tls_settings settings = { .is_server = true,
					       .peer_certificate = TLS_PEER_NONE,
					       .alpn = ALPN_HTTP,
					       .choose = choose_by_name };
	struct error problem = { 0 };

	if (tls_context_new(&settings, out, &problem) < 0)
		return plan_fail(build, err, tls->at, "%s", problem.text);
	return 0;
}

int gateway_tls_contexts(struct plan_build *build, const struct local_workload *workload,
			 const struct gateway *gateway, const struct gateway_server *server,
			 struct tls_context **own, struct tls_context **front, struct error *err)
{
	const struct server_tls *tls = server->tls;
	const bool is_http = text_equal_nocase(server->port->protocol, TEXT("HTTPS"));
	struct pem_material material = { 0 };
	struct error problem = { 0 };
	int code = 0;

	if (tls == NULL)
		return plan_fail(
			build, err, server->at,
			"an HTTPS or TLS server needs tls (mode, and a credentialName or files); "
			"gateway %.*s",
			TEXT_ARGS(gateway->meta.name));
	if (tls->mode == SERVER_TLS_AUTO_PASSTHROUGH)
		return plan_fail(
			build, err, tls->at,
			"tls mode AUTO_PASSTHROUGH is not served: write PASSTHROUGH, with tls "
			"routes in a VirtualService, or a mode that opens TLS (SIMPLE, MUTUAL, "
			"OPTIONAL_MUTUAL, ISTIO_MUTUAL)");
	if (tls->mode == SERVER_TLS_ISTIO_MUTUAL) {
		code = mesh_server_context(workload->svid, build->trust,
					   is_http ? MESH_SERVER_HTTP : MESH_SERVER_TCP, own, err);
	} else {
		code = read_material(build, workload, tls, &material, &problem);
		if (code < 0)
			code = plan_fail(build, err, tls->at, "%s", problem.text);
		if (code == 0)
			code = make_context(build, server, &material, own, err);
	}
	if (code == 0)
		code = make_front(build, tls, front, err);
	if (code < 0)
		tls_context_unref(TAKE(*own));
	return code;
}

/* "[ns/]host" against a name; the longer the pattern, the better. 0: no. */
static size_t name_fit(struct text pattern, struct text name)
{
	const size_t slash = text_find_char(pattern, '/');

	if (slash != TEXT_NONE)
		pattern = text_from(pattern, slash + 1);
	if (text_is(pattern, "*"))
		return 1;
	if (pattern.len > 1 && pattern.ptr[0] == '*')
		return text_ends_with_nocase(name, text_from(pattern, 1)) ? pattern.len + 1 : 0;
	return text_equal_nocase(pattern, name) ? SIZE_MAX : 0;
}

const struct listener_server *listener_server_for(const struct listener_plan *listener,
						  struct text server_name)
{
	const struct listener_server *best = NULL;
	size_t best_fit = 0;

	if (!listener->by_name)
		return &listener->servers[0];
	for (size_t i = 0; i < listener->server_count; i++) {
		const struct listener_server *server = &listener->servers[i];

		for (size_t h = 0; h < server->hosts.count; h++) {
			const size_t fit = name_fit(server->hosts.items[h], server_name);

			if (fit > best_fit) {
				best = server;
				best_fit = fit;
			}
		}
	}
	return best;
}
