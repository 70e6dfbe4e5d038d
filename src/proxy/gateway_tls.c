/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gateway_tls.h"

#include "proxy/downstream.h"
#include "proxy/gateway_clients.h"
#include "proxy/mesh_tls.h"
#include "proxy/plan_tls.h"

#include <errno.h>

#define ALPN_HTTP TEXT("\x02h2\x08http/1.1")

/* A server may have two certificates, RSA and ECDSA; who comes gets the one that fits. */
struct server_material {
	struct pem_material first, second; /* authorities and CRL: the first's */
	bool has_second;
};

static int read_files(struct plan_build *build, struct source_pos at, struct text certificate,
		      struct text key, struct text authorities, struct pem_material *out,
		      struct error *err)
{
	int code = plan_pem_file(build, at, certificate, &out->certificate, err);

	out->from = certificate.ptr;
	if (code == 0)
		code = plan_pem_file(build, at, key, &out->key, err);
	return code == 0 ? plan_pem_file(build, at, authorities, &out->authorities, err) : code;
}

static int read_secrets(struct plan_build *build, struct text namespace,
			const struct server_tls *tls, struct server_material *out,
			struct error *err)
{
	const struct text_list *names = &tls->credential_names;
	const struct text first =
		tls->credential_name.len > 0 ? tls->credential_name : names->items[0];
	int code = plan_pem_secret(build, tls->at, namespace, first, &out->first, err);

	out->has_second = tls->credential_name.len == 0 && names->count > 1;
	if (code == 0 && out->has_second)
		code = plan_pem_secret(build, tls->at, namespace, names->items[1], &out->second,
				       err);
	return code;
}

static int read_pairs(struct plan_build *build, const struct server_tls *tls,
		      struct server_material *out, struct error *err)
{
	struct pem_material *const pairs[] = { &out->first, &out->second };
	int code = 0;

	for (size_t i = 0; code == 0 && i < MIN_OF(tls->tls_certificates.count, (size_t)2); i++) {
		const struct server_certificate *from = &tls->tls_certificates.items[i];

		out->has_second = i == 1;
		code = read_files(build, tls->at, from->server_certificate, from->private_key,
				  i == 0 ? tls->ca_certificates : TEXT(""), pairs[i], err);
	}
	return code;
}

static int read_authorities(struct plan_build *build, struct text namespace,
			    const struct server_tls *tls, struct pem_material *out,
			    struct error *err)
{
	struct pem_material other = { 0 };
	int code = plan_pem_file(build, tls->at, tls->ca_crl, &out->crl, err);

	if (code == 0 && tls->ca_cert_credential_name.len > 0) {
		code = plan_pem_secret(build, tls->at, namespace, tls->ca_cert_credential_name,
				       &other, err);
		out->authorities = other.authorities;
		if (other.crl.ptr != NULL)
			out->crl = other.crl;
	}
	return code;
}

static int read_material(struct plan_build *build, const struct local_workload *workload,
			 const struct server_tls *tls, struct server_material *out,
			 struct error *err)
{
	const struct text namespace = workload->instance->namespace;
	int code;

	if (tls->credential_name.len > 0 || tls->credential_names.count > 0)
		code = read_secrets(build, namespace, tls, out, err);
	else if (tls->tls_certificates.count > 0)
		code = read_pairs(build, tls, out, err);
	else
		code = read_files(build, tls->at, tls->server_certificate, tls->private_key,
				  tls->ca_certificates, &out->first, err);
	return code == 0 ? read_authorities(build, namespace, tls, &out->first, err) : code;
}

/* ---- contexts ---- */

struct server_pem { /* parsed; what OpenSSL has references of */
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
};

static int parse_pair(const struct server_tls *tls, const struct pem_material *material,
		      struct server_pem *out, struct error *err)
{
	out->chain = pem_certificates(material->certificate);
	out->key = pem_private_key(material->key);
	if (sk_X509_num(out->chain) > 0 && out->key != NULL)
		return 0;
	return error_at(err, -EINVAL, tls->at, "%s has no usable %s",
			material->from != NULL ? material->from : "this server",
			out->key == NULL ? "private key" : "certificate");
}

static void free_pair(struct server_pem *pair)
{
	sk_X509_pop_free(pair->chain, X509_free);
	EVP_PKEY_free(pair->key);
}

static int make_context(struct plan_build *build, const struct gateway_server *server,
			const struct server_material *material, struct tls_context **out,
			struct client_demand *demand, struct error *err)
{
	const bool is_http = text_equal_nocase(server->port->protocol, TEXT("HTTPS"));
	const struct server_tls *tls = server->tls;
	const struct tls_limits limits = plan_tls_limits(
		build, tls->min_protocol_version, tls->max_protocol_version, &tls->cipher_suites);
	struct server_pem first = { 0 }, second = { 0 };
	int code = parse_pair(tls, &material->first, &first, err);

	if (code == 0 && material->has_second)
		code = parse_pair(tls, &material->second, &second, err);

	struct tls_settings settings = {
		.is_server = true,
		.chain = first.chain,
		.key = first.key,
		.second_chain = second.chain,
		.second_key = second.key,
		.peer_certificate = TLS_PEER_NONE,
		.min_version = limits.min_version,
		.max_version = limits.max_version,
		.ciphers = limits.ciphers,
		.cipher_suites = limits.cipher_suites,
		.alpn = is_http ? ALPN_HTTP : TEXT(""),
	};

	if (code == 0
	    && (tls->mode == SERVER_TLS_MUTUAL || tls->mode == SERVER_TLS_OPTIONAL_MUTUAL))
		code = gateway_check_clients(tls, &material->first, &settings, demand, err);
	if (code == 0)
		code = tls_context_new(&settings, out, err);
	free_pair(&first);
	free_pair(&second);
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

static int own_context(struct plan_build *build, const struct local_workload *workload,
		       const struct gateway_server *server, struct gateway_tls *out,
		       struct error *err)
{
	const bool is_http = text_equal_nocase(server->port->protocol, TEXT("HTTPS"));
	struct server_material material = { 0 };
	int code;

	if (server->tls->mode == SERVER_TLS_ISTIO_MUTUAL) {
		out->demand.is_mesh = true;
		return mesh_server_context(workload->svid, build->trust,
					   is_http ? MESH_SERVER_HTTP : MESH_SERVER_TCP, &out->own,
					   err);
	}
	code = read_material(build, workload, server->tls, &material, err);
	if (code < 0)
		return code;
	return make_context(build, server, &material, &out->own, &out->demand, err);
}

int gateway_tls_contexts(struct plan_build *build, const struct local_workload *workload,
			 const struct gateway *gateway, const struct gateway_server *server,
			 struct gateway_tls *out, struct error *err)
{
	const struct server_tls *tls = server->tls;
	struct error problem = { 0 };
	int code;

	*out = (struct gateway_tls){ 0 };
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
	code = own_context(build, workload, server, out, &problem);
	if (code < 0)
		code = plan_fail(build, err, problem.at.file != NULL ? problem.at : tls->at, "%s",
				 problem.text);
	if (code == 0)
		code = make_front(build, tls, &out->front, err);
	if (code < 0)
		tls_context_unref(TAKE(out->own));
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
