/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/admit_visitor.h"

#include <errno.h>

#define VISITORS_MAX 512
#define IDLE_NS      (120 * NS_PER_SEC)
#define REQUEST_NS   (30 * NS_PER_SEC) /* from its first byte to its last */

struct admit_visitor {
	struct list link_in_server;
	struct admit_server *server;
	struct link link;
	struct input input;
	struct http1_parser parser;
	struct http_head request;
	struct http_fields trailers;
	struct http1_body body_reader;
	struct buffer body;
	struct arena arena; /* of one request */
	struct timer patience;
	struct deferred release;
	bool is_secure, has_head, is_closing, is_gone;
};

/* ---- life ---- */

static void run_release(struct deferred *deferred)
{
	struct admit_visitor *visitor = CONTAINER_OF(deferred, struct admit_visitor, release);

	input_release(&visitor->input, &visitor->server->slabs);
	http_head_done(&visitor->request);
	http_fields_done(&visitor->trailers);
	buffer_done(&visitor->body);
	arena_done(&visitor->arena);
	mem_free(visitor);
}

static void leave(struct admit_visitor *visitor)
{
	if (visitor->is_gone)
		return;
	visitor->is_gone = true;
	list_remove(&visitor->link_in_server);
	visitor->server->visitor_count--;
	timer_cancel(visitor->link.loop, &visitor->patience);
	link_close(&visitor->link);
	loop_defer(visitor->link.loop, &visitor->release);
}

static void on_patience_over(struct timer *timer)
{
	leave(CONTAINER_OF(timer, struct admit_visitor, patience));
}

static void be_patient(struct admit_visitor *visitor, uint64_t ns)
{
	timer_set(visitor->link.loop, &visitor->patience, loop_now(visitor->link.loop) + ns);
}

static void expect_request(struct admit_visitor *visitor)
{
	visitor->has_head = false;
	buffer_clear(&visitor->body);
	http_head_clear(&visitor->request);
	http_fields_clear(&visitor->trailers);
	arena_reset(&visitor->arena);
	http1_parser_init(&visitor->parser, &http_limits_default);
	be_patient(visitor, IDLE_NS);
}

/* ---- answering ---- */

static void send_answer(struct admit_visitor *visitor, const struct admit_answer *answer)
{
	struct link *link = &visitor->link;
	struct http_head head = { .version = HTTP_VERSION_1_1,
				  .status = answer->status,
				  .framing = HTTP_BODY_LENGTH,
				  .content_length = answer->body.len,
				  .keep_alive = !visitor->is_closing };

	http_fields_add_known(&head.fields, HTTP_CONTENT_TYPE, text_of(answer->content_type));
	http_fields_add_known(&head.fields, HTTP_CACHE_CONTROL, TEXT("no-store"));
	http1_prepare_response(&head, &visitor->request);
	visitor->is_closing = !head.keep_alive;
	http1_write_head(&link->out, link->pool, &head);
	if (head.framing != HTTP_BODY_NONE)
		byte_queue_add(&link->out, link->pool, answer->body.data, answer->body.len);
	http_head_done(&head);
	if (visitor->is_closing)
		link_finish(link);
	else
		link_flush_later(link);
}

static void respond(struct admit_visitor *visitor)
{
	struct admit_answer answer = { 0 };
	struct list *visitors = &visitor->server->visitors;

	admit_respond(visitor->server, visitor->request.method, visitor->request.path,
		      buffer_text(&visitor->body), visitor->is_secure, &answer);
	send_answer(visitor, &answer);
	buffer_done(&answer.body);
	list_remove(&visitor->link_in_server);
	list_append(visitors, &visitor->link_in_server);
	if (!visitor->is_closing)
		expect_request(visitor);
}

static void refuse(struct admit_visitor *visitor, unsigned status, const char *reason)
{
	struct admit_answer answer = { .status = status, .content_type = "text/plain" };

	buffer_printf(&answer.body, "%s\n", reason);
	visitor->is_closing = true;
	send_answer(visitor, &answer);
	buffer_done(&answer.body);
}

/* ---- reading ---- */

/* Both return whether there may be more to do with what has arrived. */
static bool take_head(struct admit_visitor *visitor)
{
	if (input_length(&visitor->input) > 0 && visitor->parser.next == 0)
		be_patient(visitor, REQUEST_NS);
	switch (http1_parse_request(&visitor->parser, &visitor->request,
				    input_bytes(&visitor->input), input_length(&visitor->input))) {
	case HTTP1_DONE:
		break;
	case HTTP1_REFUSED:
		refuse(visitor, visitor->parser.problem.status, visitor->parser.problem.reason);
		return false;
	default:
		return false;
	}
	http_head_keep(&visitor->request, &visitor->arena);
	input_consume(&visitor->input, visitor->parser.next);
	visitor->has_head = true;
	http1_body_init(&visitor->body_reader, &visitor->request, &http_limits_default,
			&visitor->trailers, &visitor->arena);
	if (visitor->request.framing == HTTP_BODY_LENGTH
	    && visitor->request.content_length > ADMISSION_REVIEW_MAX) {
		refuse(visitor, 413, "a review is at most 8 MiB");
		return false;
	}
	if (visitor->request.expect_continue)
		http1_write_continue(&visitor->link.out, visitor->link.pool);
	return true;
}

static bool take_body(struct admit_visitor *visitor)
{
	struct text rest = { input_bytes(&visitor->input), input_length(&visitor->input) };
	const size_t before = rest.len;
	enum http1_body_result result;
	struct text data;

	while ((result = http1_body_read(&visitor->body_reader, &rest, &data)) == HTTP1_BODY_DATA
	       && visitor->body.len <= ADMISSION_REVIEW_MAX)
		buffer_add(&visitor->body, data.ptr, data.len);
	input_consume(&visitor->input, before - rest.len);
	if (visitor->body.len > ADMISSION_REVIEW_MAX)
		refuse(visitor, 413, "a review is at most 8 MiB");
	else if (result == HTTP1_BODY_REFUSED)
		refuse(visitor, 400, visitor->body_reader.problem.reason);
	else if (result == HTTP1_BODY_END)
		respond(visitor);
	return result == HTTP1_BODY_END && input_length(&visitor->input) > 0;
}

static void work(struct admit_visitor *visitor)
{
	bool goes_on = true;

	while (goes_on && !visitor->is_closing && !link_is_full(&visitor->link))
		goes_on = visitor->has_head ? take_body(visitor) : take_head(visitor);
	if (input_length(&visitor->input) == 0)
		input_release(&visitor->input, &visitor->server->slabs);
}

static void on_input(struct link *link)
{
	struct admit_visitor *visitor = CONTAINER_OF(link, struct admit_visitor, link);
	size_t room;

	while (!visitor->is_closing && !visitor->is_gone && !link_is_full(link)) {
		char *into = input_room(&visitor->input, link->pool,
					http_limits_default.head_bytes + SLAB_SIZE, &room);
		const ssize_t got = into != NULL ? link_read(link, into, room) : -E2BIG;

		if (got == -EAGAIN)
			return;
		if (got <= 0) {
			leave(visitor);
			return;
		}
		visitor->input.end += (size_t)got;
		work(visitor);
	}
}

/* Answers have left: what was asked meanwhile comes next. */
static void on_drained(struct link *link)
{
	work(CONTAINER_OF(link, struct admit_visitor, link));
	on_input(link);
}

static void on_failed(struct link *link, const struct error *err)
{
	log_debug("a connection ended: %s", err->text);
	leave(CONTAINER_OF(link, struct admit_visitor, link));
}

static void on_finished(struct link *link)
{
	leave(CONTAINER_OF(link, struct admit_visitor, link));
}

static void on_open(struct link *link)
{
	(void)link;
}

static const struct link_ops ops = {
	.on_open = on_open,
	.on_input = on_input,
	.on_drained = on_drained,
	.on_failed = on_failed,
	.on_finished = on_finished,
};

void admit_visitor_welcome(struct admit_server *server, int fd, struct tls_context *context)
{
	struct admit_visitor *visitor = MEM_NEW(struct admit_visitor);

	/* whoever was silent longest makes room: nobody can keep the API server out by waiting */
	if (server->visitor_count >= VISITORS_MAX)
		leave(CONTAINER_OF(server->visitors.next, struct admit_visitor, link_in_server));
	visitor->server = server;
	visitor->is_secure = context != NULL;
	visitor->link = (struct link){ .loop = server->loop, .pool = &server->slabs, .ops = &ops };
	visitor->patience.fire = on_patience_over;
	visitor->release.run = run_release;
	arena_init(&visitor->arena, 2048);
	list_append(&server->visitors, &visitor->link_in_server);
	server->visitor_count++;
	expect_request(visitor);
	be_patient(visitor, REQUEST_NS); /* the handshake and the first request */
	if (link_accept(&visitor->link, fd, context, false, NULL) < 0)
		leave(visitor);
}

void admit_visitors_leave(struct admit_server *server)
{
	LIST_FOR_EACH_SAFE (&server->visitors, link)
		leave(LIST_ITEM(link, struct admit_visitor, link_in_server));
}
