/* SPDX-License-Identifier: Apache-2.0 */
/* handover_take.c — the new proxy's end. */
#include "proxy/handover.h"
#include "proxy/handover_packet.h"

#include <errno.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_SECONDS 5

static int connect_to(const char *path, struct error *err)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	struct sockaddr_un address;
	const int fd = handover_socket(path, &address, err);

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;

	const int code = -errno;

	close(fd);
	return error_set(err, code, "no proxy hands over at %s: %s", path, strerror(-code));
}

int handover_check_free(const char *path, struct error *err)
{
	const int fd = connect_to(path, NULL);

	if (fd < 0)
		return 0;
	close(fd);
	return error_set(err, -EADDRINUSE,
			 "%s: a proxy runs there already; say --take-over to take its place", path);
}

static void keep(struct inheritance *into, struct text key, const struct handover_packet *packet)
{
	struct inherited *item;

	into->items = mem_realloc(into->items, (into->count + 1) * sizeof(*into->items));
	item = &into->items[into->count++];
	*item = (struct inherited){
		.key = mem_strndup(key.ptr, key.len),
		.sockets = mem_alloc_array(packet->fd_count, sizeof(int)),
		.count = packet->fd_count,
	};
	memcpy(item->sockets, packet->fds, packet->fd_count * sizeof(int));
	into->workers = MAX_OF(into->workers, (unsigned)packet->fd_count);
}

static int receive_all(struct inheritance *into, struct error *err)
{
	struct handover_packet packet;

	for (;;) {
		const int code = handover_receive(into->peer, 0, &packet);

		if (code < 0)
			return error_set(err, code,
					 "the proxy that hands over went away or says nothing: %s",
					 strerror(-code));

		const struct text text = { packet.text, packet.len };

		if (text_equal(text, HANDOVER_END))
			return 0;
		if (text_starts_with(text, HANDOVER_LISTENER)) {
			keep(into, text_from(text, HANDOVER_LISTENER.len), &packet);
			continue;
		}
		handover_close_fds(&packet);
		return error_set(err, -EPROTO, "the proxy that hands over says '%.*s'",
				 TEXT_ARGS(text));
	}
}

int handover_take(const char *path, struct inheritance *out, struct error *err)
{
	struct inheritance taken = { .peer = connect_to(path, err) };
	int code;

	if (taken.peer < 0)
		return taken.peer;
	code = handover_send(taken.peer, HANDOVER_HELLO, NULL, 0);
	if (code < 0)
		error_set(err, code, "cannot ask for the handover: %s", strerror(-code));
	else
		code = receive_all(&taken, err);
	if (code < 0) {
		inheritance_drop(&taken);
		return code;
	}
	*out = taken;
	return 0;
}

int inheritance_socket(struct inheritance *from, const char *key, size_t worker)
{
	for (size_t i = 0; i < from->count; i++) {
		struct inherited *item = &from->items[i];

		if (strcmp(item->key, key) == 0 && worker < item->count) {
			const int fd = item->sockets[worker];

			item->sockets[worker] = -1;
			return fd;
		}
	}
	return -1;
}

void inheritance_drop(struct inheritance *from)
{
	for (size_t i = 0; i < from->count; i++) {
		struct inherited *item = &from->items[i];

		for (size_t k = 0; k < item->count; k++)
			if (item->sockets[k] >= 0)
				close(item->sockets[k]);
		mem_free(item->sockets);
		mem_free(item->key);
	}
	mem_free(from->items);
	if (from->peer > 0)
		close(from->peer);
	*from = (struct inheritance){ 0 };
}

void inheritance_finish(struct inheritance *from)
{
	if (from->peer <= 0)
		return;
	/* if it is gone, it needs no telling */
	(void)handover_send(from->peer, HANDOVER_READY, NULL, 0);
	inheritance_drop(from);
}
