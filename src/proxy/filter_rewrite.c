/* SPDX-License-Identifier: Apache-2.0 */
/* filter_rewrite.c — what the next hop is asked for instead of what the client asked for. */
#include "proxy/filter.h"

#include "proxy/regex.h"
#include "proxy/worker.h"

/* A path begins with a slash, whatever the replacement says. */
static struct text rewrite_by_regex(struct exchange *exchange)
{
	const struct regex_rewrite *rewrite = exchange->route->rewrite->uri_regex_rewrite;
	struct buffer *path = &exchange->worker->scratch;

	buffer_clear(path);
	if (exchange->route->rewrite_regex == NULL
	    || !regex_replace(exchange->route->rewrite_regex, exchange->path, rewrite->rewrite,
			      path))
		return exchange->target;

	const bool needs_slash = path->len == 0 || path->data[0] != '/';

	return text_of(arena_printf(&exchange->arena, "%s%.*s%s%.*s", needs_slash ? "/" : "",
				    TEXT_ARGS(buffer_text(path)),
				    exchange->query.ptr != NULL ? "?" : "",
				    TEXT_ARGS(exchange->query)));
}

/* The matched prefix is replaced, the whole path for other matches, the leading '/' where the route
 * has no match on the path (facts 1.4). */
static struct text rewrite_prefix(struct exchange *exchange, struct text with)
{
	size_t matched = 1;

	if (exchange->matched != NULL && exchange->matched->uri.type == MATCH_PREFIX)
		matched = exchange->matched->uri.value.len;
	else if (exchange->matched != NULL && exchange->matched->uri.type != MATCH_ANY)
		matched = exchange->path.len;

	const struct text rest = text_from(exchange->target, MIN_OF(matched, exchange->target.len));
	const bool needs_slash = with.len == 0 || with.ptr[0] != '/';

	return text_of(arena_printf(&exchange->arena, "%s%.*s%.*s", needs_slash ? "/" : "",
				    TEXT_ARGS(with), TEXT_ARGS(rest)));
}

static enum filter_step on_request(struct exchange *exchange)
{
	const struct http_rewrite *rewrite = exchange->route->rewrite;

	if (rewrite == NULL)
		return FILTER_NEXT;
	if (rewrite->uri_regex_rewrite != NULL || rewrite->uri.len > 0)
		http_fields_set_known(&exchange->request.fields, HTTP_X_ENVOY_ORIGINAL_PATH,
				      exchange->target);
	if (rewrite->uri_regex_rewrite != NULL)
		exchange->target = rewrite_by_regex(exchange);
	else if (rewrite->uri.len > 0)
		exchange->target = rewrite_prefix(exchange, rewrite->uri);
	if (rewrite->authority.len > 0)
		exchange->request.authority = rewrite->authority;
	return FILTER_NEXT;
}

const struct filter rewrite_filter = { .name = "rewrite", .on_request = on_request };
