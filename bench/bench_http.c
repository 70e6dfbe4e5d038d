/* SPDX-License-Identifier: Apache-2.0 */
/* bench_http — what the HTTP codecs cost a message, in memory: ./dev bench http [SECONDS]
 *
 * Each row is the CPU time of one message, the best of several rounds, so that what else the
 * machine does is left out. Compare rows with each other, or two builds in turn; not two machines.
 */
#include "net/net.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 20

static const char request_bytes[] = "GET /api/v1/users/42?fields=name,mail HTTP/1.1\r\n"
				    "Host: users.prod.svc.cluster.local\r\n"
				    "User-Agent: curl/7.88.1\r\n"
				    "Accept: application/json\r\n"
				    "Accept-Encoding: gzip\r\n"
				    "X-Request-Id: 8e7d2f0c9b1a\r\n"
				    "X-Forwarded-For: 192.0.2.1\r\n"
				    "Cookie: session=0123456789\r\n"
				    "Connection: keep-alive\r\n\r\n";

static const char answer_bytes[] = "HTTP/1.1 200 OK\r\n"
				   "Server: nginx\r\n"
				   "Date: Sat, 21 Nov 2026 12:00:00 GMT\r\n"
				   "Content-Type: application/json\r\n"
				   "Content-Length: 1024\r\n\r\n";

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

/* ---- HTTP/1 ---- */

struct http1_bench {
	char bytes[sizeof(request_bytes)];
	char out[1024];
	struct http_head head, request;
	struct byte_queue queue;
	struct slab_pool pool;
	struct arena arena;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void parse_request(void *state)
{
	struct http1_bench *bench = state;
	struct http1_parser parser;

	memcpy(bench->bytes, request_bytes, sizeof(request_bytes));
	http1_parser_init(&parser, &http_limits_default);
	require(http1_parse_request(&parser, &bench->head, bench->bytes, sizeof(request_bytes) - 1)
		== HTTP1_DONE);
}

static void forward_request(void *state)
{
	struct http1_bench *bench = state;
	parse_request(bench);
	http_head_remove_hop_by_hop(&bench->head);
	http_fields_set_known(&bench->head.fields, HTTP_X_FORWARDED_PROTO, TEXT("https"));
	http1_prepare_request(&bench->head);
	http1_head_put(&bench->head, bench->out);
}

static void forward_answer(void *state)
{
	struct http1_bench *bench = state;
	struct http1_parser parser;

	memcpy(bench->bytes, answer_bytes, sizeof(answer_bytes));
	http1_parser_init(&parser, &http_limits_default);
	require(http1_parse_response(&parser, &bench->head, &bench->request, bench->bytes,
				     sizeof(answer_bytes) - 1)
		== HTTP1_DONE);
	http_head_remove_hop_by_hop(&bench->head);
	http1_prepare_response(&bench->head, &bench->request);
	http1_head_put(&bench->head, bench->out);
}

static void read_chunks(void *state)
{
	struct http1_bench *bench = state;
	static char body[1024 + 64];
	const struct http_head head = { .framing = HTTP_BODY_CHUNKED };
	struct http_fields trailers = { 0 };
	struct http1_body decoder;
	struct text input = { body, 5 + 1024 + 7 }, data;

	memcpy(body, "400\r\n", 5);
	memcpy(body + 5 + 1024, "\r\n0\r\n\r\n", 7);
	http1_body_init(&decoder, &head, &http_limits_default, &trailers, &bench->arena);
	while (http1_body_read(&decoder, &input, &data) == HTTP1_BODY_DATA)
		bench->out[0] = data.ptr[0];
	require(decoder.state == HTTP1_BODY_AT_END);
}

/* ---- HTTP/2: a client and a server, bytes carried between them ---- */

struct http2_side_bench {
	struct http2 *http2;
	struct http2_memory *memory;
	struct byte_queue out;
	struct slab_pool pool;
	struct http_stream *stream;
	size_t bytes;
};

struct http2_bench {
	struct http2_side_bench client, server;
	struct http_head request, answer;
};

static void on_head(struct http_stream *stream)
{
	(void)stream;
}

static void on_body(struct http_stream *stream, struct text data)
{
	struct http2_side_bench *side = stream->owner;

	side->bytes += data.len;
	http_stream_consume(stream, data.len);
}

static void on_close(struct http_stream *stream, enum http_close why)
{
	(void)stream;
	require(why == HTTP_CLOSE_DONE);
}

static const struct http_stream_events stream_events = { .on_head = on_head,
							 .on_body = on_body,
							 .on_end = on_head,
							 .on_writable = on_head,
							 .on_close = on_close };

static void on_stream(struct http2 *http2, struct http_stream *stream)
{
	struct http2_side_bench *side = http2_owner(http2);

	stream->events = &stream_events;
	stream->owner = side;
	side->stream = stream;
}

static void on_output(struct http2 *http2)
{
	(void)http2;
}

static const struct http2_events http2_events = { .on_stream = on_stream, .on_output = on_output };

static void http2_side_init(struct http2_side_bench *side, enum http2_side which)
{
	side->memory = http2_memory_new();
	side->http2 = http2_new(which, &http2_config_default, &http2_events, side, side->memory,
				&side->out, &side->pool);
}

static void carry(struct http2_side_bench *from, struct http2_side_bench *to)
{
	http2_flush(from->http2);
	while (from->out.len > 0) {
		const struct slab *slab = from->out.first;
		const size_t len = slab->end - slab->start;

		require(http2_receive(to->http2, slab->data + slab->start, len, 0, NULL) == 0);
		byte_queue_consume(&from->out, &from->pool, len);
	}
}

static void exchange_http2(void *state)
{
	struct http2_bench *bench = state;
	static const char body[1024];
	struct http_stream *stream =
		http2_open(bench->client.http2, &stream_events, &bench->client);

	http_stream_send_head(stream, &bench->request, true);
	carry(&bench->client, &bench->server);
	http_stream_send_head(bench->server.stream, &bench->answer, false);
	require(http_stream_send_body(bench->server.stream, (struct text){ body, sizeof(body) },
				      true)
		== sizeof(body));
	carry(&bench->server, &bench->client);
}

static void parse_into(struct http_head *head, char *bytes, const struct http_head *request)
{
	struct http1_parser parser;

	http1_parser_init(&parser, &http_limits_default);
	if (request == NULL)
		require(http1_parse_request(&parser, head, bytes, strlen(bytes)) == HTTP1_DONE);
	else
		require(http1_parse_response(&parser, head, request, bytes, strlen(bytes))
			== HTTP1_DONE);
	http_head_remove_hop_by_hop(head);
}

/* ---- the table ---- */

typedef void bench_fn(void *bench);

static void measure(const char *what, bench_fn *run, void *bench, uint64_t round_ns)
{
	double best_ns = 0;
	unsigned repeat = 100;

	for (int round = 0; round < ROUNDS; round++) {
		const uint64_t start = cpu_ns();

		for (unsigned i = 0; i < repeat; i++)
			run(bench);

		const uint64_t spent = cpu_ns() - start;
		const double each_ns = (double)spent / repeat;

		if (best_ns == 0 || each_ns < best_ns)
			best_ns = each_ns;
		if (spent < round_ns / 2)
			repeat *= 2;
	}
	printf("%-58s %8.0f ns\n", what, best_ns);
}

int main(int argc, char **argv)
{
	static char request_copy[sizeof(request_bytes)], answer_copy[sizeof(answer_bytes)];
	const double seconds = argc > 1 ? strtod(argv[1], NULL) : 5;
	const uint64_t round_ns = (uint64_t)(seconds * 1e9 / 5 / ROUNDS);
	struct http1_bench http1 = { .request = { .method = TEXT("GET"),
						  .version = HTTP_VERSION_1_1,
						  .keep_alive = true } };
	struct http2_bench http2 = { 0 };

	printf("CPU time a message; the request has %zu bytes and 8 fields\n",
	       sizeof(request_bytes) - 1);
	arena_init(&http1.arena, 1024);
	measure("HTTP/1: a request is read", parse_request, &http1, round_ns);
	measure("HTTP/1: a request is read, edited, written", forward_request, &http1, round_ns);
	measure("HTTP/1: an answer is read, edited, written", forward_answer, &http1, round_ns);
	measure("HTTP/1: 1 KiB in one chunk is read", read_chunks, &http1, round_ns);

	memcpy(request_copy, request_bytes, sizeof(request_bytes));
	memcpy(answer_copy, answer_bytes, sizeof(answer_bytes));
	parse_into(&http2.request, request_copy, NULL);
	parse_into(&http2.answer, answer_copy, &http2.request);
	http2_side_init(&http2.client, HTTP2_CLIENT);
	http2_side_init(&http2.server, HTTP2_SERVER);
	carry(&http2.client, &http2.server);
	carry(&http2.server, &http2.client);
	measure("HTTP/2: request and 1 KiB answer, client and server", exchange_http2, &http2,
		round_ns);
	return 0;
}
