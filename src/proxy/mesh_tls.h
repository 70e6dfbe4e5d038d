/* SPDX-License-Identifier: Apache-2.0 */
/* mesh_tls.h — mutual TLS between members of the mesh: who may be at the other end.
 *
 * A server takes any peer whose SPIFFE ID is in its own trust domain or an alias of it; a client
 * wants, beyond that, one of the identities that the destination is known to run as. Both ask
 * identity_verify_peer. Protocol and suites as Istio: TLS 1.2 to 1.3 (facts 1.0). */
#pragma once

#include "identity/identity.h"
#include "net/net.h"

/* What a client offers to speak for raw bytes (ALPN, wire form). */
#define ALPN_TCP TEXT("\x05istio")
/* What it offers where only HTTP/1.1 will do. */
#define ALPN_HTTP1                                                                                 \
	TEXT("\x0eistio-http/1.1"                                                                  \
	     "\x08http/1.1")

/* Shared by the contexts made from it; immutable. */
struct tls_trust;

/* Trust domains are copied. */
struct tls_trust *tls_trust_new(struct bundles *bundles, const struct text *trust_domains,
				size_t count);
struct tls_trust *tls_trust_ref(struct tls_trust *trust);
void tls_trust_unref(struct tls_trust *trust); /* NULL is fine */
DEFINE_AUTO(struct tls_trust, tls_trust_unref)

/* TLS versions and suites that a DestinationRule or Gateway asks for; all optional. */
struct tls_limits {
	int min_version, max_version; /* OpenSSL's numbers; 0: default */
	const char *ciphers, *cipher_suites;
};

enum mesh_server { /* which clients a server takes; all need a certificate */
		   MESH_SERVER_HTTP = 0,
		   MESH_SERVER_SNIFFED, /* only those that offer a protocol of the mesh (PERMISSIVE)
					 */
		   MESH_SERVER_TCP,     /* no HTTP is agreed on: the bytes are the application's */
		   MESH_SERVER_KINDS,
};

/* Does a ClientHello offer to speak as a proxy of the mesh does? */
bool mesh_is_offered(const struct client_hello *hello);

int mesh_server_context(const struct svid *svid, struct tls_trust *trust, enum mesh_server kind,
			struct tls_context **out, struct error *err);
int mesh_client_context(const struct svid *svid, struct tls_trust *trust,
			const struct tls_limits *limits, struct tls_context **out,
			struct error *err);
