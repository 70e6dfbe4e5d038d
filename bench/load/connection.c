/* SPDX-License-Identifier: Apache-2.0 */
#include "load/connection.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WOULD_BLOCK ((ssize_t)-1)
#define IS_CLOSED   ((ssize_t)-2)

static void watch(struct connection *connection, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = connection };
	const int how = connection->watched != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (connection->watched == events)
		return;
	if (epoll_ctl(connection->client->epoll, how, connection->fd, &event) < 0) {
		perror("load: epoll_ctl");
		exit(EXIT_FAILURE);
	}
	connection->watched = events;
}

void connection_close(struct connection *connection)
{
	list_remove(&connection->idle_link);
	if (connection->ssl != NULL) {
		if (SSL_is_init_finished(connection->ssl))
			SSL_shutdown(connection->ssl);
		SSL_free(connection->ssl);
		connection->ssl = NULL;
	}
	ERR_clear_error();
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
	connection->watched = 0;
	connection->state = CONNECTION_CLOSED;
}

/* The other end closed, or broke the rules. */
static void lose(struct connection *connection)
{
	struct tally *tally = &connection->client->tally;
	const bool was_asked =
		connection->state == CONNECTION_WRITING || connection->state == CONNECTION_READING;

	if (connection->state == CONNECTION_IDLE)
		tally->closed_idle++;
	else if (was_asked && connection->was_used && !connection->has_bytes)
		tally->lost_reused += connection->client->measures;
	else
		tally->lost_hard += connection->client->measures;
	connection_close(connection);
}

bool connection_dial(struct connection *connection)
{
	const struct load_options *options = connection->client->options;
	const int one = 1;

	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->fd < 0) {
		perror("load: socket");
		exit(EXIT_FAILURE);
	}
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	connection->was_used = connection->closes = connection->has_bytes = false;
	connection->due_ns = clock_monotonic_ns();
	connection->state = CONNECTION_CONNECTING;
	if (connect(connection->fd, (const struct sockaddr *)&options->address,
		    sizeof(options->address))
		    < 0
	    && errno != EINPROGRESS) {
		lose(connection);
		return false;
	}
	watch(connection, EPOLLOUT);
	return true;
}

static void become_idle(struct connection *connection)
{
	connection->state = CONNECTION_IDLE;
	watch(connection, EPOLLIN | EPOLLRDHUP);
	list_append(&connection->client->idle, &connection->idle_link);
}

/* What SSL_* or a system call said, as a count, WOULD_BLOCK or IS_CLOSED. */
static ssize_t judge(const struct connection *connection, ssize_t result)
{
	if (result > 0)
		return result;
	if (connection->ssl == NULL)
		return result < 0 && errno == EAGAIN ? WOULD_BLOCK : IS_CLOSED;

	const int reason = SSL_get_error(connection->ssl, (int)result);

	return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? WOULD_BLOCK
									       : IS_CLOSED;
}

static ssize_t receive(struct connection *connection, char *bytes, size_t size)
{
	if (connection->ssl != NULL)
		return judge(connection, SSL_read(connection->ssl, bytes, (int)size));
	return judge(connection, recv(connection->fd, bytes, size, 0));
}

static ssize_t transmit(struct connection *connection, const char *bytes, size_t len)
{
	if (connection->ssl != NULL)
		return judge(connection, SSL_write(connection->ssl, bytes, (int)len));
	return judge(connection, send(connection->fd, bytes, len, MSG_NOSIGNAL));
}

/* Each step returns true where the next one may go on at once. */

static bool connected(struct connection *connection)
{
	const struct load_options *options = connection->client->options;

	become_idle(connection);
	if (options->handshakes == HANDSHAKE_ONCE)
		return false;
	connection_send(connection, connection->due_ns); /* the handshake is part of it */
	return false;
}

static bool step_connecting(struct connection *connection)
{
	struct client *client = connection->client;
	socklen_t len = sizeof(int);
	int problem = 0;

	getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &problem, &len);
	if (problem != 0) {
		lose(connection);
		return false;
	}
	if (client->tls == NULL)
		return connected(connection);
	connection->ssl = SSL_new(client->tls);
	SSL_set_fd(connection->ssl, connection->fd);
	SSL_set_connect_state(connection->ssl);
	if (client->options->server_name != NULL)
		SSL_set_tlsext_host_name(connection->ssl, client->options->server_name);
	if (client->options->handshakes == HANDSHAKE_RESUMED && client->session != NULL)
		SSL_set_session(connection->ssl, client->session);
	connection->state = CONNECTION_SHAKING;
	return true;
}

static bool step_shaking(struct connection *connection)
{
	const int result = SSL_do_handshake(connection->ssl);

	if (result == 1)
		return connected(connection);
	if (judge(connection, result) == IS_CLOSED)
		lose(connection);
	else
		watch(connection, SSL_want_write(connection->ssl) ? EPOLLOUT : EPOLLIN);
	return false;
}

/* Session tickets arrive here; anything else means that the server closes. */
static bool step_idle(struct connection *connection)
{
	char byte;
	const ssize_t got = connection->ssl != NULL ? SSL_peek(connection->ssl, &byte, 1)
						    : recv(connection->fd, &byte, 1, MSG_PEEK);

	if (judge(connection, got) == WOULD_BLOCK)
		ERR_clear_error();
	else
		lose(connection);
	return false;
}

static bool step_writing(struct connection *connection)
{
	const struct buffer *request = &connection->client->request;
	const ssize_t sent = transmit(connection, request->data + connection->written,
				      request->len - connection->written);

	if (sent == WOULD_BLOCK) {
		watch(connection, EPOLLOUT);
		return false;
	}
	if (sent == IS_CLOSED) {
		lose(connection);
		return false;
	}
	connection->written += (size_t)sent;
	if (connection->written < request->len)
		return true;
	connection->state = CONNECTION_READING;
	watch(connection, EPOLLIN | EPOLLRDHUP);
	return false;
}

static void count_answer(struct connection *connection)
{
	struct client *client = connection->client;
	const int status = (int)strtol(connection->head + strlen("HTTP/1.1 "), NULL, 10);

	client->tally.bad_status += status != client->options->expected_status;
	if (!client->measures)
		return;
	client->tally.answers++;
	histogram_add(&client->tally.latency, clock_monotonic_ns() - connection->due_ns);
}

static void finish(struct connection *connection)
{
	struct client *client = connection->client;

	count_answer(connection);
	connection->was_used = true;
	if (client->options->handshakes != HANDSHAKE_ONCE) {
		if (connection->ssl != NULL && SSL_session_reused(connection->ssl))
			client->tally.resumed++;
		connection_close(connection);
	} else if (connection->closes) {
		client->tally.closed_idle++;
		connection_close(connection);
	} else {
		become_idle(connection);
	}
}

/* Collects the head; returns how many of the new bytes belong to it, or -1 where it is no answer.
 */
static ssize_t read_head(struct connection *connection, const char *bytes, size_t len)
{
	const size_t before = connection->head_len;
	const size_t room = sizeof(connection->head) - 1 - before;
	const size_t taken = MIN_OF(room, len);

	memcpy(connection->head + before, bytes, taken);
	connection->head_len += taken;
	connection->head[connection->head_len] = '\0';

	char *end = strstr(connection->head, "\r\n\r\n");

	if (end == NULL)
		return taken == room ? -1 : (ssize_t)len;
	end[2] = '\0';

	const char *length = strcasestr(connection->head, "\ncontent-length:");

	if (length == NULL) {
		fprintf(stderr, "load: an answer without Content-Length: %s\n", connection->head);
		return -1;
	}
	connection->has_head = true;
	connection->body_left = strtoll(length + strlen("\ncontent-length:"), NULL, 10);
	connection->closes = strcasestr(connection->head, "\nconnection: close") != NULL;
	return end + 4 - connection->head - (ssize_t)before;
}

static bool step_reading(struct connection *connection)
{
	static char bytes[262144];
	const ssize_t got = receive(connection, bytes, sizeof(bytes));
	ssize_t of_head = 0;

	if (got == WOULD_BLOCK)
		return false;
	if (got != IS_CLOSED && !connection->has_head)
		of_head = read_head(connection, bytes, (size_t)got);
	if (got == IS_CLOSED || of_head < 0) {
		lose(connection);
		return false;
	}
	connection->has_bytes = true;
	connection->client->tally.bytes += (uint64_t)got;
	if (connection->has_head) {
		connection->body_left -= got - of_head;
		if (connection->body_left <= 0) {
			finish(connection);
			return false;
		}
	}
	/* a plain socket that gave less than there was room for is empty */
	return connection->ssl != NULL || (size_t)got == sizeof(bytes);
}

static void drive(struct connection *connection)
{
	static bool (*const steps[])(struct connection *) = {
		[CONNECTION_CONNECTING] = step_connecting,
		[CONNECTION_SHAKING] = step_shaking,
		[CONNECTION_IDLE] = step_idle,
		[CONNECTION_WRITING] = step_writing,
		[CONNECTION_READING] = step_reading,
	};

	while (connection->state != CONNECTION_CLOSED && steps[connection->state](connection))
		;
}

void connection_send(struct connection *connection, uint64_t due_ns)
{
	list_remove(&connection->idle_link);
	connection->due_ns = due_ns;
	connection->written = connection->head_len = 0;
	connection->has_head = connection->has_bytes = false;
	connection->state = CONNECTION_WRITING;
	drive(connection);
}

void client_pump(struct client *client, uint64_t timeout_ns)
{
	const struct timespec timeout = { .tv_sec = (time_t)(timeout_ns / NS_PER_SEC),
					  .tv_nsec = (long)(timeout_ns % NS_PER_SEC) };
	struct epoll_event events[256];
	const int count = epoll_pwait2(client->epoll, events, COUNT_OF(events), &timeout, NULL);

	for (int i = 0; i < count; i++)
		drive(events[i].data.ptr);
}
