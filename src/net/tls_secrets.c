/* SPDX-License-Identifier: Apache-2.0 */
/* tls_secrets.c — the traffic secrets of a connection, as OpenSSL tells them to whoever asks for
 * the lines of a key log, and how many records were sealed with ours before it was done. */
#include "net/tls_secrets.h"

#include <pthread.h>

static int secrets_index = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void reserve_index(void)
{
	secrets_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static unsigned nibble(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(char_lower(c) - 'a' + 10);
}

static void read_secret(struct tls_secret *out, struct text hex)
{
	if (hex.len / 2 > sizeof(out->bytes))
		return;
	out->len = hex.len / 2;
	for (size_t i = 0; i < out->len; i++)
		out->bytes[i] =
			(unsigned char)(nibble(hex.ptr[2 * i]) << 4 | nibble(hex.ptr[2 * i + 1]));
}

/* "LABEL client-random secret", as NSS writes key logs. */
static void on_line(const SSL *ssl, const char *line)
{
	struct tls_secrets *secrets = SSL_get_ex_data(ssl, secrets_index);
	struct text rest = text_of(line);
	const struct text label = text_split(&rest, ' ');

	(void)text_split(&rest, ' ');
	if (secrets == NULL || rest.ptr == NULL)
		return;
	if (text_is(label, "CLIENT_TRAFFIC_SECRET_0"))
		read_secret(&secrets->client, rest);
	else if (text_is(label, "SERVER_TRAFFIC_SECRET_0"))
		read_secret(&secrets->server, rest);
}

/* A record that goes out after our own traffic secret is known is sealed with it: tickets. */
static void on_message(int is_write, int version, int content, const void *bytes, size_t len,
		       SSL *ssl, void *arg)
{
	struct tls_secrets *secrets = arg;
	const struct tls_secret *ours = SSL_is_server(ssl) ? &secrets->server : &secrets->client;

	(void)version, (void)bytes, (void)len;
	if (is_write && content == SSL3_RT_HEADER && ours->len > 0)
		secrets->sealed++;
}

void tls_secrets_watch(SSL_CTX *context)
{
	pthread_once(&once, reserve_index);
	SSL_CTX_set_keylog_callback(context, on_line);
}

struct tls_secrets *tls_secrets_attach(SSL *ssl)
{
	struct tls_secrets *secrets = MEM_NEW(struct tls_secrets);

	SSL_set_ex_data(ssl, secrets_index, secrets);
	SSL_set_msg_callback(ssl, on_message);
	SSL_set_msg_callback_arg(ssl, secrets);
	return secrets;
}

void tls_secrets_detach(SSL *ssl)
{
	SSL_set_ex_data(ssl, secrets_index, NULL);
	SSL_set_msg_callback(ssl, NULL);
}

void tls_secrets_free(struct tls_secrets *secrets)
{
	if (secrets == NULL)
		return;
	mem_wipe(secrets, sizeof(*secrets));
	mem_free(secrets);
}
