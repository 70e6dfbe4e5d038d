/* SPDX-License-Identifier: Apache-2.0 */
/* What is written for what was read: `message` is parsed, prepared and written as the next hop, or
 * the client, would get it. */
#include "net/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct write_case {
	const char *name;
	const char *request; /* as the client sent it */
	const char *answer;  /* NULL: the request is what is written */
	const char *want;
} rows[] = {
	{ "a request", "GET /a?b HTTP/1.1\r\nHost: A:80\r\nX-C: d\r\n\r\n", NULL,
	  "GET /a?b HTTP/1.1\r\nhost: a:80\r\nx-c: d\r\n\r\n" },
	{ "what concerns the connection is not passed on",
	  "GET / HTTP/1.1\r\nConnection: x-c, close\r\nHost: a\r\nX-C: d\r\nKeep-Alive: 5\r\n\r\n",
	  NULL, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n" },
	{ "Host and length cannot be named away",
	  "GET / HTTP/1.1\r\nConnection: host, content-length\r\nHost: a\r\nContent-Length: "
	  "5\r\n\r\n",
	  NULL, "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n" },
	{ "an absolute target becomes a path", "GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n", NULL,
	  "GET /b HTTP/1.1\r\nhost: a\r\n\r\n" },
	{ "chunks stay chunks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
	  NULL, "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n" },
	{ "a length of zero stays", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", NULL,
	  "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n" },
	{ "an upgrade is not passed on by itself",
	  "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, http2-settings\r\nUpgrade: "
	  "h2c\r\nHTTP2-Settings: x\r\n\r\n",
	  NULL, "GET / HTTP/1.1\r\nhost: a\r\n\r\n" },
	{ "trailers stay accepted", "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n", NULL,
	  "GET / HTTP/1.1\r\nhost: a\r\nconnection: te\r\nte: trailers\r\n\r\n" },
	{ "OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", NULL,
	  "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n" },

	{ "an answer", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	  "HTTP/1.1 200 Fine\r\nX-C: d\r\nContent-Length: 5\r\n\r\n",
	  "HTTP/1.1 200 Fine\r\nx-c: d\r\ncontent-length: 5\r\n\r\n" },
	{ "an answer without reason", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	  "HTTP/1.1 404\r\nContent-Length: 5\r\n\r\n",
	  "HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\n\r\n" },
	{ "the upstream's close is not the client's", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n",
	  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n" },
	{ "the client's close is answered",
	  "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
	  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\n" },
	{ "until close becomes chunks", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	  "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" },
	{ "HTTP/1.0 gets no chunks", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" },
	{ "HTTP/1.0 is told that we keep", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
	  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: keep-alive\r\n\r\n" },
	{ "HEAD keeps the length", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
	  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n" },
	{ "HEAD gets no chunks", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n" },
	{ "204 says no length", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	  "HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 x\r\n\r\n" },
	{ "an interim answer says nothing of the connection",
	  "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
	  "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
	  "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" },
};

struct message {
	struct http_head head;
	char *bytes;
};

static void parse(struct message *message, const char *bytes, const struct http_head *request)
{
	struct http1_parser parser;

	message->bytes = mem_strdup(bytes);
	http1_parser_init(&parser, &http_limits_default);
	if (request == NULL)
		assert_int_equal(
			http1_parse_request(&parser, &message->head, message->bytes, strlen(bytes)),
			HTTP1_DONE);
	else
		assert_int_equal(http1_parse_response(&parser, &message->head, request,
						      message->bytes, strlen(bytes)),
				 HTTP1_DONE);
	http_head_remove_hop_by_hop(&message->head);
}

static void release(struct message *message)
{
	http_head_done(&message->head);
	mem_free(message->bytes);
}

static void assert_written(const struct http_head *head, const char *want)
{
	char out[1024];
	const size_t size = http1_head_size(head);

	assert_true(size < sizeof(out));
	*http1_head_put(head, out) = '\0';
	assert_string_equal(out, want);
	assert_int_equal(strlen(out), size);
}

static void check_row(void **state)
{
	const struct write_case *row = *state;
	struct message request = { 0 }, answer = { 0 };

	parse(&request, row->request, NULL);
	if (row->answer == NULL) {
		http1_prepare_request(&request.head);
		assert_written(&request.head, row->want);
	} else {
		parse(&answer, row->answer, &request.head);
		http1_prepare_response(&answer.head, &request.head);
		assert_written(&answer.head, row->want);
	}
	release(&request);
	release(&answer);
}

static void an_upgrade_that_is_granted_is_passed_on(void **state)
{
	struct message request = { 0 };

	(void)state;
	parse(&request, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", NULL);
	request.head.upgrade = TEXT("websocket");
	assert_written(&request.head,
		       "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: "
		       "websocket\r\n\r\n");
	release(&request);
}

static void assert_queued(struct byte_queue *queue, const char *want)
{
	assert_int_equal(queue->len, strlen(want));
	assert_memory_equal(queue->first->data + queue->first->start, want, strlen(want));
}

static void chunks_and_trailers_are_written(void **state)
{
	struct slab_pool pool = { 0 };
	struct byte_queue queue = { 0 };
	struct http_fields trailers = { 0 };

	(void)state;
	http1_write_continue(&queue, &pool);
	http1_write_chunk(&queue, &pool, TEXT("hello, hello, hello"));
	http1_write_chunk(&queue, &pool, TEXT(""));
	http1_write_last_chunk(&queue, &pool, NULL);
	http_fields_add(&trailers, TEXT("grpc-status"), TEXT("0"));
	http_fields_add(&trailers, TEXT("transfer-encoding"), TEXT("never written"));
	http1_write_last_chunk(&queue, &pool, &trailers);
	assert_queued(&queue, "HTTP/1.1 100 Continue\r\n\r\n13\r\nhello, hello, hello\r\n0\r\n\r\n"
			      "0\r\ngrpc-status: 0\r\n\r\n");
	http_fields_done(&trailers);
	byte_queue_clear(&queue, &pool);
	slab_pool_done(&pool);
}

static void a_head_may_be_larger_than_a_slab(void **state)
{
	struct slab_pool pool = { 0 };
	struct byte_queue queue = { 0 };
	struct message request = { 0 };
	AUTO_BUFFER struct buffer value = { 0 };

	(void)state;
	memset(buffer_reserve(&value, 2 * SLAB_SIZE), 'v', 2 * SLAB_SIZE);
	parse(&request, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", NULL);
	http_fields_add(&request.head.fields, TEXT("x"),
			(struct text){ value.data, 2 * SLAB_SIZE });
	http1_write_head(&queue, &pool, &request.head);
	assert_int_equal(queue.len, http1_head_size(&request.head));
	release(&request);
	byte_queue_clear(&queue, &pool);
	slab_pool_done(&pool);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 3] = {
		cmocka_unit_test(an_upgrade_that_is_granted_is_passed_on),
		cmocka_unit_test(chunks_and_trailers_are_written),
		cmocka_unit_test(a_head_may_be_larger_than_a_slab),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[3 + i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = check_row,
						    .initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("http1_write", tests, NULL, NULL);
}
