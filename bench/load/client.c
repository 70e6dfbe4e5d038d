/* SPDX-License-Identifier: Apache-2.0 */
#include "load/connection.h"

#include <openssl/err.h>
#include <stdio.h>
#include <sys/epoll.h>

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct client *client = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	SSL_SESSION_free(client->session);
	client->session = session;
	return 1; /* it is ours now */
}

static bool use_certificate(SSL_CTX *tls, const struct load_options *options)
{
	if (options->certificate == NULL)
		return true;
	return SSL_CTX_use_certificate_chain_file(tls, options->certificate) == 1
	       && SSL_CTX_use_PrivateKey_file(tls, options->key, SSL_FILETYPE_PEM) == 1;
}

static bool init_tls(struct client *client)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (tls == NULL || SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1
	    || SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256") != 1
	    || !use_certificate(tls, client->options)) {
		ERR_print_errors_fp(stderr);
		SSL_CTX_free(tls);
		return false;
	}
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
	SSL_CTX_set_read_ahead(tls, 1);
	SSL_CTX_set_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_app_data(tls, client);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(tls, keep_session);
	client->tls = tls;
	return true;
}

bool client_init(struct client *client, const struct load_options *options)
{
	const char *host = options->server_name != NULL ? options->server_name : "backend.test";

	*client = (struct client){ .options = options, .epoll = epoll_create1(EPOLL_CLOEXEC) };
	list_init(&client->idle);
	buffer_printf(&client->request,
		      "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: load\r\nAccept: */*\r\n%s%s\r\n",
		      options->path, host, options->headers.len > 0 ? options->headers.data : "",
		      options->handshakes != HANDSHAKE_ONCE ? "Connection: close\r\n" : "");
	client->connections = mem_alloc_array(options->connections, sizeof(*client->connections));
	for (size_t i = 0; i < options->connections; i++)
		client->connections[i] = (struct connection){ .client = client, .fd = -1 };
	return !options->tls || init_tls(client);
}
