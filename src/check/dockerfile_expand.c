/* SPDX-License-Identifier: Apache-2.0 */
/* dockerfile_expand.c — what a variable is at a place: ARG and ENV, stage by stage. */
#include "check/dockerfile.h"

#define DEPTH_MAX  8
#define EXPAND_MAX 65536 /* bytes a text may grow to */

static bool is_name_char(char c)
{
	return char_is_digit(c) || c == '_' || (char_lower(c) >= 'a' && char_lower(c) <= 'z');
}

size_t docker_stage_find(const struct dockerfile *file, struct text name, size_t before)
{
	uint64_t number;

	for (size_t i = MIN_OF(before, file->stage_count); i-- > 1;)
		if (file->stages[i].image.alias.ptr != NULL
		    && text_equal_nocase(file->stages[i].image.alias, name))
			return i;
	if (text_parse_number(name, 1000000, &number) && number + 1 < before)
		return (size_t)number + 1;
	return 0;
}

static struct text last_setting(const struct docker_instruction *instruction, struct text name)
{
	for (size_t i = instruction->pair_count; i-- > 0;)
		if (text_equal(instruction->pairs[i].key, name))
			return instruction->pairs[i].value;
	return (struct text){ 0 };
}

/* The nearest ENV or ARG before `before` in the stage; then those of the stages it builds on. */
static struct text find_variable(const struct dockerfile *file, size_t stage, size_t before,
				 struct text name)
{
	for (unsigned depth = 0; depth < DEPTH_MAX && stage > 0; depth++) {
		for (size_t i = before; i-- > file->stages[stage].first;) {
			const struct text value = last_setting(&file->instructions[i], name);

			if (value.ptr != NULL && file->instructions[i].op != DOCKER_LABEL)
				return value;
		}
		stage = file->stages[stage].parent;
		before = file->stages[stage].last + 1;
	}
	for (size_t i = 0; i < file->count && file->instructions[i].op != DOCKER_FROM; i++) {
		const struct text value = last_setting(&file->instructions[i], name);

		if (value.ptr != NULL && file->instructions[i].op == DOCKER_ARG)
			return value;
	}
	return (struct text){ 0 };
}

struct reference { /* "$NAME" or "${NAME:-word}" */
	struct text name, word;
	char modifier; /* '-', '+' or 0 */
	size_t len;
};

static bool read_reference(struct text text, struct reference *out)
{
	size_t at = 1;
	const bool braced = text.len > 1 && text.ptr[1] == '{';

	*out = (struct reference){ 0 };
	at += braced;

	const size_t start = at;

	while (at < text.len && is_name_char(text.ptr[at]))
		at++;
	out->name = (struct text){ text.ptr + start, at - start };
	if (out->name.len == 0)
		return false;
	if (braced) {
		const size_t close = text_find_char(text, '}');

		if (close == TEXT_NONE)
			return false;
		if (at + 1 < close && text.ptr[at] == ':') {
			out->modifier = text.ptr[at + 1];
			out->word = (struct text){ text.ptr + at + 2, close - at - 2 };
		} else if (at != close) {
			return false;
		}
		at = close + 1;
	}
	out->len = at;
	return true;
}

static void expand_into(const struct dockerfile *file, size_t stage, size_t before,
			struct text text, struct buffer *out, unsigned depth)
{
	for (size_t at = 0; at < text.len && out->len < EXPAND_MAX;) {
		struct reference reference;

		if (text.ptr[at] != '$' || depth >= DEPTH_MAX
		    || !read_reference(text_from(text, at), &reference)) {
			buffer_add_char(out, text.ptr[at++]);
			continue;
		}

		struct text value = find_variable(file, stage, before, reference.name);

		if (reference.modifier == '+')
			value = value.len > 0 ? reference.word : TEXT("");
		else if (value.len == 0 && reference.modifier == '-')
			value = reference.word;
		if (value.ptr == NULL)
			buffer_add(out, text.ptr + at, reference.len);
		else
			expand_into(file, stage, before, value, out, depth + 1);
		at += reference.len;
	}
}

struct text docker_expand(const struct dockerfile *file,
			  const struct docker_instruction *instruction, struct text text,
			  struct arena *arena)
{
	AUTO_BUFFER struct buffer out = { 0 };

	if (text_find_char(text, '$') == TEXT_NONE)
		return text;

	const bool is_from = instruction->op == DOCKER_FROM;
	size_t before = (size_t)(instruction - file->instructions);

	if (instruction->in_onbuild)
		before = file->stages[instruction->stage].last;
	expand_into(file, is_from ? 0 : instruction->stage, before, text, &out, 0);
	return (struct text){ arena_strndup(arena, out.data != NULL ? out.data : "", out.len),
			      out.len };
}
