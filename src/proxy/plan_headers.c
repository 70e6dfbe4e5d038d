/* SPDX-License-Identifier: Apache-2.0 */
/* plan_headers.c — compiles header operations
 * (istio:pilot/pkg/networking/core/route/route.go, TranslateHeadersOperations). */
#include "proxy/plan_match.h"

#include "proxy/operators.h"

struct compiling {
	struct plan_build *build;
	struct header_edits *out;
	bool is_request;
};

/* A value that is no format is taken as it stands, and said: Envoy would refuse it. */
static const struct format *compile_format(struct plan_build *build, const struct text_pair *pair)
{
	struct format *format;
	struct error err = { 0 };

	if (text_find_char(pair->value, '%') == TEXT_NONE)
		return NULL;
	format = ARENA_NEW(&build->plan->arena, struct format);
	if (format_parse(pair->value, &build->plan->arena, format, &err) == 0)
		return format;
	plan_warn(build, pair->at,
		  "%s; the value is sent as it is written (a percent sign is '%%%%')", err.text);
	return NULL;
}

/* Of a request the authority can be set; nothing else that is no field is touched. */
static void add_edit(struct compiling *compiling, enum header_edit_kind kind,
		     const struct text_pair *pair)
{
	const struct text name = plan_lower(compiling->build, pair->key);
	const bool is_authority = text_is(name, ":authority") || text_is(name, "host");

	if (is_authority && compiling->is_request && kind != HEADER_REMOVE) {
		kind = HEADER_AUTHORITY;
	} else if (is_authority || name.ptr[0] == ':') {
		plan_warn(compiling->build, pair->at,
			  "'%.*s' is no header field that could be changed here; this operation "
			  "has no effect",
			  TEXT_ARGS(name));
		return;
	}
	compiling->out->items[compiling->out->count++] = (struct header_edit){
		.kind = kind,
		.name = name,
		.value = pair->value,
		.format = kind != HEADER_REMOVE ? compile_format(compiling->build, pair) : NULL,
	};
}

static void compile_edits(struct plan_build *build, const struct header_operations *from,
			  bool is_request, struct header_edits *out)
{
	struct compiling compiling = { build, out, is_request };

	if (from == NULL)
		return;
	out->items = ARENA_ARRAY(&build->plan->arena,
				 from->set.count + from->add.count + from->remove.count,
				 struct header_edit);
	for (size_t i = 0; i < from->remove.count; i++)
		add_edit(&compiling, HEADER_REMOVE,
			 &(struct text_pair){ .at = from->at, .key = from->remove.items[i] });
	for (size_t i = 0; i < from->set.count; i++)
		add_edit(&compiling, HEADER_SET, &from->set.items[i]);
	for (size_t i = 0; i < from->add.count; i++)
		add_edit(&compiling, HEADER_ADD, &from->add.items[i]);
}

void plan_headers(struct plan_build *build, const struct virtual_headers *from,
		  struct header_edits *request, struct header_edits *response)
{
	if (from == NULL)
		return;
	compile_edits(build, from->request, true, request);
	compile_edits(build, from->response, false, response);
}

static bool sets_authority(const struct header_edits *edits)
{
	for (size_t i = 0; i < edits->count; i++)
		if (edits->items[i].kind == HEADER_AUTHORITY)
			return true;
	return false;
}

/* All that is removed first. */
static size_t take(struct header_edit *into, size_t count, const struct header_edits *from,
		   bool removals, bool skips_authority)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct header_edit *edit = &from->items[i];

		if ((edit->kind == HEADER_REMOVE) == removals
		    && !(skips_authority && edit->kind == HEADER_AUTHORITY))
			into[count++] = *edit;
	}
	return count;
}

void plan_merge_headers(struct plan_build *build, struct header_edits *route,
			struct header_edits *destination)
{
	const bool route_has_authority = sets_authority(route);
	struct header_edit *merged = ARENA_ARRAY(
		&build->plan->arena, route->count + destination->count, struct header_edit);
	size_t count = 0;

	if (destination->count == 0)
		return;
	for (int removals = 1; removals >= 0; removals--) {
		count = take(merged, count, route, removals != 0, false);
		count = take(merged, count, destination, removals != 0, route_has_authority);
	}
	*route = (struct header_edits){ merged, count };
	*destination = (struct header_edits){ 0 };
}
