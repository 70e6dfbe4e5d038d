/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/admin.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define REQUEST_MAX     (16 * 1024)
#define CONNECTIONS_MAX 64
#define PLAIN           "text/plain; charset=utf-8"
#define LIFE_NS         (10 * NS_PER_SEC)

struct admin {
	struct control *control;
	struct watch watch;
	struct slab_pool slabs;
	struct list visitors;
	size_t count;
};

struct visitor {
	struct list link_in_admin;
	struct admin *admin;
	struct link link;
	struct input input;
	struct http1_parser parser;
	struct http_head request;
	struct timer life;
	struct deferred release;
	bool is_answered, waits_for_metrics, is_gone;
};

/* ---- life ---- */

static void run_release(struct deferred *deferred)
{
	struct visitor *visitor = CONTAINER_OF(deferred, struct visitor, release);

	if (visitor->waits_for_metrics)
		return; /* freed when they come */
	input_release(&visitor->input, &visitor->admin->slabs);
	http_head_done(&visitor->request);
	mem_free(visitor);
}

static void leave(struct visitor *visitor)
{
	if (!visitor->is_gone) {
		visitor->is_gone = true;
		list_remove(&visitor->link_in_admin);
		visitor->admin->count--;
		timer_cancel(visitor->link.loop, &visitor->life);
		link_close(&visitor->link);
	}
	loop_defer(visitor->link.loop, &visitor->release);
}

static void on_life_over(struct timer *timer)
{
	leave(CONTAINER_OF(timer, struct visitor, life));
}

static void on_failed(struct link *link, const struct error *err)
{
	(void)err;
	leave(CONTAINER_OF(link, struct visitor, link));
}

/* ---- answering ---- */

static void answer(struct visitor *visitor, unsigned status, const char *content_type,
		   struct text body)
{
	struct http_head head = { .version = HTTP_VERSION_1_1,
				  .status = status,
				  .framing = HTTP_BODY_LENGTH,
				  .content_length = body.len };
	struct link *link = &visitor->link;

	visitor->is_answered = true;
	http_fields_add_known(&head.fields, HTTP_CONTENT_TYPE, text_of(content_type));
	http_fields_add_known(&head.fields, HTTP_CACHE_CONTROL, TEXT("no-store"));
	http1_prepare_response(&head, &visitor->request);
	head.keep_alive = false;
	http1_write_head(&link->out, link->pool, &head);
	if (head.framing != HTTP_BODY_NONE)
		byte_queue_add(&link->out, link->pool, body.ptr, body.len);
	http_head_done(&head);
	link_finish(link);
}

static void on_metrics(void *owner, const struct metrics *metrics)
{
	struct visitor *visitor = owner;
	const struct control *control = visitor->admin->control;
	AUTO_BUFFER struct buffer body = { 0 };

	visitor->waits_for_metrics = false;
	if (visitor->is_gone) {
		loop_defer(visitor->link.loop, &visitor->release);
		return;
	}
	metrics_write(metrics, &body);
	buffer_printf(&body,
		      "# HELP mangrove_plans_applied_total Configurations put in force.\n"
		      "# TYPE mangrove_plans_applied_total counter\n"
		      "mangrove_plans_applied_total %llu\n"
		      "# HELP mangrove_plans_refused_total Configurations that were not.\n"
		      "# TYPE mangrove_plans_refused_total counter\n"
		      "mangrove_plans_refused_total %llu\n"
		      "# HELP mangrove_access_log_lines_dropped_total Lines that the log could not "
		      "take in time.\n"
		      "# TYPE mangrove_access_log_lines_dropped_total counter\n"
		      "mangrove_access_log_lines_dropped_total %llu\n"
		      "# HELP mangrove_spans_dropped_total Spans that no collector took in time.\n"
		      "# TYPE mangrove_spans_dropped_total counter\n"
		      "mangrove_spans_dropped_total %llu\n",
		      (unsigned long long)control->plans_applied,
		      (unsigned long long)control->plans_refused,
		      (unsigned long long)access_log_dropped(control->log),
		      (unsigned long long)trace_export_dropped(control->traces));
	answer(visitor, 200, "text/plain; version=0.0.4", buffer_text(&body));
}

static const struct admin_page *find_page(struct text path)
{
	for (const struct admin_page *page = admin_pages; page->path != NULL; page++)
		if (text_is(path, page->path))
			return page;
	return NULL;
}

static void serve_change(struct visitor *visitor, const struct admin_page *page, struct text query)
{
	AUTO_BUFFER struct buffer body = { 0 };

	if (page->change == NULL) {
		answer(visitor, 405, PLAIN, TEXT("this page can only be read\n"));
		return;
	}
	if (http_fields_find(&visitor->request.fields, TEXT("origin")) != NULL) {
		answer(visitor, 403, PLAIN, TEXT("web pages change nothing here\n"));
		return;
	}

	const unsigned status = page->change(query, &body);

	answer(visitor, status, PLAIN, buffer_text(&body));
}

static void serve_page(struct visitor *visitor, const struct admin_page *page)
{
	AUTO_BUFFER struct buffer body = { 0 };

	if (page->write == NULL) {
		visitor->waits_for_metrics = true;
		control_gather_metrics(visitor->admin->control, on_metrics, visitor);
		return;
	}

	const unsigned status = page->write(visitor->admin->control, &body);

	answer(visitor, status, page->content_type, buffer_text(&body));
}

static void serve(struct visitor *visitor)
{
	const struct text target = visitor->request.path;
	const struct text path = path_without_query(target);
	const struct text query =
		path.len < target.len ? text_from(target, path.len + 1) : (struct text){ NULL, 0 };
	const struct admin_page *page = find_page(path);
	const struct text method = visitor->request.method;

	if (page == NULL)
		answer(visitor, 404, PLAIN, TEXT("there is no such page; / lists them\n"));
	else if (text_is(method, "POST"))
		serve_change(visitor, page, query);
	else if (text_is(method, "GET") || text_is(method, "HEAD"))
		serve_page(visitor, page);
	else
		answer(visitor, 405, PLAIN, TEXT("GET reads a page, POST changes what it shows\n"));
}

/* ---- reading ---- */

static void on_input(struct link *link)
{
	struct visitor *visitor = CONTAINER_OF(link, struct visitor, link);
	size_t room;

	while (!visitor->is_answered && !visitor->waits_for_metrics && !visitor->is_gone) {
		char *into = input_room(&visitor->input, link->pool, REQUEST_MAX, &room);
		const ssize_t got = into != NULL ? link_read(link, into, room) : -E2BIG;

		if (got == -EAGAIN)
			return;
		if (got <= 0) {
			leave(visitor);
			return;
		}
		visitor->input.end += (size_t)got;
		switch (http1_parse_request(&visitor->parser, &visitor->request,
					    input_bytes(&visitor->input),
					    input_length(&visitor->input))) {
		case HTTP1_DONE:
			serve(visitor);
			break;
		case HTTP1_REFUSED:
			answer(visitor, visitor->parser.problem.status, PLAIN,
			       text_of(visitor->parser.problem.reason));
			break;
		default:
			break;
		}
	}
}

static void ignore(struct link *link)
{
	(void)link;
}

static const struct link_ops ops = {
	.on_open = ignore,
	.on_input = on_input,
	.on_drained = ignore,
	.on_failed = on_failed,
};

/* ---- listening ---- */

static void welcome(struct admin *admin, int fd)
{
	struct visitor *visitor = MEM_NEW(struct visitor);
	struct loop *loop = admin->control->loop;

	visitor->admin = admin;
	visitor->link = (struct link){ .loop = loop, .pool = &admin->slabs, .ops = &ops };
	visitor->life.fire = on_life_over;
	visitor->release.run = run_release;
	http1_parser_init(&visitor->parser, &http_limits_default);
	list_append(&admin->visitors, &visitor->link_in_admin);
	admin->count++;
	timer_set(loop, &visitor->life, loop_now(loop) + LIFE_NS);
	if (link_accept(&visitor->link, fd, NULL, false, NULL) < 0)
		leave(visitor);
}

static void on_visitors(struct watch *watch, uint32_t events)
{
	struct admin *admin = CONTAINER_OF(watch, struct admin, watch);
	struct address peer;
	int fd;

	(void)events;
	while ((fd = socket_accept(watch->fd, &peer)) >= 0) {
		if (admin->count >= CONNECTIONS_MAX)
			close(fd);
		else
			welcome(admin, fd);
	}
}

int admin_listen(struct control *control, const struct address *address, struct admin **out,
		 struct error *err)
{
	int fd = inheritance_socket(&control->inheritance, ADMIN_KEY, 0);

	if (fd < 0)
		fd = socket_check_free(address, err);
	if (fd == 0)
		fd = socket_listen(address, 0600, err);
	if (fd < 0)
		return error_prefix(err, "admin port");

	struct admin *admin = MEM_NEW(struct admin);

	admin->control = control;
	admin->watch = (struct watch){ .fd = fd, .ready = on_visitors };
	list_init(&admin->visitors);
	*out = admin;
	return loop_watch(control->loop, &admin->watch, EPOLLIN, err);
}

int admin_socket(const struct admin *admin)
{
	return admin->watch.fd;
}

void admin_free(struct admin *admin)
{
	if (admin == NULL)
		return;
	loop_unwatch(admin->control->loop, &admin->watch);
	close(admin->watch.fd);
	LIST_FOR_EACH_SAFE (&admin->visitors, link)
		leave(LIST_ITEM(link, struct visitor, link_in_admin));
	loop_run_deferred(admin->control->loop);
	slab_pool_done(&admin->slabs);
	mem_free(admin);
}
