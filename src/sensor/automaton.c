/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/automaton.h"

#include <stdlib.h>

#define ALL_MARKS UINT64_MAX

enum token_kind {
	TOKEN_BYTE,
	TOKEN_ANY_BYTE,
	TOKEN_ANYTHING, /* any number of bytes */
	TOKEN_NAME,     /* any number of bytes but slashes */
	TOKEN_END,
};

struct token {
	uint8_t kind, byte;
	uint64_t marks; /* of its pattern */
};

struct builder {
	struct buffer tokens; /* struct token: pattern behind pattern */
	struct buffer starts; /* uint32_t: where each begins */
	struct buffer states; /* struct state */
	struct map known;     /* a state's positions -> its number + 1 */
	uint64_t marks;       /* of the pattern being added */
	size_t own_tokens;    /* those of the patterns for what is not plain, which come first */
	struct arena arena;
	struct path_automaton *out;
	bool is_full;
};

struct state { /* a set of positions, in rising order */
	const uint32_t *positions;
	size_t count;
};

/* --- tokens ------------------------------------------------------------------------------ */

static void add_token(struct builder *builder, enum token_kind kind, char byte)
{
	const struct token token = { (uint8_t)kind, (uint8_t)byte, builder->marks };

	buffer_add(&builder->tokens, &token, sizeof(token));
}

static void add_bytes(struct builder *builder, struct text text)
{
	for (size_t i = 0; i < text.len; i++)
		add_token(builder, TOKEN_BYTE, text.ptr[i]);
}

/* From a set in brackets on anything fits: where it ends is not looked for. */
static void add_glob(struct builder *builder, struct text glob)
{
	for (size_t i = 0; i < glob.len; i++) {
		if (glob.ptr[i] == '*' || glob.ptr[i] == '[')
			add_token(builder, TOKEN_ANYTHING, 0);
		else if (glob.ptr[i] == '?')
			add_token(builder, TOKEN_ANY_BYTE, 0);
		else if (glob.ptr[i] == '\\' && i + 1 < glob.len)
			add_token(builder, TOKEN_BYTE, glob.ptr[++i]);
		else
			add_token(builder, TOKEN_BYTE, glob.ptr[i]);
		if (glob.ptr[i] == '[')
			return;
	}
}

static void add_pattern(struct builder *builder, const struct path_pattern *pattern)
{
	const uint32_t start = (uint32_t)(builder->tokens.len / sizeof(struct token));
	const bool floats = pattern->kind == PATH_ENDS || pattern->kind == PATH_CONTAINS
			    || pattern->kind == PATH_NAMED;

	builder->marks = pattern->marks;
	buffer_add(&builder->starts, &start, sizeof(start));
	if (floats)
		add_token(builder, TOKEN_ANYTHING, 0);
	if (pattern->kind == PATH_NAMED)
		add_token(builder, TOKEN_BYTE, '/');
	if (pattern->kind == PATH_GLOB)
		add_glob(builder, pattern->text);
	else
		add_bytes(builder, pattern->text);
	if (pattern->kind == PATH_BEGINS || pattern->kind == PATH_CONTAINS)
		add_token(builder, TOKEN_ANYTHING, 0);
	if (pattern->kind == PATH_DIRECTLY_IN) {
		if (!text_is(pattern->text, "/"))
			add_token(builder, TOKEN_BYTE, '/');
		add_token(builder, TOKEN_NAME, 0);
	}
	add_token(builder, TOKEN_END, 0);
}

static const struct token *token_at(const struct builder *builder, uint32_t position)
{
	return &((const struct token *)(const void *)builder->tokens.data)[position];
}

/* --- sets of positions ------------------------------------------------------------------- */

static int compare_positions(const void *a, const void *b)
{
	const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* A position, and those reached from it without a byte. */
static void reach(const struct builder *builder, struct buffer *set, uint32_t position)
{
	for (;; position++) {
		const unsigned kind = token_at(builder, position)->kind;

		buffer_add(set, &position, sizeof(position));
		if (kind != TOKEN_ANYTHING && kind != TOKEN_NAME)
			break;
	}
}

static void sort_set(struct buffer *set)
{
	uint32_t *positions = (uint32_t *)(void *)set->data;
	const size_t count = set->len / sizeof(uint32_t);
	size_t kept = 0;

	if (count == 0)
		return;
	qsort(positions, count, sizeof(uint32_t), compare_positions);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || positions[i] != positions[kept - 1])
			positions[kept++] = positions[i];
	set->len = kept * sizeof(uint32_t);
}

/* Whatever follows, the pattern fits. */
static bool is_settled(const struct builder *builder, uint32_t position)
{
	return token_at(builder, position)->kind == TOKEN_ANYTHING
	       && token_at(builder, position + 1)->kind == TOKEN_END;
}

/* Of all patterns with these marks that are settled the first stands for the others. */
static uint32_t settled_place(const struct builder *builder, uint64_t marks)
{
	uint32_t position = 0;

	while (!is_settled(builder, position) || token_at(builder, position)->marks != marks)
		position++;
	return position;
}

static void add_position(struct buffer *set, uint32_t position)
{
	buffer_add(set, &position, sizeof(position));
}

/* What can add no mark to those that are settled is left out: without that the sets would tell
 * apart in which order patterns came to fit, and there would be very many of them. */
static void simplify(const struct builder *builder, struct buffer *set)
{
	AUTO_BUFFER struct buffer all = { 0 };
	const size_t count = set->len / sizeof(uint32_t);
	const uint32_t *positions;
	uint64_t settled = 0;

	buffer_add(&all, set->data, set->len);
	positions = (const uint32_t *)(const void *)all.data;
	buffer_clear(set);
	for (size_t i = 0; i < count; i++)
		if (is_settled(builder, positions[i]))
			settled |= token_at(builder, positions[i])->marks;
	for (size_t i = 0; i < count; i++) {
		const uint64_t marks = token_at(builder, positions[i])->marks;
		const bool stands = is_settled(builder, positions[i])
				    && (marks == ALL_MARKS || settled != ALL_MARKS);

		if (stands) {
			add_position(set, settled_place(builder, marks));
			add_position(set, settled_place(builder, marks) + 1);
		} else if ((marks & ~settled) != 0) {
			add_position(set, positions[i]);
		}
	}
	sort_set(set);
}

static void step(const struct builder *builder, struct state from, uint8_t byte, struct buffer *out)
{
	buffer_clear(out);
	for (size_t i = 0; i < from.count; i++) {
		const uint32_t position = from.positions[i];
		const struct token *token = token_at(builder, position);

		if (token->kind == TOKEN_ANY_BYTE
		    || (token->kind == TOKEN_BYTE && token->byte == byte))
			reach(builder, out, position + 1);
		else if (token->kind == TOKEN_ANYTHING
			 || (token->kind == TOKEN_NAME && byte != '/'))
			reach(builder, out, position);
	}
	sort_set(out);
	simplify(builder, out);
}

static size_t state_count(const struct builder *builder)
{
	return builder->states.len / sizeof(struct state);
}

static uint64_t marks_of(const struct builder *builder, struct state state)
{
	uint64_t marks = 0;

	for (size_t i = 0; i < state.count; i++)
		if (token_at(builder, state.positions[i])->kind == TOKEN_END)
			marks |= token_at(builder, state.positions[i])->marks;
	return marks;
}

/* The number of the state that is this set. */
static uint16_t add_state(struct builder *builder, const struct buffer *set)
{
	const struct text key = { set->len > 0 ? set->data : "", set->len };
	const uintptr_t known = (uintptr_t)map_get(&builder->known, key);
	const size_t number = state_count(builder);
	struct state state = { .count = set->len / sizeof(uint32_t) };
	char *copy;

	if (known != 0)
		return (uint16_t)(known - 1);
	if (number == PATH_STATES) {
		builder->is_full = true;
		return 0;
	}
	copy = arena_alloc(&builder->arena, set->len + sizeof(uint32_t));
	if (set->len > 0)
		memcpy(copy, set->data, set->len);
	state.positions = (const uint32_t *)(const void *)copy;
	buffer_add(&builder->states, &state, sizeof(state));
	map_put(&builder->known, (struct text){ copy, set->len }, (void *)(uintptr_t)(number + 1));
	builder->out->marks[number] = marks_of(builder, state);
	return (uint16_t)number;
}

/* --- the table --------------------------------------------------------------------------- */

/* Bytes that no pattern names are one class. */
static bool classify_bytes(struct builder *builder, uint8_t representative[PATH_CLASSES],
			   size_t *count)
{
	const size_t tokens = builder->tokens.len / sizeof(struct token);
	bool named[256] = { 0 };

	named['/'] = true;
	for (uint32_t i = 0; i < tokens; i++)
		if (token_at(builder, i)->kind == TOKEN_BYTE)
			named[token_at(builder, i)->byte] = true;
	*count = 1;
	for (unsigned byte = 1; byte < 256; byte++) {
		if (!named[byte]) {
			representative[0] = (uint8_t)byte;
			continue;
		}
		if (*count == PATH_CLASSES)
			return false;
		builder->out->classes[byte] = (uint8_t)*count;
		representative[(*count)++] = (uint8_t)byte;
	}
	return true;
}

static void start_absolute(struct builder *builder)
{
	AUTO_BUFFER struct buffer set = { 0 };
	const uint32_t *starts = (const uint32_t *)(const void *)builder->starts.data;

	for (size_t i = 0; i < builder->starts.len / sizeof(uint32_t); i++)
		reach(builder, &set, starts[i]);
	sort_set(&set);
	builder->out->start_absolute = add_state(builder, &set);
}

/* Of a pattern that may begin anywhere: where it begins. */
static bool is_start(const struct builder *builder, uint32_t position)
{
	const uint32_t *starts = (const uint32_t *)(const void *)builder->starts.data;

	for (size_t i = 0; i < builder->starts.len / sizeof(uint32_t); i++)
		if (starts[i] == position || starts[i] + 1 == position)
			return true;
	return false;
}

/* Behind whatever directory: where a slash may have led to, from anywhere. */
static void start_relative(struct builder *builder)
{
	AUTO_BUFFER struct buffer everywhere = { 0 };
	AUTO_BUFFER struct buffer set = { 0 };
	const size_t tokens = builder->tokens.len / sizeof(struct token);

	/* The directory itself is plain: of what is not, only the beginning. */
	for (uint32_t i = 0; i < tokens; i++)
		if (i >= builder->own_tokens || is_start(builder, i))
			add_position(&everywhere, i);
	step(builder,
	     (struct state){ (const uint32_t *)(const void *)everywhere.data,
			     everywhere.len / sizeof(uint32_t) },
	     '/', &set);
	builder->out->start_relative = add_state(builder, &set);
}

static void fill_table(struct builder *builder, const uint8_t representative[PATH_CLASSES],
		       size_t classes)
{
	AUTO_BUFFER struct buffer set = { 0 };

	for (size_t from = 0; from < state_count(builder) && !builder->is_full; from++)
		for (size_t class = 0; class < classes && !builder->is_full; class ++) {
			const struct state state =
				((const struct state *)(const void *)builder->states.data)[from];

			step(builder, state, representative[class], &set);
			builder->out->next[from * PATH_CLASSES + class] = add_state(builder, &set);
		}
}

bool automaton_build(const struct path_pattern *patterns, size_t count, struct path_automaton *out)
{
	static const struct path_pattern not_plain[] = {
		{ PATH_CONTAINS, { "//", 2 }, ALL_MARKS },
		{ PATH_CONTAINS, { "/./", 3 }, ALL_MARKS },
		{ PATH_CONTAINS, { "/../", 4 }, ALL_MARKS },
		{ PATH_ENDS, { "/", 1 }, ALL_MARKS },
		{ PATH_ENDS, { "/.", 2 }, ALL_MARKS },
		{ PATH_ENDS, { "/..", 3 }, ALL_MARKS },
	};
	struct builder builder = { .out = out };
	uint8_t representative[PATH_CLASSES] = { 0 };
	size_t classes;
	bool fits;

	memset(out, 0, sizeof(*out));
	arena_init(&builder.arena, 1 << 16);
	for (size_t i = 0; i < COUNT_OF(not_plain); i++)
		add_pattern(&builder, &not_plain[i]);
	builder.own_tokens = builder.tokens.len / sizeof(struct token);
	for (size_t i = 0; i < count; i++)
		add_pattern(&builder, &patterns[i]);
	fits = classify_bytes(&builder, representative, &classes);
	if (fits) {
		start_absolute(&builder);
		start_relative(&builder);
		fill_table(&builder, representative, classes);
		fits = !builder.is_full;
	}
	buffer_done(&builder.tokens);
	buffer_done(&builder.starts);
	buffer_done(&builder.states);
	map_done(&builder.known);
	arena_done(&builder.arena);
	return fits;
}

uint64_t automaton_walk(const struct path_automaton *automaton, struct text path)
{
	uint16_t state = path.len > 0 && path.ptr[0] == '/' ? automaton->start_absolute
							    : automaton->start_relative;

	if (path.len == 0 || path.len >= PATH_WALK_MAX)
		return ALL_MARKS;
	for (size_t i = 0; i < path.len; i++)
		state = automaton->next[state * PATH_CLASSES
					+ automaton->classes[(uint8_t)path.ptr[i]]];
	return automaton->marks[state];
}
