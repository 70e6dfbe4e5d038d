/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls.h"

#include "net/link.h"
#include "net/tls_records.h"
#include "net/tls_resume.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdatomic.h>

#define DEFAULT_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
#define DEFAULT_CIPHER_SUITES                                                                      \
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

struct tls_context {
	atomic_int references;
	SSL_CTX *ssl;
	bool is_server, alpn_required;
	enum tls_peer_certificate peer_certificate;
	tls_verify_fn verify;
	void *verify_arg;
	void (*release_arg)(void *verify_arg);
	unsigned char *alpn; /* wire form; owned */
	unsigned alpn_len;
	const struct tls_resumption *resumption;
	tls_choose_fn choose;
	void *choose_arg;
};

const char *tls_last_reason(char *out, size_t size)
{
	const unsigned long code = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(code);

	if (reason != NULL)
		snprintf(out, size, "%s", reason);
	else
		snprintf(out, size, "%s", code == 0 ? "connection closed" : "TLS error");
	ERR_clear_error();
	return out;
}

static int fail(struct error *err, const char *doing)
{
	char reason[128];

	return error_set(err, -EINVAL, "%s: %s", doing, tls_last_reason(reason, sizeof(reason)));
}

static struct link *link_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

/* Replaces OpenSSL's own verification altogether: the callback builds and checks the chain. */
static int verify_chain(X509_STORE_CTX *store, void *arg)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct link *link = link_of(ssl);
	const struct tls_context *context = link->context;
	struct error err = { 0 };

	(void)arg;

	X509 *leaf = X509_STORE_CTX_get0_cert(store);
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(store);

	if (context->verify != NULL
	    && context->verify(link, leaf, chain, context->verify_arg, &err) == 0) {
		if (context->resumption != NULL)
			tls_resume_remember((SSL *)ssl, leaf, context->resumption);
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	link_note_refusal(link, &err);
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		       const unsigned char *offered, unsigned offered_len, void *arg)
{
	const struct tls_context *context = link_of(ssl)->context;

	(void)arg;
	if (context->alpn_len > 0
	    && SSL_select_next_proto((unsigned char **)out, out_len, context->alpn,
				     context->alpn_len, offered, offered_len)
		       == OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_OK;
	return context->alpn_required ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

static int verify_mode(const struct tls_context *context)
{
	switch (context->peer_certificate) {
	case TLS_PEER_NONE:
		return SSL_VERIFY_NONE;
	case TLS_PEER_OPTIONAL:
		return SSL_VERIFY_PEER;
	default:
		return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	}
}

/* The host name of the server_name extension (RFC 6066, section 3), or an empty text. */
static struct text asked_name(SSL *ssl)
{
	const unsigned char *data;
	size_t len;

	/* list length, type 0, name length, name */
	if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &len) || len < 5
	    || data[2] != TLSEXT_NAMETYPE_host_name)
		return TEXT("");

	const size_t name_len = (size_t)data[3] << 8 | data[4];

	return name_len <= len - 5 ? (struct text){ (const char *)data + 5, name_len } : TEXT("");
}

static int on_client_hello(SSL *ssl, int *alert, void *arg)
{
	struct link *link = link_of(ssl);
	const struct tls_context *listener = link->context;
	const unsigned char *alpn;
	size_t alpn_len;

	(void)arg;
	if (listener->choose != NULL) {
		struct tls_context *chosen =
			listener->choose(link, asked_name(ssl), listener->choose_arg);

		if (chosen == NULL) {
			*alert = SSL_AD_UNRECOGNIZED_NAME;
			return SSL_CLIENT_HELLO_ERROR;
		}
		SSL_set_SSL_CTX(ssl, chosen->ssl);
		/* these do not come along with the certificate */
		SSL_set_verify(ssl, verify_mode(chosen), NULL);
		SSL_set_min_proto_version(ssl, SSL_CTX_get_min_proto_version(chosen->ssl));
		SSL_set_max_proto_version(ssl, SSL_CTX_get_max_proto_version(chosen->ssl));
		tls_resume_adopt(ssl, chosen->ssl);
		link_adopt_context(link, chosen);
		listener = chosen;
	}
	if (listener->alpn_required
	    && !SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation,
					  &alpn, &alpn_len)) {
		*alert = SSL_AD_NO_APPLICATION_PROTOCOL;
		return SSL_CLIENT_HELLO_ERROR;
	}
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* OpenSSL keeps one for each kind of key, and shows what the client can read. */
static int set_second_certificate(SSL_CTX *ssl, const struct tls_settings *settings,
				  struct error *err)
{
	STACK_OF(X509) * rest;
	int done;

	if (settings->second_chain == NULL || sk_X509_num(settings->second_chain) == 0)
		return 0;
	rest = sk_X509_dup(settings->second_chain);

	X509 *leaf = sk_X509_shift(rest);

	done = SSL_CTX_use_cert_and_key(ssl, leaf, settings->second_key, rest, 0);
	sk_X509_free(rest);
	return done == 1 ? 0 : fail(err, "the second certificate, which must be of another kind");
}

static int set_certificate(SSL_CTX *ssl, const struct tls_settings *settings, struct error *err)
{
	if (settings->chain == NULL || sk_X509_num(settings->chain) == 0) {
		if (settings->is_server && settings->choose == NULL)
			return error_set(err, -EINVAL, "a TLS server needs a certificate");
		return 0;
	}
	if (SSL_CTX_use_certificate(ssl, sk_X509_value(settings->chain, 0)) != 1)
		return fail(err, "certificate");
	for (int i = 1; i < sk_X509_num(settings->chain); i++)
		if (SSL_CTX_add1_chain_cert(ssl, sk_X509_value(settings->chain, i)) != 1)
			return fail(err, "certificate chain");
	if (settings->key == NULL || SSL_CTX_use_PrivateKey(ssl, settings->key) != 1
	    || SSL_CTX_check_private_key(ssl) != 1)
		return fail(err, "private key");
	return set_second_certificate(ssl, settings, err);
}

static int set_protocol(SSL_CTX *ssl, const struct tls_settings *settings, struct error *err)
{
	const int min = settings->min_version != 0 ? settings->min_version : TLS1_2_VERSION;
	const int max = settings->max_version != 0 ? settings->max_version : TLS1_3_VERSION;

	if (SSL_CTX_set_min_proto_version(ssl, min) != 1
	    || SSL_CTX_set_max_proto_version(ssl, max) != 1)
		return fail(err, "TLS version");
	if (SSL_CTX_set_cipher_list(ssl, settings->ciphers ? settings->ciphers : DEFAULT_CIPHERS)
		    != 1
	    || SSL_CTX_set_ciphersuites(ssl, settings->cipher_suites ? settings->cipher_suites
								     : DEFAULT_CIPHER_SUITES)
		       != 1)
		return fail(err, "cipher suites");
	return 0;
}

static bool may_resume(const struct tls_context *context)
{
	return context->is_server
	       && (context->resumption != NULL || context->peer_certificate == TLS_PEER_NONE);
}

static void set_behaviour(struct tls_context *context)
{
	SSL_CTX *ssl = context->ssl;

	SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION
					 | SSL_OP_CIPHER_SERVER_PREFERENCE
					 | SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
	SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
				      | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	tls_secrets_watch(ssl); /* see tls_records.h */
	tls_resume_configure(ssl, may_resume(context));
	SSL_CTX_set_verify(ssl, verify_mode(context), NULL);
	if (context->verify != NULL)
		SSL_CTX_set_cert_verify_callback(ssl, verify_chain, NULL);
	if (context->is_server) {
		SSL_CTX_set_alpn_select_cb(ssl, select_alpn, NULL);
		SSL_CTX_set_client_hello_cb(ssl, on_client_hello, NULL);
	} else if (context->alpn_len > 0) {
		SSL_CTX_set_alpn_protos(ssl, context->alpn, context->alpn_len);
	}
}

static struct tls_context *copy_settings(const struct tls_settings *settings)
{
	struct tls_context *context = MEM_NEW(struct tls_context);

	atomic_init(&context->references, 1);
	context->is_server = settings->is_server;
	context->peer_certificate = settings->peer_certificate;
	context->verify = settings->verify;
	context->verify_arg = settings->verify_arg;
	context->release_arg = settings->release_arg;
	context->resumption = settings->resumption;
	context->choose = settings->choose;
	context->choose_arg = settings->choose_arg;
	context->alpn_required = settings->alpn_required;
	if (settings->alpn.len > 0) {
		context->alpn =
			(unsigned char *)mem_strndup(settings->alpn.ptr, settings->alpn.len);
		context->alpn_len = (unsigned)settings->alpn.len;
	}
	return context;
}

/* OpenSSL takes a list whose lengths do not add up and then finds nothing in it. */
static bool alpn_adds_up(struct text list)
{
	while (list.len > 0) {
		const size_t len = (unsigned char)list.ptr[0];

		if (len == 0 || len >= list.len)
			return false;
		list = text_from(list, len + 1);
	}
	return true;
}

int tls_context_new(const struct tls_settings *settings, struct tls_context **out,
		    struct error *err)
{
	AUTO(tls_context_unref) struct tls_context *context = copy_settings(settings);

	if (!alpn_adds_up(settings->alpn))
		return error_set(err, -EINVAL, "the ALPN list is malformed");
	if (settings->verify == NULL && settings->peer_certificate != TLS_PEER_NONE)
		return error_set(err, -EINVAL,
				 "a peer's certificate is asked for but nobody checks it");
	context->ssl = SSL_CTX_new(settings->is_server ? TLS_server_method() : TLS_client_method());
	if (context->ssl == NULL)
		return fail(err, "TLS");

	int code = set_certificate(context->ssl, settings, err);

	if (code == 0)
		code = set_protocol(context->ssl, settings, err);
	if (code < 0)
		return code;
	set_behaviour(context);
	*out = TAKE(context);
	return 0;
}

struct tls_context *tls_context_ref(struct tls_context *context)
{
	if (context != NULL)
		atomic_fetch_add_explicit(&context->references, 1, memory_order_relaxed);
	return context;
}

void tls_context_unref(struct tls_context *context)
{
	if (context == NULL
	    || atomic_fetch_sub_explicit(&context->references, 1, memory_order_acq_rel) > 1)
		return;
	SSL_CTX_free(context->ssl);
	if (context->release_arg != NULL)
		context->release_arg(context->verify_arg);
	mem_free(context->alpn);
	mem_free(context);
}

bool tls_context_is_server(const struct tls_context *context)
{
	return context->is_server;
}

SSL *tls_session_new(struct tls_context *context, struct link *link)
{
	SSL *ssl = SSL_new(context->ssl);

	if (ssl == NULL)
		abort(); /* out of memory, as in alloc.h */
	SSL_set_app_data(ssl, link);
	if (context->is_server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

int tls_session_check(SSL *ssl, struct error *err)
{
	const struct tls_context *context = link_of(ssl)->context;

	if (!SSL_session_reused(ssl))
		return 0;
	if (!may_resume(context)) /* a session of a context that asks for less */
		return error_set(err, -EACCES, "a session was resumed where none may be");
	if (context->resumption == NULL)
		return 0;
	return tls_resume_check(ssl, link_of(ssl), context->resumption, err);
}
