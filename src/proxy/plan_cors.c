/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/cors.h"

#include "proxy/plan_match.h"

/* "a,b": without blanks, as Istio writes it. */
static struct text join(struct plan_build *build, const struct text_list *list)
{
	AUTO_BUFFER struct buffer joined = { 0 };

	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			buffer_add_char(&joined, ',');
		buffer_add(&joined, list->items[i].ptr, list->items[i].len);
	}
	if (joined.len == 0)
		return TEXT("");
	return (struct text){ arena_strndup(&build->plan->arena, joined.data, joined.len),
			      joined.len };
}

/* The older allowOrigin counts only where allowOrigins is absent. */
static void compile_origins(struct plan_build *build, const struct cors_policy *from,
			    struct cors_rules *out)
{
	const size_t count = from->allow_origins.count;

	out->origin_count = count > 0 ? count : from->allow_origin.count;
	out->origins = ARENA_ARRAY(&build->plan->arena, out->origin_count, struct text_match);
	for (size_t i = 0; i < out->origin_count; i++)
		out->origins[i] =
			count > 0 ? plan_text_match(build, &from->allow_origins.items[i])
				  : (struct text_match){ .type = MATCH_EXACT,
							 .value = from->allow_origin.items[i] };
}

const struct cors_rules *plan_cors(struct plan_build *build, const struct cors_policy *from)
{
	struct cors_rules *cors;

	if (from == NULL)
		return NULL;
	cors = ARENA_NEW(&build->plan->arena, struct cors_rules);
	compile_origins(build, from, cors);
	cors->methods = join(build, &from->allow_methods);
	cors->headers = join(build, &from->allow_headers);
	cors->exposed = join(build, &from->expose_headers);
	if (from->max_age.is_set)
		cors->max_age =
			text_of(arena_printf(&build->plan->arena, "%llu",
					     (unsigned long long)(from->max_age.ns / NS_PER_SEC)));
	cors->credentials = from->allow_credentials.is_set && from->allow_credentials.value;
	cors->refuses_unmatched = from->unmatched_preflights == CORS_PREFLIGHTS_IGNORE;
	return cors;
}
