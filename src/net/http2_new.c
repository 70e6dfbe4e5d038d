/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2_connection.h"

#include <assert.h>

static nghttp2_option *new_options(const struct http2_config *config)
{
	nghttp2_option *option;

	if (nghttp2_option_new(&option) != 0)
		abort();
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_option_set_peer_max_concurrent_streams(option, config->max_streams);
	/* Ours count with the loop's clock and can be configured; nghttp2's must not come first. */
	nghttp2_option_set_stream_reset_rate_limit(option, UINT32_MAX, UINT32_MAX);
	/* nghttp2 1.52 counts reads, not frames (its issue 2817); ours is in http2_receive.c. */
	nghttp2_option_set_max_continuations(option, SIZE_MAX);
	return option;
}

static void submit_settings(struct http2 *http2)
{
	const struct http2_config *const config = http2->config;
	const bool is_server = http2->side == HTTP2_SERVER;
	nghttp2_settings_entry entries[5] = {
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, config->stream_window },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)config->limits.head_bytes },
		{ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
	};
	size_t count = 3;

	if (is_server)
		entries[count++] =
			(nghttp2_settings_entry){ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
						  config->max_streams };
	else
		entries[count++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 };
	if (is_server && config->allow_extended_connect)
		entries[count++] =
			(nghttp2_settings_entry){ NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1 };
	nghttp2_submit_settings(http2->session, NGHTTP2_FLAG_NONE, entries, count);
	nghttp2_session_set_local_window_size(http2->session, NGHTTP2_FLAG_NONE, 0,
					      (int32_t)config->connection_window);
}

static nghttp2_session *new_session(struct http2 *http2)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *const option = new_options(http2->config);
	nghttp2_mem *const memory = &http2->memory->for_nghttp2;
	nghttp2_session *session = NULL;
	int code;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		abort();
	http2_set_callbacks(callbacks);
	code = http2->side == HTTP2_SERVER
		       ? nghttp2_session_server_new3(&session, callbacks, http2, option, memory)
		       : nghttp2_session_client_new3(&session, callbacks, http2, option, memory);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(option);
	if (code != 0)
		abort(); /* only for want of memory, which does not come back from mem_alloc */
	return session;
}

struct http2 *http2_new(enum http2_side side, const struct http2_config *config,
			const struct http2_events *events, void *owner, struct http2_memory *memory,
			struct byte_queue *out, struct slab_pool *pool)
{
	struct http2 *const http2 = MEM_NEW(struct http2);

	*http2 = (struct http2){
		.side = side,
		.config = config,
		.events = events,
		.owner = owner,
		.memory = memory,
		.out = out,
		.pool = pool,
		.resets = http2_budget_of(config->reset_burst, config->resets_per_second),
		.controls = http2_budget_of(config->control_burst, config->controls_per_second),
	};
	list_init(&http2->streams);
	list_init(&http2->closed);
	list_init(&http2->blocked);
	http2->session = new_session(http2);
	submit_settings(http2);
	http2_want_flush(http2);
	return http2;
}

void http2_free(struct http2 *http2)
{
	if (http2 == NULL)
		return;
	assert(!http2->is_inside);
	http2->wants_flush = true; /* nothing will be sent any more */
	while (!list_is_empty(&http2->streams))
		http2_stream_closed(LIST_ITEM(http2->streams.next, struct http2_stream, link),
				    HTTP_CLOSE_CONNECTION);
	http2_tell_closed(http2);
	nghttp2_session_del(http2->session);
	mem_free(http2);
}
