/* SPDX-License-Identifier: Apache-2.0 */
/* filter.c — the walk of a request over the filters, with its stops. */
#include "proxy/filter.h"

#include "proxy/codec.h"
#include "proxy/worker.h"

static const struct filter *const filters[] = {
	&normalize_filter, &headers_filter, &external_filter,    &authenticate_filter,
	&authorize_filter, &route_filter,   &fault_delay_filter, &fault_abort_filter,
	&cors_filter,      &answer_filter,  &rewrite_filter,
};

static const struct filter *const tcp_filters[] = { &external_filter, &authorize_tcp_filter,
						    &route_tcp_filter };

static const struct filter *next_filter(struct exchange *exchange)
{
	const size_t count = exchange->is_tcp ? COUNT_OF(tcp_filters) : COUNT_OF(filters);

	if (exchange->next_filter == count)
		return NULL;
	return exchange->is_tcp ? tcp_filters[exchange->next_filter++]
				: filters[exchange->next_filter++];
}

/* False: the request has its answer, or one of them waits. */
static bool walk(struct exchange *exchange)
{
	const struct filter *filter;

	while ((filter = next_filter(exchange)) != NULL) {
		if (filter->on_request(exchange) == FILTER_ANSWERED || exchange->answer_is_complete
		    || exchange->wait.ops != NULL)
			return false;
	}
	return true;
}

static void go_on(struct exchange *exchange)
{
	bool is_through;

	exchange->is_walking = true;
	is_through = walk(exchange);
	exchange->is_walking = false;
	if (is_through)
		exchange_pass(exchange);
}

void filters_run(struct exchange *exchange)
{
	exchange->next_filter = 0;
	go_on(exchange);
}

void exchange_set_target(struct exchange *exchange, struct text target)
{
	exchange->target = (struct text){
		arena_strndup(&exchange->arena, target.ptr, target.len),
		target.len,
	};
	exchange->path = path_without_query(exchange->target);
	exchange->query = exchange->path.len < exchange->target.len
				  ? text_from(exchange->target, exchange->path.len + 1)
				  : (struct text){ NULL, 0 };
}

/* The upstream, which would say it, is not asked yet (RFC 9110, section 10.1.1). */
static void ask_for_body(struct exchange *exchange)
{
	const struct http_head go_on = { .version = HTTP_VERSION_1_1, .status = 100 };

	if (!exchange->request.expect_continue || exchange->request_bytes > 0)
		return;
	exchange->request.expect_continue = false;
	http_fields_remove_known(&exchange->request.fields, HTTP_EXPECT);
	exchange->server_codec->send_interim(exchange, &go_on);
}

void exchange_wait(struct exchange *exchange, const struct wait_ops *ops, void *state)
{
	exchange->wait.ops = ops;
	exchange->wait.state = state;
	if (ops->on_body != NULL)
		ask_for_body(exchange);
	if (!exchange->request_is_complete)
		exchange->server_codec->pause(exchange, ops->on_body == NULL);
}

void exchange_wait_until(struct exchange *exchange, uint64_t due_ns)
{
	timer_set(exchange->worker->loop, &exchange->wait.timer, due_ns);
}

void exchange_wait_over(struct exchange *exchange)
{
	exchange->wait.ops = NULL;
	timer_cancel(exchange->worker->loop, &exchange->wait.timer);
}

void exchange_resume(struct exchange *exchange)
{
	exchange_wait_over(exchange);
	if (!exchange->is_walking) /* else the filter did not have to wait after all */
		go_on(exchange);
}

void filters_on_timer(struct timer *timer)
{
	struct exchange *exchange = CONTAINER_OF(timer, struct exchange, wait.timer);

	exchange->wait.ops->on_timer(exchange);
}

void filters_cancel(struct exchange *exchange)
{
	const struct wait_ops *ops = exchange->wait.ops;

	if (ops == NULL)
		return;
	exchange_wait_over(exchange);
	if (ops->cancel != NULL)
		ops->cancel(exchange);
}

static bool wants_body(const struct exchange *exchange)
{
	return exchange->wait.ops != NULL && exchange->wait.ops->on_body != NULL;
}

bool filters_take_body(struct exchange *exchange, struct text bytes)
{
	if (!wants_body(exchange))
		return false;
	byte_queue_add(&exchange->kept, &exchange->worker->slabs, bytes.ptr, bytes.len);
	exchange->wait.ops->on_body(exchange);
	return true;
}

bool filters_take_end(struct exchange *exchange)
{
	if (!wants_body(exchange))
		return false;
	exchange->wait.ops->on_body(exchange);
	return true;
}
