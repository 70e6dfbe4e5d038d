/* SPDX-License-Identifier: Apache-2.0 */
/* relay.c — the floor: what a user-space proxy built on OpenSSL and sockets costs at the very
 *least.
 *
 *	relay LISTEN UPSTREAM plain|tls plain|tls CERTIFICATE KEY CA
 *
 * One thread, one upstream connection for each client, mutual TLS 1.3 where "tls" stands. It does
 * not look at what it carries: no HTTP, no policy, no log. */
#include "base/base.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct side { /* of a relayed connection */
	int fd;
	SSL *ssl; /* NULL: plain */
	bool is_up, is_dead;
	struct side *other;
	struct buffer waiting; /* for this side, what its socket did not take */
	uint32_t watched;
	struct list grave; /* on relay.dead until the round of events ends */
};

static struct relay {
	int epoll, listener;
	struct sockaddr_in upstream;
	SSL_CTX *server_tls, *client_tls; /* NULL: plain */
	struct list dead;
} relay;

static void watch(struct side *side, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = side };

	if (side->watched == events)
		return;
	epoll_ctl(relay.epoll, side->watched != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, side->fd,
		  &event);
	side->watched = events;
}

static void end_both(struct side *side)
{
	if (side->is_dead)
		return;
	for (int i = 0; i < 2; i++, side = side->other) {
		side->is_dead = true;
		SSL_free(side->ssl);
		close(side->fd);
		list_append(&relay.dead, &side->grave);
	}
}

static void bury_the_dead(void)
{
	LIST_FOR_EACH_SAFE (&relay.dead, link) {
		struct side *side = LIST_ITEM(link, struct side, grave);

		list_remove(link);
		buffer_done(&side->waiting);
		mem_free(side);
	}
}

#define WOULD_BLOCK ((ssize_t)-1)
#define IS_CLOSED   ((ssize_t)-2)

static ssize_t judge(const struct side *side, ssize_t result)
{
	if (result > 0)
		return result;
	if (side->ssl == NULL)
		return result < 0 && errno == EAGAIN ? WOULD_BLOCK : IS_CLOSED;

	const int reason = SSL_get_error(side->ssl, (int)result);

	return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? WOULD_BLOCK
									       : IS_CLOSED;
}

static ssize_t read_from(struct side *side, char *bytes, size_t size)
{
	return judge(side, side->ssl != NULL ? SSL_read(side->ssl, bytes, (int)size)
					     : recv(side->fd, bytes, size, 0));
}

/* Writes what the socket takes; keeps the rest. False where the other end is gone. */
static bool write_to(struct side *side, const char *bytes, size_t len)
{
	while (len > 0) {
		const ssize_t sent =
			judge(side, side->ssl != NULL ? SSL_write(side->ssl, bytes, (int)len)
						      : send(side->fd, bytes, len, MSG_NOSIGNAL));

		if (sent == IS_CLOSED)
			return false;
		if (sent == WOULD_BLOCK) {
			buffer_add(&side->waiting, bytes, len);
			return true;
		}
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

/* True once the handshake, if there is one, is done. */
static bool come_up(struct side *side)
{
	if (side->is_up)
		return true;
	if (side->ssl != NULL) {
		const int result = SSL_do_handshake(side->ssl);

		if (result != 1) {
			if (judge(side, result) == IS_CLOSED)
				end_both(side);
			else
				watch(side, SSL_want_write(side->ssl) ? EPOLLOUT : EPOLLIN);
			return false;
		}
	}
	side->is_up = true;
	return true;
}

/* Carries what `side` has to the other, until one of them would block. */
static void carry(struct side *side)
{
	static char bytes[65536];

	while (!side->is_dead && side->is_up && side->other->is_up
	       && side->other->waiting.len == 0) {
		const ssize_t got = read_from(side, bytes, sizeof(bytes));

		if (got == WOULD_BLOCK)
			return;
		if (got == IS_CLOSED || !write_to(side->other, bytes, (size_t)got)) {
			end_both(side);
			return;
		}
		if (side->ssl != NULL ? SSL_has_pending(side->ssl) == 0
				      : (size_t)got < sizeof(bytes))
			return; /* empty, for now */
	}
}

/* Each side is read only while the other takes all. */
static void watch_both(struct side *side)
{
	if (side->is_dead)
		return;
	for (int i = 0; i < 2; i++, side = side->other) {
		if (!side->is_up)
			continue;

		const bool may_read = side->other->is_up && side->other->waiting.len == 0;

		watch(side,
		      (may_read ? EPOLLIN : EPOLLRDHUP) | (side->waiting.len > 0 ? EPOLLOUT : 0u));
	}
}

static void on_event(struct side *side)
{
	struct buffer waiting = side->waiting;

	if (side->is_dead || !come_up(side))
		return;
	side->waiting = (struct buffer){ 0 };
	if (!write_to(side, waiting.data, waiting.len))
		end_both(side);
	buffer_done(&waiting);
	carry(side);
	carry(side->other);
	watch_both(side);
}

static struct side *new_side(int fd, SSL_CTX *tls)
{
	struct side *side = MEM_NEW(struct side);
	const int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	side->fd = fd;
	if (tls != NULL) {
		side->ssl = SSL_new(tls);
		SSL_set_fd(side->ssl, fd);
	}
	return side;
}

static void admit(void)
{
	for (;;) {
		const int fd = accept4(relay.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;

		const int up = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		struct side *client = new_side(fd, relay.server_tls);
		struct side *server = new_side(up, relay.client_tls);

		if (client->ssl != NULL)
			SSL_set_accept_state(client->ssl);
		if (server->ssl != NULL)
			SSL_set_connect_state(server->ssl);
		client->other = server;
		server->other = client;
		(void)connect(up, (const struct sockaddr *)&relay.upstream, sizeof(relay.upstream));
		watch(client, EPOLLIN);
		watch(server, EPOLLOUT);
	}
}

static SSL_CTX *new_tls(const SSL_METHOD *method, char **files)
{
	SSL_CTX *tls = SSL_CTX_new(method);

	if (tls == NULL || SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1
	    || SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256") != 1
	    || SSL_CTX_use_certificate_chain_file(tls, files[0]) != 1
	    || SSL_CTX_use_PrivateKey_file(tls, files[1], SSL_FILETYPE_PEM) != 1
	    || SSL_CTX_load_verify_locations(tls, files[2], NULL) != 1) {
		fputs("relay: the certificate files cannot be used\n", stderr);
		exit(EXIT_FAILURE);
	}
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_session_id_context(tls, (const unsigned char *)"relay", 5);
	SSL_CTX_set_read_ahead(tls, 1);
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
				      | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return tls;
}

static struct sockaddr_in parse_address(const char *text)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	const char *colon = strchrnul(text, ':');
	AUTO(mem_free_text) char *host = mem_strndup(text, (size_t)(colon - text));

	if (*colon == '\0' || inet_aton(host, &address.sin_addr) == 0) {
		fprintf(stderr, "relay: '%s' is no address:port\n", text);
		exit(2);
	}
	address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	return address;
}

static int listen_on(const struct sockaddr_in *address)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0
	    || listen(fd, 4096) < 0) {
		perror("relay: listen");
		exit(EXIT_FAILURE);
	}
	return fd;
}

int main(int argc, char **argv)
{
	const struct rlimit files = { .rlim_cur = 65536, .rlim_max = 65536 };

	if (argc != 8) {
		fputs("usage: relay LISTEN UPSTREAM plain|tls plain|tls CERTIFICATE KEY CA\n",
		      stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	list_init(&relay.dead);
	if (strcmp(argv[3], "tls") == 0)
		relay.server_tls = new_tls(TLS_server_method(), argv + 5);
	if (strcmp(argv[4], "tls") == 0)
		relay.client_tls = new_tls(TLS_client_method(), argv + 5);

	const struct sockaddr_in address = parse_address(argv[1]);
	struct epoll_event event = { .events = EPOLLIN }, events[256];

	relay.upstream = parse_address(argv[2]);
	relay.listener = listen_on(&address);
	relay.epoll = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(relay.epoll, EPOLL_CTL_ADD, relay.listener, &event);
	for (;;) {
		const int count = epoll_wait(relay.epoll, events, COUNT_OF(events), -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == NULL)
				admit();
			else
				on_event(events[i].data.ptr);
		}
		bury_the_dead();
	}
}
