/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/text_page.h"

#include "net/net.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX      4096
#define VISIT_NS      (2 * NS_PER_SEC)
#define POLL_SLICE_MS 200
#define SOCKET_MODE   0660

struct text_page {
	int listener;
	bool is_started;
	atomic_bool is_ending;
	pthread_t thread;
	pthread_mutex_t lock;
	struct buffer text; /* by the lock */
};

/* False: the page is closed, or the visitor's time is up. */
static bool wait_until(const struct text_page *page, int fd, short events, uint64_t end_ns)
{
	struct pollfd ready = { .fd = fd, .events = events };

	while (!atomic_load(&page->is_ending) && clock_monotonic_ns() < end_ns)
		if (poll(&ready, 1, POLL_SLICE_MS) > 0)
			return true;
	return false;
}

static bool read_head(const struct text_page *page, int fd, struct buffer *head, uint64_t end_ns)
{
	while (head->len < HEAD_MAX) {
		ssize_t got;

		if (text_contains(buffer_text(head), TEXT("\r\n\r\n")))
			return true;
		if (!wait_until(page, fd, POLLIN, end_ns))
			return false;
		got = recv(fd, buffer_reserve(head, HEAD_MAX), HEAD_MAX, 0);
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		head->len += got > 0 ? (size_t)got : 0;
	}
	return false;
}

static void send_all(const struct text_page *page, int fd, struct text bytes, uint64_t end_ns)
{
	while (bytes.len > 0 && wait_until(page, fd, POLLOUT, end_ns)) {
		const ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return;
		bytes = text_from(bytes, sent > 0 ? (size_t)sent : 0);
	}
}

static void add_answer(struct buffer *out, const char *status, struct text body)
{
	buffer_printf(out,
		      "HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4\r\n"
		      "Content-Length: %zu\r\nConnection: close\r\n\r\n",
		      status, body.len);
	buffer_add(out, body.ptr, body.len);
}

static void receive_visitor(struct text_page *page, int fd)
{
	const uint64_t end_ns = clock_monotonic_ns() + VISIT_NS;
	AUTO_BUFFER struct buffer head = { 0 };
	AUTO_BUFFER struct buffer answer = { 0 };

	if (!read_head(page, fd, &head, end_ns))
		return;
	if (text_starts_with(buffer_text(&head), TEXT("GET /metrics "))) {
		pthread_mutex_lock(&page->lock);
		add_answer(&answer, "200 OK", buffer_text(&page->text));
		pthread_mutex_unlock(&page->lock);
	} else {
		add_answer(&answer, "404 Not Found", TEXT("There is GET /metrics.\n"));
	}
	send_all(page, fd, buffer_text(&answer), end_ns);
}

static void *run(void *context)
{
	struct text_page *page = context;

	while (!atomic_load(&page->is_ending)) {
		AUTO_FD int visitor = -1;
		struct address peer;

		if (!wait_until(page, page->listener, POLLIN, UINT64_MAX))
			break;
		visitor = socket_accept(page->listener, &peer);
		if (visitor >= 0)
			receive_visitor(page, visitor);
	}
	return NULL;
}

int text_page_listen(const char *address, struct text_page **out, struct error *err)
{
	struct address where;
	int fd = address_parse(text_of(address), &where, err);

	if (fd == 0)
		fd = socket_check_free(&where, err);
	if (fd == 0)
		fd = socket_listen(&where, SOCKET_MODE, err);
	if (fd < 0)
		return fd;
	*out = MEM_NEW(struct text_page);
	(*out)->listener = fd;
	pthread_mutex_init(&(*out)->lock, NULL);
	return 0;
}

int text_page_start(struct text_page *page, struct error *err)
{
	sigset_t all, before;
	int code;

	sigfillset(&all); /* signals are for who waits for them */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&page->thread, NULL, run, page);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	page->is_started = code == 0;
	return code == 0 ? 0 : error_set(err, -code, "the page has no thread: %s", strerror(code));
}

void text_page_set(struct text_page *page, struct text text)
{
	pthread_mutex_lock(&page->lock);
	buffer_clear(&page->text);
	buffer_add(&page->text, text.ptr, text.len);
	pthread_mutex_unlock(&page->lock);
}

void text_page_close(struct text_page *page)
{
	if (page == NULL)
		return;
	atomic_store(&page->is_ending, true);
	if (page->is_started)
		pthread_join(page->thread, NULL);
	file_close(&page->listener);
	pthread_mutex_destroy(&page->lock);
	buffer_done(&page->text);
	mem_free(page);
}
