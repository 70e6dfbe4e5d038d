/* SPDX-License-Identifier: Apache-2.0 */
/* value_parse.c — libfyaml's events become a tree.
 *
 * Nothing recurses: the open collections are a stack of VALUE_LIMIT_DEPTH frames. An alias costs
 * one node of memory, but counts with everything below it, so a "billion laughs" file meets the
 * node limit before anyone walks it. */
#include "resource/value.h"

#include "resource/value_build.h"

#include <assert.h>
#include <errno.h>
#include <libfyaml.h>

struct frame { /* a collection that is still open */
	struct value *node, *last;
	const struct value *key; /* of a mapping: read, and waiting for its value */
	struct text anchor; /* its name; stays unknown to aliases until the collection closes */
};

struct value_parser {
	struct value_builder build;
	struct fy_parser *yaml;
	struct fy_diag *diag;
	struct frame frames[VALUE_LIMIT_DEPTH];
	size_t depth;
	struct map
		anchors; /* name -> struct value; only complete ones, so no tree can hold itself */
	size_t nodes;
	struct source_pos last_at; /* where an empty node stands */
	uint32_t last_end;
	const struct value *first_document;
	struct value *last_document;
};

static struct text token_text(struct fy_token *token)
{
	size_t len = 0;
	const char *ptr = token != NULL ? fy_token_get_text(token, &len) : NULL;

	return (struct text){ ptr, ptr != NULL ? len : 0 };
}

static struct source_pos place(const struct value_source *source, unsigned line, unsigned column)
{
	if (source->pinned.line > 0)
		return source->pinned;
	return (struct source_pos){ .file = source->file,
				    .line = line + source->lines_before,
				    .column = column + source->columns_before };
}

/* Sets where the node stands: at its token, or just behind the last one where it is empty. */
static void set_place(struct value_parser *parser, struct value *node, struct fy_token *token)
{
	const struct fy_mark *start = token != NULL ? fy_token_start_mark(token) : NULL;
	const struct fy_mark *end = token != NULL ? fy_token_end_mark(token) : NULL;

	if (start == NULL || end == NULL) {
		node->at = parser->last_at;
		node->start = node->end = parser->last_end;
		return;
	}

	/* a quoted scalar's marks stand between its quotes */
	const unsigned quote =
		node->style == VALUE_SINGLE_QUOTED || node->style == VALUE_DOUBLE_QUOTED;

	node->start = (uint32_t)(start->input_pos - quote);
	node->end = (uint32_t)(end->input_pos + quote);
	node->at = place(parser->build.source, (unsigned)start->line + 1,
			 (unsigned)start->column + 1 - quote);
	parser->last_at = node->at;
	parser->last_end = node->end;
}

static int fail_at(struct value_parser *parser, struct source_pos at, const char *why)
{
	return error_at(parser->build.err, -EINVAL, at, "%s", why);
}

static int count_nodes(struct value_parser *parser, size_t nodes, struct source_pos at)
{
	parser->nodes += nodes;
	if (parser->nodes > VALUE_LIMIT_NODES)
		return fail_at(parser, at,
			       "the file holds too many values, counting what its "
			       "aliases stand for; split it");
	return 0;
}

static struct value *new_node(struct value_parser *parser, enum value_type type)
{
	struct value *node = ARENA_NEW(parser->build.arena, struct value);

	node->type = type;
	node->nodes = 1;
	return node;
}

/* The node is complete: it becomes an item, a key, an entry or a document. */
static int attach(struct value_parser *parser, struct value *node)
{
	if (parser->depth == 0) {
		if (parser->last_document != NULL)
			parser->last_document->next = node;
		else
			parser->first_document = node;
		parser->last_document = node;
		return 0;
	}

	struct frame *frame = &parser->frames[parser->depth - 1];

	if (frame->node->type == VALUE_MAPPING && frame->key == NULL) {
		if (node->type != VALUE_SCALAR && node->type != VALUE_NULL)
			return fail_at(parser, node->at, "a key must be a single word or text");
		frame->key = node;
		return 0;
	}
	node->key = TAKE(frame->key);
	value_append(frame->node, &frame->last, node);
	return 0;
}

static struct text keep_text(struct value_parser *parser, struct fy_token *token)
{
	const struct text text = token_text(token);

	if (text.ptr == NULL)
		return text;
	return (struct text){ arena_strndup(parser->build.arena, text.ptr, text.len), text.len };
}

static void remember_anchor(struct value_parser *parser, struct text name, struct value *node)
{
	if (name.ptr != NULL)
		map_put(&parser->anchors, name, node);
}

static int on_alias(struct value_parser *parser, struct fy_token *token)
{
	const struct text name = token_text(token);
	const struct value *target = map_get(&parser->anchors, name);
	const struct fy_mark *mark = fy_token_start_mark(token);
	const struct source_pos at = mark != NULL
					     ? place(parser->build.source, (unsigned)mark->line + 1,
						     (unsigned)mark->column + 1)
					     : parser->last_at;

	if (target == NULL)
		return error_at(parser->build.err, -EINVAL, at,
				"nothing before this line is anchored as '&%.*s'", TEXT_ARGS(name));

	const int result = count_nodes(parser, target->nodes, at);

	if (result < 0)
		return result;

	struct value *node = ARENA_NEW(parser->build.arena, struct value);

	*node = *target;
	node->key = node->next = NULL;
	return attach(parser, node);
}

static enum value_style scalar_style(struct fy_token *token)
{
	switch (token != NULL ? fy_token_scalar_style(token) : FYSS_PLAIN) {
	case FYSS_SINGLE_QUOTED:
		return VALUE_SINGLE_QUOTED;
	case FYSS_DOUBLE_QUOTED:
		return VALUE_DOUBLE_QUOTED;
	case FYSS_LITERAL:
		return VALUE_LITERAL;
	case FYSS_FOLDED:
		return VALUE_FOLDED;
	default:
		return VALUE_PLAIN;
	}
}

static int on_scalar(struct value_parser *parser, struct fy_event *event)
{
	struct fy_token *token = event->scalar.value;
	const struct text text = token_text(token);
	struct value *node = new_node(parser, VALUE_SCALAR);
	const bool is_key = parser->depth > 0
			    && parser->frames[parser->depth - 1].node->type == VALUE_MAPPING
			    && parser->frames[parser->depth - 1].key == NULL;

	node->style = scalar_style(token);
	set_place(parser, node, token);
	if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL)
		return fail_at(parser, node->at, "a text may not hold a NUL character");
	node->text = (struct text){ arena_strndup(parser->build.arena,
						  text.ptr != NULL ? text.ptr : "", text.len),
				    text.len };
	if (event->scalar.tag != NULL && value_apply_tag(node, token_text(event->scalar.tag)) < 0)
		return fail_at(parser, node->at,
			       "only the tags !!str, !!int, !!float, !!bool and "
			       "!!null are understood");
	if (!is_key && value_text_is_null(node))
		node->type = VALUE_NULL;

	const int result = count_nodes(parser, 1, node->at);

	if (result < 0)
		return result;
	remember_anchor(parser, keep_text(parser, event->scalar.anchor), node);
	return attach(parser, node);
}

static bool starts_flow(const struct value_parser *parser, const struct value *node)
{
	const struct text bytes = parser->build.source->bytes;
	const char first = node->start < bytes.len ? bytes.ptr[node->start] : '\0';

	return first == '[' || first == '{';
}

static int open_collection(struct value_parser *parser, enum value_type type,
			   struct fy_token *start, struct fy_token *tag, struct fy_token *anchor)
{
	struct value *node = new_node(parser, type);

	set_place(parser, node, start);
	node->style = starts_flow(parser, node) ? VALUE_FLOW : VALUE_BLOCK;
	if (tag != NULL)
		return fail_at(parser, node->at, "only scalars may have a tag");
	if (parser->depth == VALUE_LIMIT_DEPTH)
		return fail_at(parser, node->at, "nested too deeply: at most 64 levels");
	parser->frames[parser->depth++] =
		(struct frame){ .node = node, .anchor = keep_text(parser, anchor) };
	return count_nodes(parser, 1, node->at);
}

static int close_collection(struct value_parser *parser, struct fy_token *end)
{
	assert(parser->depth > 0); /* libfyaml pairs its events */

	struct frame *frame = &parser->frames[--parser->depth];
	struct value *node = frame->node;
	const struct text anchor = frame->anchor;
	const struct fy_mark *mark = end != NULL ? fy_token_end_mark(end) : NULL;

	node->end = frame->last != NULL ? frame->last->end : node->end;
	if (node->style == VALUE_FLOW && mark != NULL)
		node->end = (uint32_t)mark->input_pos;
	if (node->style == VALUE_BLOCK && node->type == VALUE_MAPPING && node->first != NULL) {
		node->at = node->first->key->at;
		node->start = node->first->key->start;
	}
	parser->last_end = node->end;
	if (node->type == VALUE_MAPPING)
		value_finish_mapping(&parser->build, node);
	remember_anchor(parser, anchor, node);
	return attach(parser, node);
}

static int on_event(struct value_parser *parser, struct fy_event *event)
{
	switch (event->type) {
	case FYET_DOCUMENT_START:
		map_done(&parser->anchors); /* anchors end with their document */
		return 0;
	case FYET_SCALAR:
		return on_scalar(parser, event);
	case FYET_ALIAS:
		return on_alias(parser, event->alias.anchor);
	case FYET_SEQUENCE_START:
		return open_collection(parser, VALUE_SEQUENCE, event->sequence_start.sequence_start,
				       event->sequence_start.tag, event->sequence_start.anchor);
	case FYET_MAPPING_START:
		return open_collection(parser, VALUE_MAPPING, event->mapping_start.mapping_start,
				       event->mapping_start.tag, event->mapping_start.anchor);
	case FYET_SEQUENCE_END:
		return close_collection(parser, event->sequence_end.sequence_end);
	case FYET_MAPPING_END:
		return close_collection(parser, event->mapping_end.mapping_end);
	default:
		return 0;
	}
}

/* libfyaml's own words, which name the mistake well. */
static int syntax_error(struct value_parser *parser)
{
	const char *language = parser->build.source->is_json ? "JSON" : "YAML";
	void *next = NULL;
	const struct fy_diag_error *found = fy_diag_errors_iterate(parser->diag, &next);

	if (found == NULL)
		return error_at(parser->build.err, -EINVAL, parser->last_at, "not valid %s",
				language);
	return error_at(parser->build.err, -EINVAL,
			place(parser->build.source, (unsigned)MAX_OF(found->line, 1),
			      (unsigned)MAX_OF(found->column, 1)),
			"not valid %s: %s", language, found->msg);
}

static int read_events(struct value_parser *parser)
{
	struct fy_event *event;
	int result = 0;

	while (result == 0 && (event = fy_parser_parse(parser->yaml)) != NULL) {
		result = on_event(parser, event);
		fy_parser_event_free(parser->yaml, event);
	}
	if (result == 0 && fy_parser_get_stream_error(parser->yaml))
		result = syntax_error(parser);
	return result;
}

static int open_parser(struct value_parser *parser)
{
	const struct value_source *source = parser->build.source;
	struct fy_diag_cfg diag_config;
	struct fy_parse_cfg config = {
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_ACCELERATORS
			 | FYPCF_SLOPPY_FLOW_INDENTATION /* as lax as libyaml and go-yaml */
			 | (source->is_json ? FYPCF_JSON_FORCE : FYPCF_JSON_NONE)
	};

	fy_diag_cfg_default(&diag_config);
	diag_config.fp = NULL;
	diag_config.colorize = false;
	parser->diag = fy_diag_create(&diag_config);
	fy_diag_set_collect_errors(parser->diag, true);
	config.diag = parser->diag;
	parser->yaml = fy_parser_create(&config);
	if (parser->yaml == NULL
	    || fy_parser_set_string(parser->yaml, source->bytes.ptr, source->bytes.len) < 0)
		return error_set(parser->build.err, -ENOMEM, "cannot start the YAML parser");
	return 0;
}

/* libfyaml would stop at the first wrong byte, but say less. */
static int check_bytes(const struct value_source *source, struct error *err)
{
	if (source->bytes.len > VALUE_LIMIT_BYTES)
		return error_at(err, -EFBIG, place(source, 1, 1), "larger than 64 MiB");
	if (!text_is_utf8(source->bytes))
		return error_at(err, -EINVAL, place(source, 1, 1), "not UTF-8 text");
	return 0;
}

static int parse(struct value_parser *parser)
{
	int result = check_bytes(parser->build.source, parser->build.err);

	if (result == 0 && parser->build.source->bytes.len > 0) {
		result = open_parser(parser);
		if (result == 0)
			result = read_events(parser);
	}
	/* what stopped us; what did not was told when it was found */
	if (result < 0 && parser->build.result == 0 && parser->build.problem != NULL)
		parser->build.problem(parser->build.context, true, parser->build.err);
	return result < 0 ? result : parser->build.result;
}

int value_parse(struct arena *arena, const struct value_source *source, value_problem_fn *problem,
		void *context, const struct value **documents, struct error *err)
{
	struct error own = { 0 };
	struct value_parser parser = { .build = { .arena = arena,
						  .source = source,
						  .problem = problem,
						  .context = context,
						  .err = err != NULL ? err : &own },
				       .last_at = place(source, 1, 1) };
	const int result = parse(&parser);

	fy_parser_destroy(parser.yaml);
	fy_diag_destroy(parser.diag);
	map_done(&parser.anchors);
	*documents = result == 0 ? parser.first_document : NULL;
	return result;
}
