/* SPDX-License-Identifier: Apache-2.0 */
/* filter_normalize.c — refuses what is not spoken here and brings the path into the one form that
 * is matched, authorized and sent on. */
#include "proxy/filter.h"
#include "proxy/websocket.h"

#include "proxy/downstream.h"
#include "proxy/worker.h"

static bool needs_work(struct text path)
{
	for (size_t i = 0; i < path.len; i++)
		if (path.ptr[i] == '%' || path.ptr[i] == '\\' || path.ptr[i] == '#'
		    || (path.ptr[i] == '/' && i + 1 < path.len
			&& (path.ptr[i + 1] == '/' || path.ptr[i + 1] == '.')))
			return true;
	return false;
}

static bool normalize(struct exchange *exchange)
{
	const struct text path = exchange->request.path;
	size_t len = path.len;

	exchange->target = path;
	if (!needs_work(path))
		return path.len > 0 && (path.ptr[0] == '/' || text_is(path, "*"));

	char *copy = arena_strndup(&exchange->arena, path.ptr, path.len);

	if (path_normalize(exchange->plan->plan->path_mode, copy, &len) < 0)
		return false;
	exchange->target = (struct text){ copy, len };
	return true;
}

static enum filter_step on_request(struct exchange *exchange)
{
	const struct http_head *request = &exchange->request;

	exchange->original_path = request->path;
	exchange->original_authority = request->authority;
	exchange->scheme = link_is_tls(&exchange->downstream->link) ? TEXT("https") : TEXT("http");
	if (websocket_is_wanted(request))
		websocket_prepare(exchange);
	if (http_head_is_connect(request)) {
		exchange_answer(exchange, 405, "CONNECT is not served here\n", FLAG_BAD_REQUEST,
				"connect_refused");
		return FILTER_ANSWERED;
	}
	/* HTTP/2 over plain text by upgrade is an offer that may be passed over (RFC 9113, 3.1);
	 * any other protocol is what the client came for */
	if (request->upgrade.len > 0 && !exchange->wants_tunnel
	    && !text_starts_with_nocase(request->upgrade, TEXT("h2c"))) {
		exchange_answer(exchange, 403, "this upgrade is not served here\n",
				FLAG_BAD_REQUEST, "upgrade_failed");
		return FILTER_ANSWERED;
	}
	if (!normalize(exchange)) {
		exchange_answer(exchange, 400, "the path cannot be normalized\n", FLAG_BAD_REQUEST,
				"path_normalization_failed");
		return FILTER_ANSWERED;
	}
	exchange->path = path_without_query(exchange->target);
	if (exchange->path.len < exchange->target.len
	    && exchange->target.ptr[exchange->path.len] == '?')
		exchange->query = text_from(exchange->target, exchange->path.len + 1);
	return FILTER_NEXT;
}

const struct filter normalize_filter = { .name = "normalize", .on_request = on_request };
