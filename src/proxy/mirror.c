/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/mirror.h"

#include "proxy/codec.h"
#include "proxy/metrics_cluster.h"
#include "proxy/worker.h"

struct mirror {           /* in the arena of its exchange */
	struct list link; /* in exchange.mirrors of the request it copies, until that is over */
	struct exchange *exchange;
	bool is_flowing; /* the upstream takes the body */
	bool is_ended;   /* all of the request is here */
};

/* ---- what its upstream does ---- */

static struct mirror *mirror_of(const struct exchange *exchange)
{
	return exchange->call;
}

static void ignore_interim(struct exchange *exchange, const struct http_head *head)
{
	(void)exchange, (void)head;
}

static void ignore_head(struct exchange *exchange, struct http_head *head)
{
	(void)exchange, (void)head;
}

static void ignore_body(struct exchange *exchange, struct text bytes)
{
	(void)exchange, (void)bytes;
}

static void on_over(struct exchange *exchange)
{
	list_remove(&mirror_of(exchange)->link);
	exchange->worker->mirror_count--;
}

static void on_end(struct exchange *exchange, const struct http_fields *trailers)
{
	(void)trailers;
	on_over(exchange);
}

/* What waited goes first. */
static void flow(struct exchange *exchange)
{
	struct mirror *mirror = mirror_of(exchange);
	struct byte_queue waiting = exchange->kept;

	exchange->kept = (struct byte_queue){ 0 };
	mirror->is_flowing = true;
	for (const struct slab *slab = waiting.first; slab != NULL; slab = slab->next)
		exchange_request_body(exchange, (struct text){ slab->data + slab->start,
							       slab->end - slab->start });
	byte_queue_clear(&waiting, &exchange->worker->slabs);
	if (mirror->is_ended && !exchange->request_is_complete)
		exchange_request_end(exchange, exchange->trailers_to_send);
}

static void pause_request(struct exchange *exchange, bool paused)
{
	if (paused)
		mirror_of(exchange)->is_flowing = false;
	else
		flow(exchange);
}

static bool is_never_full(const struct exchange *exchange)
{
	(void)exchange;
	return false;
}

static const struct server_codec mirror_codec = {
	.send_interim = ignore_interim,
	.send_head = ignore_head,
	.send_body = ignore_body,
	.send_end = on_end,
	.abort = on_over,
	.pause = pause_request,
	.is_full = is_never_full,
};

/* ---- the copy ---- */

static struct text copy(struct exchange *mirror, struct text text)
{
	return (struct text){ arena_strndup(&mirror->arena, text.ptr, text.len), text.len };
}

/* "shop.example:8080" becomes "shop.example-shadow:8080" (Envoy). */
static struct text mark_host(struct exchange *mirror, struct text authority)
{
	struct http_authority parts;
	size_t end = authority.len;

	if (http_authority_parse(authority, &parts) && parts.port != 0)
		end = text_find_last_char(authority, ':');

	const struct text port = text_from(authority, end);

	return text_of(arena_printf(&mirror->arena, "%.*s-shadow%.*s",
				    TEXT_ARGS(text_until(authority, end)), TEXT_ARGS(port)));
}

static void copy_head(struct exchange *mirror, const struct exchange *from,
		      const struct mirror_target *target)
{
	const struct http_head *head = &from->request;
	struct http_head *out = &mirror->request;

	out->version = HTTP_VERSION_1_1;
	out->method = copy(mirror, head->method);
	out->scheme = copy(mirror, head->scheme);
	out->authority = target->marks_host ? mark_host(mirror, head->authority)
					    : copy(mirror, head->authority);
	out->framing = head->framing;
	out->content_length = head->content_length;
	out->accepts_trailers = head->accepts_trailers;
	http_fields_copy(&out->fields, &head->fields, &mirror->arena);
	http_fields_remove_known(&out->fields, HTTP_EXPECT); /* nobody hears the answer to it */
	mirror->target = copy(mirror, from->target);
	mirror->scheme = copy(mirror, from->scheme);
}

/* No retries, no rewriting, no timeout but its own. */
static const struct route mirror_route;

static void begin_one(struct exchange *exchange, const struct mirror_target *target)
{
	struct exchange *copied = exchange_new_without_client(exchange->plan);
	struct mirror *mirror = ARENA_NEW(&copied->arena, struct mirror);
	struct loop *loop = exchange->worker->loop;

	copied->server_codec = &mirror_codec;
	copied->call = mirror;
	copied->route = &mirror_route;
	mirror->exchange = copied;
	http_head_clear(&copied->request);
	copy_head(copied, exchange, target);
	list_append(&exchange->mirrors, &mirror->link);
	exchange->worker->mirror_count++;
	if (exchange->request_is_complete && exchange->kept.len == 0)
		copied->request_is_complete = mirror->is_ended = true;
	timer_set(loop, &copied->timeout, loop_now(loop) + MIRROR_TIME_NS);
	metrics_count_cluster(&exchange->worker->metrics, target->to.cluster, CLUSTER_MIRRORED);
	exchange_forward_to(copied, &target->to);
}

static bool has_room(struct exchange *exchange, const struct mirror_target *target)
{
	if (exchange->worker->mirror_count < MIRRORS_MAX)
		return true;
	metrics_count_cluster(&exchange->worker->metrics, target->to.cluster,
			      CLUSTER_MIRROR_GIVEN_UP);
	return false;
}

/* ---- the body ---- */

static void give_up(struct mirror *mirror)
{
	struct exchange *exchange = mirror->exchange;

	metrics_count_cluster(&exchange->worker->metrics, exchange->destination->cluster,
			      CLUSTER_MIRROR_GIVEN_UP);
	exchange_cancel(exchange, FLAG_UPSTREAM_RESET, "mirror_behind");
}

static void pass_body(struct mirror *mirror, struct text bytes)
{
	struct exchange *exchange = mirror->exchange;

	if (mirror->is_flowing)
		exchange_request_body(exchange, bytes);
	else if (exchange->kept.len + bytes.len > MIRROR_BEHIND_MAX)
		give_up(mirror);
	else
		byte_queue_add(&exchange->kept, &exchange->worker->slabs, bytes.ptr, bytes.len);
}

static void pass_end(struct mirror *mirror, const struct http_fields *trailers)
{
	struct exchange *exchange = mirror->exchange;

	if (mirror->is_ended)
		return;
	mirror->is_ended = true;
	if (trailers != NULL) {
		http_fields_copy(&exchange->request_trailers, trailers, &exchange->arena);
		exchange->trailers_to_send = &exchange->request_trailers;
	}
	if (mirror->is_flowing)
		exchange_request_end(exchange, exchange->trailers_to_send);
	else if (exchange->upstream_start_ns == 0) /* sent as soon as there is a connection */
		exchange->request_is_complete = true;
}

/* ---- for the exchange ---- */

void mirror_begin(struct exchange *exchange)
{
	const struct route *route = exchange->route;

	for (size_t i = 0; i < route->mirror_count; i++) {
		const struct mirror_target *target = &route->mirrors[i];

		if (random_below(CHANCE_CERTAIN) < target->chance && has_room(exchange, target))
			begin_one(exchange, target);
	}
	for (const struct slab *slab = exchange->kept.first; slab != NULL; slab = slab->next)
		mirror_body(exchange,
			    (struct text){ slab->data + slab->start, slab->end - slab->start });
	if (exchange->request_is_complete)
		mirror_end(exchange, exchange->trailers_to_send);
}

void mirror_body(struct exchange *exchange, struct text bytes)
{
	LIST_FOR_EACH_SAFE (&exchange->mirrors, link)
		pass_body(LIST_ITEM(link, struct mirror, link), bytes);
}

void mirror_end(struct exchange *exchange, const struct http_fields *trailers)
{
	LIST_FOR_EACH_SAFE (&exchange->mirrors, link)
		pass_end(LIST_ITEM(link, struct mirror, link), trailers);
}

void mirror_leave(struct exchange *exchange)
{
	LIST_FOR_EACH_SAFE (&exchange->mirrors, link) {
		struct mirror *mirror = LIST_ITEM(link, struct mirror, link);

		list_remove(&mirror->link);
		if (!mirror->is_ended)
			exchange_cancel(mirror->exchange, FLAG_UPSTREAM_RESET, "not_completed");
	}
}
