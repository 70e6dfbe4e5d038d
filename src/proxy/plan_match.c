/* SPDX-License-Identifier: Apache-2.0 */
/* plan_match.c — compiles one match block of a VirtualService's HTTP route. */
#include "proxy/plan_match.h"

#include "proxy/regex.h"

const struct regex *plan_regex(struct plan_build *build, struct source_pos at, struct text pattern)
{
	struct plan *plan = build->plan;
	struct regex *regex = NULL;
	struct error err = { 0 };

	if (regex_compile(pattern, &regex, &err) < 0) {
		plan_warn(build, at, "%s; what it guards never matches", err.text);
		return NULL;
	}
	if (plan->regex_count == plan->regex_capacity) {
		plan->regex_capacity = MAX_OF(plan->regex_capacity * 2, (size_t)8);
		plan->regexes = mem_realloc_array(plan->regexes, plan->regex_capacity,
						  sizeof(struct regex *));
	}
	plan->regexes[plan->regex_count++] = regex;
	return regex;
}

struct text_match plan_text_match(struct plan_build *build, const struct string_match *from)
{
	if (from == NULL)
		return (struct text_match){ .type = MATCH_ANY };
	switch (from->type) {
	case STRING_MATCH_EXACT:
		return (struct text_match){ .type = MATCH_EXACT, .value = from->value };
	case STRING_MATCH_PREFIX:
		return (struct text_match){ .type = MATCH_PREFIX, .value = from->value };
	case STRING_MATCH_REGEX:
		if (text_is(from->value, "*")) /* Istio takes this for presence */
			return (struct text_match){ .type = MATCH_PRESENT };
		return (struct text_match){ .type = MATCH_REGEX,
					    .value = from->value,
					    .regex = plan_regex(build, from->at, from->value) };
	default:
		return (struct text_match){ .type = MATCH_PRESENT };
	}
}

struct text plan_lower(struct plan_build *build, struct text text)
{
	char *lower = arena_strndup(&build->plan->arena, text.ptr, text.len);

	for (size_t i = 0; i < text.len; i++)
		lower[i] = char_lower(lower[i]);
	return (struct text){ lower, text.len };
}

#define CLAIM_PREFIX    "@request.auth.claims"
#define CLAIM_DEPTH_MAX 16

/* "@request.auth.claims.group.id" or "@request.auth.claims[group][id]" instead of a header. */
static void compile_claim(struct plan_build *build, struct text key, struct named_match *out)
{
	struct text rest = text_from(key, sizeof(CLAIM_PREFIX) - 1);
	struct text *names = ARENA_ARRAY(&build->plan->arena, CLAIM_DEPTH_MAX, struct text);

	out->claim = names;
	while (rest.len > 1 && out->claim_depth < CLAIM_DEPTH_MAX) {
		const bool in_brackets = rest.ptr[0] == '[';

		rest = text_from(rest, 1); /* '[' or '.' */
		if (in_brackets) {
			names[out->claim_depth++] = text_split(&rest, ']');
			continue;
		}
		size_t end = text_find_char(rest, '.');

		end = MIN_OF(end, rest.len);
		names[out->claim_depth++] = text_until(rest, end);
		rest = text_from(rest, end);
	}
}

static struct named_match compile_header(struct plan_build *build, const struct string_match *from,
					 bool invert)
{
	const struct text name = plan_lower(build, from->key);

	struct named_match match = { .name = name,
				     .id = http_name_of(name),
				     .match = plan_text_match(build, from),
				     .invert = invert };

	if (text_starts_with(from->key, TEXT(CLAIM_PREFIX)))
		compile_claim(build, from->key, &match);
	return match;
}

/* Conditions on who asks and where are settled here, once: `false` means never for this listener.
 */
static bool applies(const struct http_match_request *from, const struct plan_match_scope *scope)
{
	if (from->port != 0 && from->port != scope->listener_port)
		return false;
	if (from->gateways.count > 0) {
		for (size_t i = 0; i < from->gateways.count; i++)
			if (plan_names_gateway(from->gateways.items[i], scope->namespace,
					       scope->gateway))
				return true;
		return false;
	}
	if (from->source_namespace.len > 0
	    && !text_equal(from->source_namespace, scope->workload->instance->namespace))
		return false;
	return resource_labels_match(scope->workload->instance->labels, &from->source_labels);
}

bool plan_names_gateway(struct text written, struct text namespace, struct text gateway)
{
	if (gateway.len == 0)
		return text_is(written, "mesh");
	if (text_find_char(written, '/') != TEXT_NONE)
		return text_equal(written, gateway);

	struct text rest = gateway;
	const struct text gateway_namespace = text_split(&rest, '/');

	return text_equal(gateway_namespace, namespace) && text_equal(written, rest);
}

bool plan_match(struct plan_build *build, const struct http_match_request *from,
		const struct plan_match_scope *scope, struct route_match *out)
{
	struct arena *arena = &build->plan->arena;

	if (!applies(from, scope))
		return false;
	if (from->stat_prefix.len > 0)
		plan_warn(build, from->at,
			  "'statPrefix' names no metric here; those of the destination's cluster "
			  "count its requests");
	*out = (struct route_match){
		.at = from->at,
		.uri = plan_text_match(build, from->uri),
		.method = plan_text_match(build, from->method),
		.authority = plan_text_match(build, from->authority),
		.scheme = plan_text_match(build, from->scheme),
		.headers = ARENA_ARRAY(arena, from->headers.count + from->without_headers.count,
				       struct named_match),
		.query = ARENA_ARRAY(arena, from->query_params.count, struct named_match),
	};
	out->uri.ignore_case = from->ignore_uri_case;
	for (size_t i = 0; i < from->headers.count; i++)
		out->headers[out->header_count++] =
			compile_header(build, &from->headers.items[i], false);
	for (size_t i = 0; i < from->without_headers.count; i++)
		out->headers[out->header_count++] =
			compile_header(build, &from->without_headers.items[i], true);
	for (size_t i = 0; i < from->query_params.count; i++)
		out->query[out->query_count++] = (struct named_match){
			.name = from->query_params.items[i].key,
			.match = plan_text_match(build, &from->query_params.items[i]),
		};
	return true;
}
