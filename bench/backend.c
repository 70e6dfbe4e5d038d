/* SPDX-License-Identifier: Apache-2.0 */
/* backend.c — the least an HTTP/1.1 server can do: backend HOST PORT
 *
 * One thread. Any request is answered 200 with a fixed body: 64 KiB where the request line has
 * "64k", 1 KiB where it has "1k", else 128 bytes. Request bodies of a known length are skipped. */
#include "base/base.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct visitor {
	int fd;
	size_t input_len, body_left; /* body_left: of the request before, to skip */
	struct text output;          /* of the answer, what is not yet sent */
	char input[16384];
};

static const struct answer_size {
	const char *mark;
	size_t body;
} sizes[] = { { "64k", 65536 }, { "1k", 1024 }, { "", 128 } };

static struct buffer answers[COUNT_OF(sizes)];

static void prepare_answers(void)
{
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		buffer_printf(&answers[i],
			      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
			      "Content-Length: %zu\r\n\r\n",
			      sizes[i].body);
		memset(buffer_reserve(&answers[i], sizes[i].body), 'x', sizes[i].body);
		answers[i].len += sizes[i].body;
	}
}

static struct text answer_to(const char *request_line)
{
	size_t i = 0;

	while (strstr(request_line, sizes[i].mark) == NULL)
		i++;
	return buffer_text(&answers[i]);
}

static void watch(int epoll, int how, struct visitor *visitor, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = visitor };

	epoll_ctl(epoll, how, visitor->fd, &event);
}

static void dismiss(struct visitor *visitor)
{
	close(visitor->fd);
	mem_free(visitor);
}

enum outcome { GOES_ON = 0, WAITS, ENDS };

static enum outcome send_output(struct visitor *visitor)
{
	while (visitor->output.len > 0) {
		const ssize_t sent =
			send(visitor->fd, visitor->output.ptr, visitor->output.len, MSG_NOSIGNAL);

		if (sent < 0)
			return errno == EAGAIN ? WAITS : ENDS;
		visitor->output = text_from(visitor->output, (size_t)sent);
	}
	return GOES_ON;
}

static void drop_input(struct visitor *visitor, size_t len)
{
	visitor->input_len -= len;
	memmove(visitor->input, visitor->input + len, visitor->input_len);
}

/* Takes one request off the input and begins its answer; GOES_ON where there was one. */
static enum outcome take_request(struct visitor *visitor)
{
	const size_t skipped = MIN_OF(visitor->body_left, visitor->input_len);

	visitor->body_left -= skipped;
	drop_input(visitor, skipped);
	visitor->input[visitor->input_len] = '\0';

	char *end = strstr(visitor->input, "\r\n\r\n");

	if (end == NULL)
		return visitor->input_len == sizeof(visitor->input) - 1 ? ENDS : WAITS;
	*end = '\0';

	const char *length = strcasestr(visitor->input, "\r\ncontent-length:");

	if (length != NULL)
		visitor->body_left = strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
	*strchrnul(visitor->input, '\r') = '\0';
	visitor->output = answer_to(visitor->input);
	drop_input(visitor, (size_t)(end + 4 - visitor->input));
	return GOES_ON;
}

static enum outcome serve(struct visitor *visitor)
{
	enum outcome outcome = send_output(visitor);

	while (outcome == GOES_ON) {
		outcome = take_request(visitor);
		if (outcome == GOES_ON)
			outcome = send_output(visitor);
	}
	return outcome;
}

static void on_event(int epoll, struct visitor *visitor)
{
	const bool was_sending = visitor->output.len > 0;

	if (!was_sending) {
		const size_t room = sizeof(visitor->input) - 1 - visitor->input_len;
		const ssize_t got = recv(visitor->fd, visitor->input + visitor->input_len, room, 0);

		if (got == 0 || (got < 0 && errno != EAGAIN)) {
			dismiss(visitor);
			return;
		}
		visitor->input_len += got > 0 ? (size_t)got : 0;
	}
	if (serve(visitor) == ENDS) {
		dismiss(visitor);
		return;
	}

	const bool is_sending = visitor->output.len > 0;

	if (is_sending != was_sending)
		watch(epoll, EPOLL_CTL_MOD, visitor, is_sending ? EPOLLOUT : EPOLLIN);
}

static void admit(int epoll, int listener)
{
	const int one = 1;

	for (;;) {
		const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));

		struct visitor *visitor = MEM_NEW(struct visitor);

		visitor->fd = fd;
		watch(epoll, EPOLL_CTL_ADD, visitor, EPOLLIN);
	}
}

static int listen_on(const char *host, const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int one = 1;

	inet_aton(host, &address.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0
	    || listen(fd, 4096) < 0) {
		perror("backend: listen");
		exit(EXIT_FAILURE);
	}
	return fd;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: backend HOST PORT\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	prepare_answers();

	const int listener = listen_on(argv[1], argv[2]);
	const int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN }, events[256];

	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		const int count = epoll_wait(epoll, events, COUNT_OF(events), -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == NULL)
				admit(epoll, listener);
			else
				on_event(epoll, events[i].data.ptr);
		}
	}
}
