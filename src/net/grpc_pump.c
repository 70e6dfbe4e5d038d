/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc_pump.h"

#include <errno.h>

/* Runs as deferred work, so never inside one of nghttp2's own callbacks. */
static void flush(struct deferred *deferred)
{
	struct grpc_pump *pump = CONTAINER_OF(deferred, struct grpc_pump, flush);

	while (!link_is_full(&pump->link)) {
		const uint8_t *bytes;
		const ssize_t len = nghttp2_session_mem_send(pump->session, &bytes);

		if (len <= 0)
			break;
		byte_queue_add(&pump->link.out, pump->link.pool, bytes, (size_t)len);
	}
	link_flush_later(&pump->link);
	if (nghttp2_session_want_read(pump->session) == 0
	    && nghttp2_session_want_write(pump->session) == 0)
		pump->on_done(pump);
}

void grpc_pump_flush_later(struct grpc_pump *pump)
{
	pump->flush.run = flush;
	if (pump->session != NULL && link_is_open(&pump->link))
		loop_defer(pump->link.loop, &pump->flush);
}

int grpc_pump_input(struct grpc_pump *pump, struct error *err)
{
	uint8_t bytes[16384];

	for (;;) {
		const ssize_t len = link_read(&pump->link, bytes, sizeof(bytes));

		if (len == -EAGAIN)
			break;
		if (len == 0)
			return error_set(err, -ECONNRESET, "the peer closed the connection");
		if (len < 0)
			return error_set(err, (int)len, "%s", strerror((int)-len));

		const ssize_t used = nghttp2_session_mem_recv(pump->session, bytes, (size_t)len);

		if (used < 0)
			return error_set(err, -EPROTO, "HTTP/2: %s", nghttp2_strerror((int)used));
	}
	grpc_pump_flush_later(pump);
	return 0;
}

void grpc_pump_close(struct grpc_pump *pump)
{
	loop_undefer(&pump->flush);
	link_close(&pump->link);
	nghttp2_session_del(TAKE(pump->session));
}

nghttp2_nv grpc_header(const char *name, struct text value)
{
	return (nghttp2_nv){ .name = (uint8_t *)(uintptr_t)name,
			     .namelen = strlen(name),
			     .value = (uint8_t *)(uintptr_t)value.ptr,
			     .valuelen = value.len };
}
