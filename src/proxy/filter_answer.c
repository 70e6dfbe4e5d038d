/* SPDX-License-Identifier: Apache-2.0 */
/* filter_answer.c — what a route or a server answers itself: redirects, and direct responses. */
#include "proxy/filter.h"

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

void filter_redirect_to_https(struct exchange *exchange)
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

	if (to->uri.len > 0 && text_find_char(to->uri, '?') != TEXT_NONE)
		return to->uri; /* with a query of its own */
	if (to->uri.len > 0) {
		const char *query = exchange->query.ptr != NULL ? "?" : "";

		return text_of(arena_printf(arena, "%.*s%s%.*s", TEXT_ARGS(to->uri), query,
					    TEXT_ARGS(exchange->query)));
	}
	return exchange->target;
}

/* The authority asked for, without a port that was the usual one of the scheme asked for and is not
 * that of the new one. */
static struct text own_authority(const struct exchange *exchange, struct text scheme)
{
	const struct text authority = exchange->request.authority;
	struct http_authority parts;

	if (!text_equal(scheme, exchange->scheme) && http_authority_parse(authority, &parts)
	    && parts.port == http_scheme_port(exchange->scheme))
		return without_port(authority);
	return authority;
}

static void answer_route_redirect(struct exchange *exchange)
{
	const struct http_redirect *to = exchange->route->redirect;
	const struct text scheme = to->scheme.len > 0 ? to->scheme : exchange->scheme;
	struct text authority =
		to->authority.len > 0 ? to->authority : own_authority(exchange, scheme);
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

/* ---- the filter ---- */

static void answer_directly(struct exchange *exchange)
{
	const struct http_direct_response *direct = exchange->route->respond;

	exchange_answer_with_fields(exchange, direct->status, direct->body, FLAG_NONE,
				    "direct_response");
}

static enum filter_step on_request(struct exchange *exchange)
{
	switch (exchange->route->action) {
	case ROUTE_REDIRECT:
		answer_route_redirect(exchange);
		return FILTER_ANSWERED;
	case ROUTE_RESPOND:
		answer_directly(exchange);
		return FILTER_ANSWERED;
	default:
		return FILTER_NEXT;
	}
}

const struct filter answer_filter = { .name = "answer", .on_request = on_request };
