/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/client_tls.h"

#include "proxy/mesh_tls.h"
#include "proxy/upstream_connection.h"

#include <errno.h>
#include <openssl/x509v3.h>

/* ---- is it the server that was meant? ---- */

struct server_check {
	X509_STORE *store;
	struct text *names; /* wanted; owned; count 0: the host that is asked for */
	size_t count;
};

static void release_check(void *arg)
{
	struct server_check *check = arg;

	X509_STORE_free(check->store);
	for (size_t i = 0; i < check->count; i++)
		mem_free((void *)check->names[i].ptr);
	mem_free(check->names);
	mem_free(check);
}

static struct server_check *make_check(X509_STORE *store, const struct text_list *names)
{
	struct server_check *check = MEM_NEW(struct server_check);

	check->store = store;
	check->count = names != NULL ? names->count : 0;
	check->names = mem_alloc_array(check->count, sizeof(struct text));
	for (size_t i = 0; i < check->count; i++) {
		const struct text name = names->items[i];

		check->names[i] = (struct text){ mem_strndup(name.ptr, name.len), name.len };
	}
	return check;
}

static bool has_uri(X509 *leaf, struct text wanted)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
		int type;
		const ASN1_STRING *value =
			GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

		if (type == GEN_URI)
			found = text_equal(
				wanted, (struct text){ (const char *)ASN1_STRING_get0_data(value),
						       (size_t)ASN1_STRING_length(value) });
	}
	GENERAL_NAMES_free(names);
	return found;
}

/* A DNS name (the certificate's may begin with "*."), an IP address or a URI; never the CN. */
static bool is_named(X509 *leaf, struct text name)
{
	struct ip_address ip;

	if (text_contains(name, TEXT("://")))
		return has_uri(leaf, name);
	if (ip_parse(name, &ip))
		return X509_check_ip_asc(leaf, name.ptr, 0) == 1;
	return X509_check_host(leaf, name.ptr, name.len,
			       X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
				       | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
			       NULL)
	       == 1;
}

static bool has_wanted_name(const struct server_check *check, const struct upstream *upstream,
			    X509 *leaf)
{
	if (check->count == 0)
		return upstream->server_name != NULL
		       && is_named(leaf, text_of(upstream->server_name));
	for (size_t i = 0; i < check->count; i++)
		if (is_named(leaf, check->names[i]))
			return true;
	return false;
}

static int verify_server(struct link *link, X509 *leaf, STACK_OF(X509) * chain, void *arg,
			 struct error *err)
{
	const struct server_check *check = arg;
	const struct upstream *upstream = upstream_of_link(link);
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int code = 0;

	if (context == NULL || X509_STORE_CTX_init(context, check->store, leaf, chain) != 1)
		code = error_set(err, -ENOMEM, "certificate check failed");
	else if (X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER) != 1
		 || X509_verify_cert(context) != 1)
		code = error_set(err, -EACCES, "%s: its certificate: %s", upstream->address_text,
				 X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
	else if (!has_wanted_name(check, upstream, leaf))
		code = error_set(err, -EACCES, "%s: its certificate is for other names than %s",
				 upstream->address_text,
				 check->count > 0 ? check->names[0].ptr : upstream->server_name);
	X509_STORE_CTX_free(context);
	return code;
}

/* ---- contexts ---- */

static int read_material(struct plan_build *build, const struct local_workload *workload,
			 const struct client_tls_settings *from, struct pem_material *out,
			 struct error *err)
{
	int code;

	if (from->credential_name.len > 0)
		return plan_pem_secret(build, from->at, workload->instance->namespace,
				       from->credential_name, out, err);
	out->from = from->client_certificate.ptr;
	code = plan_pem_file(build, from->at, from->client_certificate, &out->certificate, err);
	if (code == 0)
		code = plan_pem_file(build, from->at, from->private_key, &out->key, err);
	if (code == 0)
		code = plan_pem_file(build, from->at, from->ca_certificates, &out->authorities,
				     err);
	return code == 0 ? plan_pem_file(build, from->at, from->ca_crl, &out->crl, err) : code;
}

static unsigned long long digest(struct text text)
{
	return text.ptr != NULL ? hash_bytes(text.ptr, text.len) : 0;
}

static const char *key_of(struct plan_build *build, const struct client_tls_settings *from,
			  const struct pem_material *material, const struct tls_limits *limits,
			  const struct text_list *names)
{
	AUTO_BUFFER struct buffer key = { 0 };

	buffer_printf(&key, "tls %d %d %llx %llx %llx %llx %d-%d %s %s", from->mode,
		      from->insecure_skip_verify.value, digest(material->certificate),
		      digest(material->key), digest(material->authorities), digest(material->crl),
		      limits->min_version, limits->max_version,
		      limits->ciphers != NULL ? limits->ciphers : "",
		      limits->cipher_suites != NULL ? limits->cipher_suites : "");
	for (size_t i = 0; names != NULL && i < names->count; i++)
		buffer_printf(&key, " %.*s", TEXT_ARGS(names->items[i]));
	return arena_strndup(&build->plan->arena, key.data, key.len);
}

static int make_context(const struct client_tls_settings *from, const struct pem_material *material,
			const struct tls_limits *limits, const struct text_list *names,
			struct tls_context **out, struct error *err)
{
	const bool verifies = !from->insecure_skip_verify.value;
	const bool mutual = from->mode == CLIENT_TLS_MUTUAL;
	X509_STORE *store = verifies ? pem_trust(material->authorities, material->crl, err) : NULL;
	STACK_OF(X509) *chain = mutual ? pem_certificates(material->certificate) : NULL;
	EVP_PKEY *key = mutual ? pem_private_key(material->key) : NULL;
	const struct tls_settings settings = {
		.chain = chain,
		.key = key,
		.peer_certificate = verifies ? TLS_PEER_REQUIRED : TLS_PEER_NONE,
		.verify = verifies ? verify_server : NULL,
		.verify_arg = store != NULL ? make_check(store, names) : NULL,
		.release_arg = store != NULL ? release_check : NULL,
		.min_version = limits->min_version,
		.max_version = limits->max_version,
		.ciphers = limits->ciphers,
		.cipher_suites = limits->cipher_suites,
	};
	int code = err->code;

	if (code == 0 && mutual && (sk_X509_num(chain) <= 0 || key == NULL))
		code = error_set(err, -EINVAL, "%s has no usable %s", material->from,
				 key == NULL ? "private key" : "certificate");
	if (code == 0)
		code = tls_context_new(&settings, out, err);
	else if (store != NULL)
		release_check(settings.verify_arg);
	sk_X509_pop_free(chain, X509_free);
	EVP_PKEY_free(key);
	return code;
}

static struct tls_context *keep(struct plan *plan, const char *key, struct tls_context *context)
{
	map_put(&plan->client_contexts, text_of(key), context);
	return context;
}

struct client_tls client_tls_context(struct plan_build *build,
				     const struct local_workload *workload,
				     const struct client_tls_settings *settings,
				     const struct tls_limits *limits, const struct text_list *names)
{
	const struct plan *before = build->options->before;
	struct pem_material material = { 0 };
	struct error err = { 0 };
	struct client_tls made = { .key = "" };

	if (read_material(build, workload, settings, &material, &err) < 0) {
		plan_warn(build, settings->at, "%s; requests are refused with 503", err.text);
		return made;
	}
	made.key = key_of(build, settings, &material, limits, names);
	made.context = map_get(&build->plan->client_contexts, text_of(made.key));
	if (made.context != NULL)
		return made;
	if (before != NULL)
		made.context = map_get(&before->client_contexts, text_of(made.key));
	if (made.context != NULL)
		keep(build->plan, made.key, tls_context_ref(made.context));
	else if (make_context(settings, &material, limits, names, &made.context, &err) == 0)
		keep(build->plan, made.key, made.context);
	else
		plan_warn(build, settings->at,
			  "these TLS settings cannot be used, requests are refused with 503: %s",
			  err.text);
	return made;
}
