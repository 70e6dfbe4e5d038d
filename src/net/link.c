/* SPDX-License-Identifier: Apache-2.0 */
#include "net/link.h"

#include "net/link_bio.h"
#include "net/link_tls.h"
#include "net/socket.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINGER_NS   (1 * NS_PER_SEC)
#define FINISH_NS   (30 * NS_PER_SEC) /* for a slow reader of our last bytes */
#define VECTORS_MAX 16

static void run_flush(struct deferred *deferred);
static void on_ready(struct watch *watch, uint32_t events);
static void on_linger_over(struct timer *timer);

static int start(struct link *link, int fd, struct tls_context *context, struct error *err)
{
	link->watch = (struct watch){ .fd = fd, .ready = on_ready };
	link->flush.run = run_flush;
	link->linger.fire = on_linger_over;
	link->context = tls_context_ref(context);
	link->readable = link->writable = link->peer_closed = false;
	link->is_full = link->close_when_sent = link->end_when_sent = false;
	link->said_goodbye = link->heard_goodbye = link->is_broken = false;
	link->protocol_len = 0;
	link->bytes_in = link->bytes_out = 0;

	const int code = loop_watch(link->loop, &link->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP, err);

	if (code < 0) {
		close(fd);
		tls_context_unref(TAKE(link->context));
	}
	return code;
}

static void start_tls(struct link *link)
{
	link->ssl = tls_session_new(link->context, link);
	link->secrets = tls_secrets_attach(link->ssl);
	link_bio_attach(link);
	link->state = LINK_HANDSHAKING;
}

int link_accept(struct link *link, int fd, struct tls_context *context, bool sniff,
		struct error *err)
{
	const int code = start(link, fd, context, err);

	if (code < 0)
		return code;
	if (sniff)
		link->state = LINK_SNIFFING;
	else if (context != NULL)
		start_tls(link);
	else
		link->state = LINK_CONNECTING; /* the first EPOLLOUT opens it */
	return 0;
}

int link_connect(struct link *link, const struct address *to, struct tls_context *context,
		 const char *server_name, struct error *err)
{
	const int fd = socket_connect(to, err);

	if (fd < 0)
		return fd;

	const int code = start(link, fd, context, err);

	if (code < 0)
		return code;
	if (context != NULL) {
		start_tls(link);
		if (server_name != NULL)
			SSL_set_tlsext_host_name(link->ssl, server_name);
	}
	link->state = LINK_CONNECTING;
	return 0;
}

void link_close(struct link *link)
{
	if (link->state == LINK_CLOSED)
		return;
	link->state = LINK_CLOSED;
	loop_unwatch(link->loop, &link->watch);
	loop_undefer(&link->flush);
	timer_cancel(link->loop, &link->linger);
	close(link->watch.fd);
	link->watch.fd = -1;
	link_tls_done(link);
	tls_context_unref(TAKE(link->context));
	byte_queue_clear(&link->out, link->pool);
	byte_queue_clear(&link->wire, link->pool);
}

void link_offer(struct link *link, struct text protocols)
{
	if (link->ssl != NULL)
		SSL_set_alpn_protos(link->ssl, (const unsigned char *)protocols.ptr,
				    (unsigned)protocols.len);
}

void link_say_first(struct link *link, struct text bytes)
{
	byte_queue_add(link->ssl != NULL ? &link->wire : &link->out, link->pool, bytes.ptr,
		       bytes.len);
}

void link_note_refusal(struct link *link, const struct error *err)
{
	if (link->refusal == NULL)
		link->refusal = MEM_NEW(struct error);
	*link->refusal = *err;
}

void link_adopt_context(struct link *link, struct tls_context *context)
{
	struct tls_context *before = link->context;

	link->context = tls_context_ref(context);
	tls_context_unref(before);
}

static void fail(struct link *link, int code, const char *text)
{
	struct error err = { 0 };

	error_set(&err, code, "%s", text);
	link->ops->on_failed(link, &err);
}

static void fail_tls(struct link *link)
{
	char reason[128];

	if (link->refusal != NULL) { /* our own check says it better than OpenSSL can */
		ERR_clear_error();
		link->ops->on_failed(link, link->refusal);
		return;
	}
	fail(link, -EPROTO, tls_last_reason(reason, sizeof(reason)));
}

/* ---- reading ---- */

static ssize_t read_plain(struct link *link, void *out, size_t len)
{
	return link_receive(link, out, len);
}

ssize_t link_read(struct link *link, void *out, size_t len)
{
	if (link->state != LINK_OPEN)
		return -EAGAIN;

	const ssize_t got =
		link_is_tls(link) ? link_tls_read(link, out, len) : read_plain(link, out, len);

	if (got > 0)
		link->bytes_in += (uint64_t)got;
	return got;
}

/* ---- writing ---- */

/* Sends from the front of the queue. 0: all sent or would block; -Exxx: broken. */
static int send_queue(struct link *link, struct byte_queue *queue)
{
	while (queue->len > 0 && link->writable) {
		struct iovec vectors[VECTORS_MAX];
		size_t count = 0, total = 0;

		for (struct slab *slab = queue->first; slab != NULL && count < VECTORS_MAX;
		     slab = slab->next) {
			vectors[count++] =
				(struct iovec){ slab->data + slab->start, slab->end - slab->start };
			total += slab->end - slab->start;
		}

		const struct msghdr message = { .msg_iov = vectors, .msg_iovlen = count };
		const ssize_t sent = sendmsg(link->watch.fd, &message, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno != EAGAIN)
			return -errno;
		if (sent < (ssize_t)total)
			link->writable = false; /* the loop tells when there is room again */
		if (sent > 0)
			byte_queue_consume(queue, link->pool, (size_t)sent);
	}
	return 0;
}

static int flush_tls(struct link *link)
{
	int code = 0;

	do {
		if (link->state == LINK_OPEN)
			code = link_tls_seal(link);
		if (code == 0)
			code = send_queue(link, &link->wire);
	} while (code == 0 && link->writable && link->state == LINK_OPEN && link->out.len > 0);
	return code;
}

static int flush_plain(struct link *link)
{
	const size_t before = link->out.len;
	const int code = send_queue(link, &link->out);

	link->bytes_out += before - link->out.len;
	return code;
}

void link_reset(struct link *link)
{
	const struct linger at_once = { .l_onoff = 1 };

	if (link->state == LINK_CLOSED)
		return;
	if (link->state == LINK_OPEN) /* what there was, if the kernel takes it */
		(void)(link->ssl != NULL ? flush_tls(link) : flush_plain(link));
	setsockopt(link->watch.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	link_close(link);
}

/* Everything is sent: close_notify goes out, once. */
static void say_goodbye(struct link *link)
{
	if (!link_is_tls(link) || link->state != LINK_OPEN || link->said_goodbye)
		return;
	link->said_goodbye = true;
	link_tls_say_goodbye(link); /* into link->wire */
	(void)send_queue(link, &link->wire);
}

static void end_sending(struct link *link)
{
	say_goodbye(link);
	if (link->wire.len > 0)
		return; /* when the kernel has taken it */
	link->end_when_sent = false;
	shutdown(link->watch.fd, SHUT_WR);
}

static void begin_linger(struct link *link)
{
	link->state = LINK_LINGERING;
	shutdown(link->watch.fd, SHUT_WR);
	timer_set(link->loop, &link->linger, loop_now(link->loop) + LINGER_NS);
}

static void end_linger(struct link *link)
{
	link_close(link);
	if (link->ops->on_finished != NULL)
		link->ops->on_finished(link);
}

/* Reads and drops what the peer still sends: closing with unread bytes would reset the connection
 * and could destroy our last answer on its way (RFC 9112, section 9.6). */
static void drop_input(struct link *link)
{
	char waste[4096];
	ssize_t got;

	do {
		got = link_receive(link, waste, sizeof(waste));
	} while (got > 0);
	if (got != -EAGAIN)
		end_linger(link);
}

static void on_linger_over(struct timer *timer)
{
	end_linger(CONTAINER_OF(timer, struct link, linger));
}

static void run_flush(struct deferred *deferred)
{
	struct link *link = CONTAINER_OF(deferred, struct link, flush);

	if (link->state == LINK_CLOSED || link->state == LINK_LINGERING
	    || link->state == LINK_CONNECTING || link->state == LINK_SNIFFING)
		return;

	const int code = link_is_tls(link) ? flush_tls(link) : flush_plain(link);

	if (code < 0) {
		fail(link, code, strerror(-code));
		return;
	}
	if (link_is_full(link)) {
		link->is_full = true;
		return;
	}
	if (link->close_when_sent && link->out.len == 0) {
		say_goodbye(link);
		if (link->wire.len == 0) {
			begin_linger(link);
			drop_input(link);
		}
		return;
	}
	if (link->end_when_sent && link->out.len == 0)
		end_sending(link);
	if (link->is_full && link->out.len + link->wire.len <= LINK_LOW) {
		link->is_full = false;
		link->ops->on_drained(link);
	}
}

void link_flush_later(struct link *link)
{
	if (link_is_full(link))
		link->is_full = true;
	loop_defer(link->loop, &link->flush);
}

void link_send_end(struct link *link)
{
	if (link->state != LINK_OPEN)
		return;
	link->end_when_sent = true;
	link_flush_later(link);
}

void link_finish(struct link *link)
{
	if (link->state == LINK_CLOSED)
		return;
	if (link->state == LINK_HANDSHAKING && send_queue(link, &link->wire) == 0) {
		begin_linger(link); /* a refused peer should get to read the alert that says why */
		return;
	}
	if (link->state != LINK_OPEN) {
		if (link->state != LINK_LINGERING)
			link_close(link);
		return;
	}
	link->close_when_sent = true;
	timer_set(link->loop, &link->linger, loop_now(link->loop) + FINISH_NS);
	link_flush_later(link);
}

/* ---- opening ---- */

static void open_link(struct link *link)
{
	link->state = LINK_OPEN;
	link->ops->on_open(link);
}

static void handshake(struct link *link)
{
	const int done = SSL_do_handshake(link->ssl);

	if (done != 1) {
		const int why = SSL_get_error(link->ssl, done);

		if (send_queue(link, &link->wire) == 0 && why == SSL_ERROR_WANT_READ)
			return;
		fail_tls(link);
		return;
	}

	struct error err = { 0 };

	if (tls_session_check(link->ssl, &err) < 0) {
		link->ops->on_failed(link, &err);
		return;
	}
	link_tls_handshake_done(link);
	(void)send_queue(link, &link->wire);
	open_link(link);
}

/* Takes what on_first said was for nobody else. */
static bool skip_first(const struct link *link, size_t len)
{
	char waste[LINK_FIRST_MAX];

	return recv(link->watch.fd, waste, MIN_OF(len, sizeof(waste)), 0) == (ssize_t)len;
}

static void open_as(struct link *link, enum link_opening how, const char *why)
{
	switch (how) {
	case LINK_OPEN_TLS:
		start_tls(link);
		handshake(link);
		break;
	case LINK_OPEN_PLAIN:
		tls_context_unref(TAKE(link->context));
		open_link(link);
		break;
	default:
		fail(link, -EPROTO, why);
	}
}

static void sniff(struct link *link, bool is_all)
{
	char bytes[LINK_FIRST_MAX];
	struct link_first first;
	enum link_opening how = LINK_NEEDS_MORE;
	ssize_t got;

	do {
		got = recv(link->watch.fd, bytes, sizeof(bytes), MSG_PEEK);
		/* nothing behind what was skipped may be all that is needed */
		if (got < 0 && errno == EAGAIN && !is_all && how != LINK_SKIP)
			return;
		if (got == 0 || (got < 0 && errno != EAGAIN)) {
			fail(link, -ECONNRESET, "closed before the first byte");
			return;
		}
		first = (struct link_first){
			.bytes = { bytes, (size_t)MAX_OF(got, 0) },
			.is_all = is_all || link->peer_closed || got == sizeof(bytes),
			.why = "its first bytes are not what is spoken here",
		};
		how = link->ops->on_first(link, &first);
		if (how == LINK_NEEDS_MORE && !first.is_all)
			return;
	} while (how == LINK_SKIP && skip_first(link, first.skip));
	open_as(link, how, first.why);
}

void link_sniff_over(struct link *link)
{
	if (link->state == LINK_SNIFFING)
		sniff(link, true);
}

static void finish_connect(struct link *link)
{
	const int code = socket_error(link->watch.fd);

	if (code < 0) {
		fail(link, code, strerror(-code));
		return;
	}
	if (link->ssl != NULL) {
		link->state = LINK_HANDSHAKING;
		handshake(link);
	} else {
		open_link(link);
	}
}

static void on_ready(struct watch *watch, uint32_t events)
{
	struct link *link = CONTAINER_OF(watch, struct link, watch);

	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		link->readable = true;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		link->peer_closed = true;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		link->writable = true;

	switch (link->state) {
	case LINK_CONNECTING:
		if (link->writable)
			finish_connect(link);
		break;
	case LINK_SNIFFING:
		sniff(link, false);
		break;
	case LINK_HANDSHAKING:
		handshake(link);
		break;
	case LINK_LINGERING:
		drop_input(link);
		return;
	default:
		break;
	}
	if (link->state == LINK_OPEN && link->writable && link->out.len + link->wire.len > 0)
		link_flush_later(link);
	if (link->state == LINK_OPEN && (link->readable || link_tls_has_pending(link)))
		link->ops->on_input(link);
}
