/* SPDX-License-Identifier: Apache-2.0 */
/* tls.h — TLS as the proxy uses it: contexts that are built once, shared by all workers and swapped
 * whole.
 *
 * A context never changes after tls_context_new; connections hold a reference, so a renewed
 * certificate is a new context and old connections go on undisturbed. Who the peer is, is asked by
 * callback: chain building and SPIFFE checks are the identity room's. TLS 1.2 and 1.3 only; no
 * renegotiation, no compression, no early data. */
#pragma once

#include "base/base.h"

#include <openssl/ssl.h>

struct link;

enum tls_peer_certificate {
	TLS_PEER_REQUIRED = 0, /* the safe value */
	TLS_PEER_OPTIONAL,
	TLS_PEER_NONE,
};

/* Asked during the handshake, on the worker's thread. 0 lets the peer in; otherwise err says why
 * not. */
typedef int (*tls_verify_fn)(struct link *link, X509 *leaf, STACK_OF(X509) * chain,
			     void *verify_arg, struct error *err);

struct tls_context;

/* Server: how a peer that showed its certificate may come back with the session of that time, which
 * costs a third of a full handshake. A session lives in memory, no longer than the certificate and
 * the context it was made by; and whoever comes back with it is asked about again. */
struct tls_resumption {
	void *(*remember)(struct link *link); /* after verify: what `resume` needs to know */
	int (*resume)(struct link *link, const void *memory, struct error *err); /* 0: let in */
	void (*forget)(void *memory);
};

/* Server: the context for the name a client asks for (SNI; absent: len 0), or NULL to refuse. */
typedef struct tls_context *(*tls_choose_fn)(struct link *link, struct text server_name, void *arg);

struct tls_settings { /* everything is borrowed and copied or up-referenced */
	bool is_server;
	STACK_OF(X509) * chain; /* leaf first; NULL: no certificate of our own */
	EVP_PKEY *key;
	STACK_OF(X509) * second_chain; /* of a key of another kind; NULL: none */
	EVP_PKEY *second_key;
	enum tls_peer_certificate peer_certificate;
	tls_verify_fn verify; /* needed unless TLS_PEER_NONE */
	void *verify_arg;     /* must outlive the context; see release_arg */
	void (*release_arg)(void *verify_arg);
	int min_version, max_version; /* TLS1_2_VERSION or TLS1_3_VERSION; 0: 1.2 to 1.3 */
	const char *ciphers;          /* TLS 1.2, OpenSSL's names; NULL: ECDHE with AEAD only */
	const char *cipher_suites;    /* TLS 1.3; NULL: all three AEAD suites, AES-128-GCM first */
	struct text alpn;             /* wire form, preferred first; len 0: none. See TLS_ALPN */
	bool alpn_required;           /* server: a client that offers none of ours is refused */
	/* NULL: no session is resumed, unless the server asks for no certificate */
	const struct tls_resumption *resumption;
	tls_choose_fn choose; /* server: by SNI; NULL: this context for everybody */
	void *choose_arg;
};

int tls_context_new(const struct tls_settings *settings, struct tls_context **out,
		    struct error *err);
struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_unref(struct tls_context *context); /* accepts NULL */
DEFINE_AUTO(struct tls_context, tls_context_unref)

bool tls_context_is_server(const struct tls_context *context);

/* A new connection's SSL object; `link` is what the callbacks get. */
SSL *tls_session_new(struct tls_context *context, struct link *link);

/* The handshake is done; 0, or -EACCES where a session that was resumed is not welcome any more. */
int tls_session_check(SSL *ssl, struct error *err);

/* What OpenSSL last complained about on this thread, for a log: "wrong version number". */
const char *tls_last_reason(char *out, size_t size);
