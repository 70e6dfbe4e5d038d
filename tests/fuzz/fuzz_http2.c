/* SPDX-License-Identifier: Apache-2.0 */
/* What follows an HTTP/2 client's preface, or (first byte 'A') a server's SETTINGS in answer to our
 * request. However it is cut the same is understood; what a server accepts is valid by the rules of
 * HTTP/1 and can be written as HTTP/1 that means the same. */
#include "net/http2_end.h"
#include "net/http2_wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* An accepted request, written as HTTP/1 and read again, has the same target and fields. */
static void check_as_http1(struct http2_end *end, struct http_stream *stream)
{
	AUTO_BUFFER struct buffer bytes = { 0 };
	struct http_head *const head = &stream->head;
	struct http_head again = { 0 };
	struct http1_parser parser;

	(void)end;
	if (http_head_is_connect(head)) /* tunnels are translated by their owner */
		return;
	http1_prepare_request(head);
	http1_head_put(head, buffer_reserve(&bytes, http1_head_size(head)));
	bytes.len = http1_head_size(head);
	http1_parser_init(&parser, &http_limits_default);
	if (http1_parse_request(&parser, &again, bytes.data, bytes.len) != HTTP1_DONE)
		require(parser.problem.status == 414 || parser.problem.status == 431);
	else
		require(parser.next == bytes.len && text_equal(again.method, head->method)
			&& text_equal(again.authority, head->authority)
			&& text_equal(again.path, head->path));
	http_head_done(&again);
}

static void run(struct buffer *seen, const char *bytes, size_t len, size_t piece, bool is_server)
{
	static struct http2_end end; /* large */
	AUTO_BUFFER struct buffer sent = { 0 };
	struct http_head get = { .method = TEXT("GET"),
				 .scheme = TEXT("http"),
				 .authority = TEXT("a"),
				 .path = TEXT("/"),
				 .content_length = HTTP_LENGTH_UNKNOWN };

	http2_end_init(&end, is_server ? HTTP2_SERVER : HTTP2_CLIENT, &http2_config_default);
	end.omits_bodies = true; /* of a malformed message, how much is seen depends on the cut */
	end.on_head = is_server ? check_as_http1 : NULL;
	if (!is_server)
		http_stream_send_head(http2_end_open(&end), &get, true);
	http2_end_take_output(&end, &sent);
	for (size_t at = 0; at < len; at += piece)
		if (http2_end_receive(&end, bytes + at, MIN_OF(piece, len - at)) < 0)
			break;
	buffer_add(seen, end.diary.data, end.diary.len);
	http2_end_done(&end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUFFER struct buffer input = { 0 }, whole = { 0 }, pieces = { 0 };
	const bool is_server = size < 1 || data[0] != 'A';

	if (size < 1 || size > 4096)
		return 0;
	if (is_server)
		wire_preface(&input);
	else
		wire_frame(&input, FRAME_SETTINGS, 0, 0, TEXT(""));
	buffer_add(&input, data + 1, size - 1);
	run(&whole, input.data, input.len, input.len, is_server);
	run(&pieces, input.data, input.len, 1, is_server);
	/* nghttp2 sees some faults of a frame's last bytes only with the next one. */
	require(text_starts_with(buffer_text(&whole), buffer_text(&pieces)));
	return 0;
}
