/* SPDX-License-Identifier: Apache-2.0 */
/* handover_offer.c — the old proxy's end: it gives copies of its listening sockets away and, told
 * that they are in use, drains. */
#include "proxy/control.h"
#include "proxy/handover.h"
#include "proxy/handover_packet.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_SECONDS                                                                           \
	2 /* for a receiver that does not read: the control thread waits for it                    \
	   */

struct handover {
	struct control *control;
	char *path; /* owned */
	struct watch listening;
	struct watch successor; /* fd -1: none */
	bool is_done;           /* the path is the successor's now */
};

static void forget_successor(struct handover *handover)
{
	if (handover->successor.fd < 0)
		return;
	loop_unwatch(handover->control->loop, &handover->successor);
	close(handover->successor.fd);
	handover->successor.fd = -1;
}

static int give(const struct handover *handover, const char *key, const int *sockets, size_t count)
{
	char text[HANDOVER_TEXT_MAX];
	const int len = snprintf(text, sizeof(text), "%.*s%s", TEXT_ARGS(HANDOVER_LISTENER), key);

	if (len >= (int)sizeof(text))
		return -ENAMETOOLONG;
	return handover_send(handover->successor.fd, (struct text){ text, (size_t)len }, sockets,
			     count);
}

static int give_all(const struct handover *handover)
{
	const struct control *control = handover->control;
	const struct listening *listening = &control->listening;
	int code = 0;

	for (size_t i = 0; code == 0 && i < listening->count; i++)
		code = give(handover, listening->items[i].key, listening->items[i].sockets,
			    listening->items[i].socket_count);
	if (code == 0 && control->admin != NULL)
		code = give(handover, ADMIN_KEY, &(int){ admin_socket(control->admin) }, 1);
	if (code == 0)
		code = handover_send(handover->successor.fd, HANDOVER_END, NULL, 0);
	return code;
}

static int hear(struct handover *handover, const struct handover_packet *packet)
{
	const struct text text = { packet->text, packet->len };

	if (text_equal(text, HANDOVER_HELLO)) {
		log_info("a new proxy takes over %zu listeners",
			 handover->control->listening.count);
		return give_all(handover);
	}
	if (!text_equal(text, HANDOVER_READY))
		return -EPROTO;
	log_info("the new proxy is ready");
	handover->is_done = true;
	control_stop_politely(handover->control);
	return -ECONNRESET; /* all is said */
}

static void on_packet(struct watch *watch, uint32_t events)
{
	struct handover *handover = CONTAINER_OF(watch, struct handover, successor);
	struct handover_packet packet;
	int code = 0;

	(void)events;
	while (code == 0) {
		code = handover_receive(watch->fd, MSG_DONTWAIT, &packet);
		if (code == -EAGAIN)
			return;
		if (code == 0)
			code = hear(handover, &packet);
		handover_close_fds(&packet);
	}
	if (!handover->control->is_stopping)
		log_warn("the new proxy went away before it was ready (%s); this one goes on",
			 strerror(-code));
	forget_successor(handover);
}

static bool may_take(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0
	       && (who.uid == geteuid() || who.uid == 0);
}

static void on_successor(struct watch *watch, uint32_t events)
{
	struct handover *handover = CONTAINER_OF(watch, struct handover, listening);
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	int fd;

	(void)events;
	while ((fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (handover->successor.fd >= 0 || handover->control->is_stopping
		    || !may_take(fd)) {
			close(fd);
			continue;
		}
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		handover->successor = (struct watch){ .fd = fd, .ready = on_packet };
		if (loop_watch(handover->control->loop, &handover->successor, EPOLLIN, NULL) < 0)
			forget_successor(handover);
	}
}

static int listen_at(const char *path, struct error *err)
{
	struct sockaddr_un address;
	const int fd = handover_socket(path, &address, err);

	if (fd < 0)
		return fd;
	unlink(path); /* of a proxy that is gone, or that this one has taken over */

	const mode_t before = umask(0177);
	int code = bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;

	umask(before);
	if (code == 0 && (listen(fd, 4) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0))
		code = -errno;
	if (code == 0)
		return fd;
	close(fd);
	return error_set(err, code, "%s: %s", path, strerror(-code));
}

int handover_offer(struct control *control, const char *path, struct handover **out,
		   struct error *err)
{
	const int fd = listen_at(path, err);

	if (fd < 0)
		return error_prefix(err, "handover");

	struct handover *handover = MEM_NEW(struct handover);

	*handover = (struct handover){
		.control = control,
		.path = mem_strdup(path),
		.listening = { .fd = fd, .ready = on_successor },
		.successor.fd = -1,
	};
	*out = handover;
	return loop_watch(control->loop, &handover->listening, EPOLLIN, err);
}

void handover_free(struct handover *handover)
{
	if (handover == NULL)
		return;
	forget_successor(handover);
	loop_unwatch(handover->control->loop, &handover->listening);
	close(handover->listening.fd);
	if (!handover->is_done)
		unlink(handover->path);
	mem_free(handover->path);
	mem_free(handover);
}
