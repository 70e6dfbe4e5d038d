/* SPDX-License-Identifier: Apache-2.0 */
/* filter_route.c — finds the route of a request; redirects and direct responses are answered here.
 */
#include "proxy/filter.h"

#include "proxy/downstream.h"
#include "proxy/regex.h"
#include "proxy/worker.h"

static struct text without_port(struct text authority)
{
	struct http_authority parts;

	if (!http_authority_parse(authority, &parts) || parts.port == 0)
		return authority;
	return text_until(authority, text_find_last_char(authority, ':'));
}

static void answer_redirect(struct exchange *exchange, unsigned status, const char *location)
{
	http_fields_add_known(&exchange->response.fields, HTTP_LOCATION, text_of(location));
	exchange_answer_with_fields(exchange, status, TEXT(""), FLAG_NONE, "direct_response");
}

/* The port of this gateway's HTTPS listener, so that the redirect arrives also where it is not 443.
 */
static uint16_t https_port(const struct exchange *exchange)
{
	const struct plan *plan = exchange->plan->plan;

	for (size_t i = 0; i < plan->listener_count; i++)
		if (plan->listeners[i].role == LISTENER_GATEWAY && plan->listeners[i].tls != NULL
		    && plan->listeners[i].workload == exchange->listener->workload)
			return plan->listeners[i].port;
	return 443;
}

static void redirect_to_https(struct exchange *exchange)
{
	const struct text host = without_port(exchange->request.authority);
	const uint16_t port = https_port(exchange);
	char suffix[8] = "";

	if (port != 443)
		snprintf(suffix, sizeof(suffix), ":%u", port);
	answer_redirect(exchange, 301,
			arena_printf(&exchange->arena, "https://%.*s%s%.*s", TEXT_ARGS(host),
				     suffix, TEXT_ARGS(exchange->target)));
}

/* ---- VirtualService redirect ---- */

static struct text redirect_path(const struct exchange *exchange)
{
	const struct http_redirect *to = exchange->route->redirect;
	struct arena *arena = (struct arena *)&exchange->arena;

	if (to->uri.len > 0) {
		const char *query = exchange->query.ptr != NULL ? "?" : "";

		return text_of(arena_printf(arena, "%.*s%s%.*s", TEXT_ARGS(to->uri), query,
					    TEXT_ARGS(exchange->query)));
	}
	return exchange->target;
}

static void answer_route_redirect(struct exchange *exchange)
{
	const struct http_redirect *to = exchange->route->redirect;
	const struct text scheme = to->scheme.len > 0 ? to->scheme : exchange->scheme;
	struct text authority = to->authority.len > 0 ? to->authority : exchange->request.authority;
	const struct text path = redirect_path(exchange);
	uint16_t port = (uint16_t)to->port;

	if (to->derive_port == DERIVE_PORT_FROM_REQUEST)
		port = exchange->listener->port;
	if (port != 0) {
		authority = without_port(authority);
		if (port != http_scheme_port(scheme)) /* the usual port is left out */
			authority = text_of(arena_printf(&exchange->arena, "%.*s:%u",
							 TEXT_ARGS(authority), port));
	}
	answer_redirect(exchange, to->redirect_code != 0 ? to->redirect_code : 301,
			arena_printf(&exchange->arena, "%.*s://%.*s%.*s", TEXT_ARGS(scheme),
				     TEXT_ARGS(authority), TEXT_ARGS(path)));
}

/* ---- rewriting ---- */

static struct text rewrite_by_regex(struct exchange *exchange)
{
	const struct regex_rewrite *rewrite = exchange->route->rewrite->uri_regex_rewrite;
	AUTO_BUFFER struct buffer path = { 0 };

	if (exchange->route->rewrite_regex == NULL
	    || !regex_replace(exchange->route->rewrite_regex, exchange->path, rewrite->rewrite,
			      &path))
		return exchange->target;
	if (exchange->query.ptr != NULL) {
		buffer_add_char(&path, '?');
		buffer_add(&path, exchange->query.ptr, exchange->query.len);
	}
	return (struct text){ arena_strndup(&exchange->arena, path.data, path.len), path.len };
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

static void rewrite(struct exchange *exchange)
{
	const struct http_rewrite *rewrite = exchange->route->rewrite;

	if (rewrite == NULL)
		return;
	if (rewrite->uri_regex_rewrite != NULL)
		exchange->target = rewrite_by_regex(exchange);
	else if (rewrite->uri.len > 0)
		exchange->target = rewrite_prefix(exchange, rewrite->uri);
	if (rewrite->authority.len > 0)
		exchange->request.authority = rewrite->authority;
}

/* ---- the filter ---- */

static bool find_route(struct exchange *exchange)
{
	const struct route_subject subject = {
		.head = &exchange->request,
		.path = exchange->path,
		.query = exchange->query,
		.scheme = exchange->scheme,
	};

	exchange->host = route_table_find(exchange->server->routes, exchange->request.authority);
	if (exchange->host != NULL)
		exchange->route = virtual_host_route(exchange->host, &subject, &exchange->matched);
	return exchange->route != NULL;
}

static void answer_directly(struct exchange *exchange)
{
	const struct http_direct_response *direct = exchange->route->respond;

	exchange_answer_with_fields(exchange, direct->status, direct->body, FLAG_NONE,
				    "direct_response");
}

static enum filter_step on_request(struct exchange *exchange)
{
	if (exchange->server->redirect_to_https) {
		redirect_to_https(exchange);
		return FILTER_ANSWERED;
	}
	if (!find_route(exchange)) {
		exchange_answer_with_fields(exchange, 404, TEXT(""), FLAG_NO_ROUTE,
					    "route_not_found");
		return FILTER_ANSWERED;
	}
	switch (exchange->route->action) {
	case ROUTE_REDIRECT:
		answer_route_redirect(exchange);
		return FILTER_ANSWERED;
	case ROUTE_RESPOND:
		answer_directly(exchange);
		return FILTER_ANSWERED;
	default:
		rewrite(exchange);
		return FILTER_NEXT;
	}
}

const struct filter route_filter = { .name = "route", .on_request = on_request };
