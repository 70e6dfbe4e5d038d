/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/mesh_tls.h"

#include "proxy/downstream.h"
#include "proxy/revoke.h"
#include "proxy/upstream_connection.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdatomic.h>

/* ALPN names in wire form, preferred first. Istio's proxies offer and expect these (facts 1.0); a
 * plain "http/1.1" lets ordinary TLS clients of the mesh in where mutual TLS is strict. */
#define ALPN_MESH                                                                                  \
	TEXT("\x08istio-h2"                                                                        \
	     "\x0eistio-http/1.1"                                                                  \
	     "\x0eistio-http/1.0"                                                                  \
	     "\x05istio")
#define ALPN_MESH_AND_HTTP                                                                         \
	TEXT("\x08istio-h2"                                                                        \
	     "\x0eistio-http/1.1"                                                                  \
	     "\x0eistio-http/1.0"                                                                  \
	     "\x05istio"                                                                           \
	     "\x02h2"                                                                              \
	     "\x08http/1.1"                                                                        \
	     "\x08http/1.0")

struct tls_trust {
	atomic_int references;
	struct bundles *bundles;
	size_t count;
	struct text trust_domains[]; /* owned copies */
};

struct tls_trust *tls_trust_new(struct bundles *bundles, const struct text *trust_domains,
				size_t count)
{
	struct tls_trust *trust =
		mem_alloc(sizeof(*trust) + count * sizeof(trust->trust_domains[0]));

	atomic_init(&trust->references, 1);
	trust->bundles = bundles_ref(bundles);
	trust->count = count;
	for (size_t i = 0; i < count; i++)
		trust->trust_domains[i] = (struct text){
			mem_strndup(trust_domains[i].ptr, trust_domains[i].len),
			trust_domains[i].len,
		};
	return trust;
}

struct tls_trust *tls_trust_ref(struct tls_trust *trust)
{
	atomic_fetch_add_explicit(&trust->references, 1, memory_order_relaxed);
	return trust;
}

void tls_trust_unref(struct tls_trust *trust)
{
	if (trust == NULL
	    || atomic_fetch_sub_explicit(&trust->references, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < trust->count; i++)
		mem_free((void *)trust->trust_domains[i].ptr);
	bundles_unref(trust->bundles);
	mem_free(trust);
}

static void release_trust(void *trust)
{
	tls_trust_unref(trust);
}

static bool is_trusted_domain(const struct tls_trust *trust, struct text domain)
{
	for (size_t i = 0; i < trust->count; i++)
		if (text_equal(trust->trust_domains[i], domain))
			return true;
	return false;
}

static int verify_member(const struct tls_trust *trust, const struct worker *worker, X509 *leaf,
			 STACK_OF(X509) * chain, enum tls_role role, struct peer_identity *peer,
			 struct error *err)
{
	const int code = identity_verify_peer(trust->bundles, leaf, chain, role,
					      loop_wall(worker->loop), peer, err);

	if (code < 0)
		return code;
	if (!is_trusted_domain(trust, peer->id.trust_domain)) {
		peer->reason = VERIFY_OTHER_TRUST_DOMAIN;
		return error_set(err, -EACCES,
				 "%s: trust domain '%.*s' is neither ours nor an alias of it",
				 peer->text, TEXT_ARGS(peer->id.trust_domain));
	}
	return worker_check_revoked(worker, text_of(peer->text), &peer->credential, &peer->reason,
				    err);
}

static int verify_client(struct link *link, X509 *leaf, STACK_OF(X509) * chain, void *trust,
			 struct error *err)
{
	struct downstream *downstream = downstream_of_link(link);
	unsigned char fingerprint[EVP_MAX_MD_SIZE];
	struct peer_identity peer;
	unsigned size = 0;
	const uint64_t started = clock_monotonic_ns();
	const int code =
		verify_member(trust, downstream->worker, leaf, chain, TLS_ROLE_CLIENT, &peer, err);

	downstream->verified.reason = peer.reason;
	downstream->verified.took_ns = clock_monotonic_ns() - started;
	if (code < 0)
		return code;
	if (X509_digest(leaf, EVP_sha256(), fingerprint, &size) != 1
	    || size != sizeof(downstream->peer_fingerprint))
		return error_set(err, -EACCES, "the certificate has no fingerprint");
	memcpy(downstream->peer_fingerprint, fingerprint, size);
	downstream_set_peer(downstream, text_of(peer.text));
	downstream_set_credential(downstream, &peer.credential);
	return 0;
}

/* ---- clients that come back ---- */

struct known_client { /* what a session keeps; bundles and trust are its context's own */
	char *id;
	struct credential *credential;
	unsigned char fingerprint[32];
};

static void *remember_client(struct link *link)
{
	const struct downstream *downstream = downstream_of_link(link);
	struct known_client *known = MEM_NEW(struct known_client);

	known->id = mem_strdup(downstream->peer_id);
	known->credential = credential_keep(downstream->peer_credential);
	memcpy(known->fingerprint, downstream->peer_fingerprint, sizeof(known->fingerprint));
	return known;
}

static int resume_client(struct link *link, const void *memory, struct error *err)
{
	const struct known_client *known = memory;
	struct downstream *downstream = downstream_of_link(link);
	const int code = worker_check_revoked(downstream->worker, text_of(known->id),
					      known->credential, &downstream->verified.reason, err);

	if (code < 0)
		return code;
	downstream->verified.reason = VERIFY_TRUSTED;
	memcpy(downstream->peer_fingerprint, known->fingerprint, sizeof(known->fingerprint));
	downstream_set_peer(downstream, text_of(known->id));
	downstream_set_credential(downstream, known->credential);
	return 0;
}

static void forget_client(void *memory)
{
	struct known_client *known = memory;

	mem_free(known->id);
	mem_free(known->credential);
	mem_free(known);
}

static const struct tls_resumption client_resumption = {
	.remember = remember_client,
	.resume = resume_client,
	.forget = forget_client,
};

/* ---- servers ---- */

static bool is_expected_server(const struct upstream *upstream, const char *id)
{
	if (upstream->server_id_count == 0)
		return true;
	for (size_t i = 0; i < upstream->server_id_count; i++)
		if (strcmp(upstream->server_ids[i], id) == 0)
			return true;
	return false;
}

static int verify_server(struct link *link, X509 *leaf, STACK_OF(X509) * chain, void *trust,
			 struct error *err)
{
	const struct upstream *upstream = upstream_of_link(link);
	struct peer_identity peer;
	const int code = verify_member(trust, upstream_worker_of_link(link), leaf, chain,
				       TLS_ROLE_SERVER, &peer, err);

	if (code < 0)
		return code;
	if (!is_expected_server(upstream, peer.text))
		return error_set(err, -EACCES, "%s is %s, but %s was expected%s",
				 upstream->address_text, peer.text, upstream->server_ids[0],
				 upstream->server_id_count > 1 ? " (or another of the service's)"
							       : "");
	upstream_set_server(link, &peer);
	return 0;
}

bool mesh_is_offered(const struct client_hello *hello)
{
	static const char *const names[] = { "istio-h2", "istio-http/1.1", "istio-http/1.0",
					     "istio", "istio-peer-exchange" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (client_hello_offers(hello, text_of(names[i])))
			return true;
	return false;
}

int mesh_server_context(const struct svid *svid, struct tls_trust *trust, enum mesh_server kind,
			struct tls_context **out, struct error *err)
{
	const struct text protocols[MESH_SERVER_KINDS] = {
		[MESH_SERVER_HTTP] = ALPN_MESH_AND_HTTP,
		[MESH_SERVER_SNIFFED] = ALPN_MESH,
		[MESH_SERVER_TCP] = ALPN_TCP,
	};
	const struct tls_settings settings = {
		.is_server = true,
		.chain = svid->chain,
		.key = svid->key,
		.peer_certificate = TLS_PEER_REQUIRED,
		.verify = verify_client,
		.resumption = &client_resumption,
		.verify_arg = tls_trust_ref(trust),
		.release_arg = release_trust,
		.alpn = protocols[kind],
		.alpn_required = kind == MESH_SERVER_SNIFFED,
	};

	return tls_context_new(&settings, out, err);
}

int mesh_client_context(const struct svid *svid, struct tls_trust *trust,
			const struct tls_limits *limits, struct tls_context **out,
			struct error *err)
{
	const struct tls_settings settings = {
		.chain = svid->chain,
		.key = svid->key,
		.peer_certificate = TLS_PEER_REQUIRED,
		.verify = verify_server,
		.verify_arg = tls_trust_ref(trust),
		.release_arg = release_trust,
		.min_version = limits != NULL ? limits->min_version : 0,
		.max_version = limits != NULL ? limits->max_version : 0,
		.ciphers = limits != NULL ? limits->ciphers : NULL,
		.cipher_suites = limits != NULL ? limits->cipher_suites : NULL,
		.alpn = ALPN_MESH_AND_HTTP,
	};

	return tls_context_new(&settings, out, err);
}
