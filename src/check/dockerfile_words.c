/* SPDX-License-Identifier: Apache-2.0 */
#include "check/dockerfile_words.h"

#include "check/grow.h"

#include <string.h>

#define WORDS_MAX 10000

struct text docker_unquote(struct text text)
{
	while (text.len > 0 && (text.ptr[0] == '"' || text.ptr[0] == '\''))
		text = text_from(text, 1);
	while (text.len > 0 && (text.ptr[text.len - 1] == '"' || text.ptr[text.len - 1] == '\''))
		text.len--;
	return text;
}

/* The end of the word at `at`; quotes and escapes keep blanks inside. */
static size_t word_end(struct text text, size_t at, char escape)
{
	char quote = '\0';

	for (; at < text.len; at++) {
		const char c = text.ptr[at];

		if (quote == '\0' && char_is_space(c))
			break;
		if (c == escape && quote != '\'' && at + 1 < text.len)
			at++;
		else if (quote == '\0' && (c == '"' || c == '\''))
			quote = c;
		else if (c == quote)
			quote = '\0';
	}
	return MIN_OF(at, text.len);
}

static size_t skip_space(struct text text, size_t at)
{
	while (at < text.len && char_is_space(text.ptr[at]))
		at++;
	return at;
}

static size_t count_words(struct text text, char escape)
{
	size_t count = 0;

	for (size_t at = skip_space(text, 0); at < text.len && count < WORDS_MAX; count++)
		at = skip_space(text, word_end(text, at, escape));
	return count;
}

/* A backslash in a path is a path's, not an escape: only quotes keep blanks here. */
void docker_words_split(struct docker_instruction *instruction, struct arena *arena)
{
	const struct text text = instruction->text;
	struct docker_word *words =
		ARENA_ARRAY(arena, count_words(text, '\0') + 1, struct docker_word);
	size_t count = 0;

	for (size_t at = skip_space(text, 0); at < text.len && count < WORDS_MAX;) {
		const size_t end = word_end(text, at, '\0');

		words[count++] = (struct docker_word){ { text.ptr + at, end - at },
						       docker_place(instruction, at, end) };
		at = skip_space(text, end);
	}
	instruction->words = words;
	instruction->word_count = count;
}

/* ---- JSON ---- */

/* At the opening quote. Returns the end behind the closing one, 0 where it is no JSON string. */
static size_t json_string_end(struct text text, size_t at)
{
	for (at++; at < text.len; at++) {
		if (text.ptr[at] == '\\')
			at++;
		else if (text.ptr[at] == '"')
			return at + 1;
		else if ((unsigned char)text.ptr[at] < 0x20)
			return 0;
	}
	return 0;
}

static struct text json_string_value(struct text body, struct arena *arena)
{
	char *out = arena_alloc_bytes(arena, body.len + 1);
	size_t len = 0;

	for (size_t at = 0; at < body.len; at++) {
		char c = body.ptr[at];

		if (c == '\\' && at + 1 < body.len) {
			c = body.ptr[++at];
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
		}
		out[len++] = c;
	}
	out[len] = '\0';
	return (struct text){ out, len };
}

bool docker_words_json(struct docker_instruction *instruction, struct arena *arena)
{
	const struct text text = instruction->text;

	if (text.len < 2 || text.ptr[0] != '[' || text.ptr[text.len - 1] != ']')
		return false;

	struct docker_word *words = ARENA_ARRAY(arena, text.len / 2 + 1, struct docker_word);
	size_t count = 0, at = skip_space(text, 1);

	while (at < text.len && text.ptr[at] == '"') {
		const size_t end = json_string_end(text, at);

		if (end == 0)
			return false;
		words[count++] = (struct docker_word){
			json_string_value((struct text){ text.ptr + at + 1, end - at - 2 }, arena),
			docker_place(instruction, at, end)
		};
		at = skip_space(text, end);
		if (at < text.len && text.ptr[at] == ',')
			at = skip_space(text, at + 1);
		else
			break;
	}
	if (at + 1 != text.len)
		return false;
	instruction->words = words;
	instruction->word_count = count;
	return true;
}

/* ---- KEY=VALUE ---- */

/* Quotes and escapes resolved, as the shell would. */
static struct text resolve_quotes(struct text text, char escape, struct arena *arena)
{
	char quote = '\0';

	if (memchr(text.ptr, '"', text.len) == NULL && memchr(text.ptr, '\'', text.len) == NULL
	    && memchr(text.ptr, escape, text.len) == NULL)
		return text;

	char *out = arena_alloc_bytes(arena, text.len + 1);
	size_t len = 0;

	for (size_t at = 0; at < text.len; at++) {
		const char c = text.ptr[at];

		if (c == escape && quote != '\'' && at + 1 < text.len)
			out[len++] = text.ptr[++at];
		else if (quote == '\0' && (c == '"' || c == '\''))
			quote = c;
		else if (c == quote && quote != '\0')
			quote = '\0';
		else
			out[len++] = c;
	}
	out[len] = '\0';
	return (struct text){ out, len };
}

static struct docker_pair pair_of(struct text word, char escape, struct arena *arena)
{
	const size_t equals = text_find_char(word, '=');

	if (equals == TEXT_NONE)
		return (struct docker_pair){ .key = resolve_quotes(word, escape, arena) };
	return (struct docker_pair){
		.key = resolve_quotes(text_until(word, equals), escape, arena),
		.value = resolve_quotes(text_from(word, equals + 1), escape, arena),
	};
}

/* "ENV KEY the rest": the form before key=value. */
static bool parse_legacy_pair(struct docker_instruction *instruction, struct arena *arena)
{
	const struct text text = instruction->text;
	const size_t end = word_end(text, 0, '\0');

	if (instruction->op == DOCKER_ARG || end == 0
	    || text_find_char(text_until(text, end), '=') != TEXT_NONE)
		return false;

	struct docker_pair *pair = ARENA_NEW(arena, struct docker_pair);

	*pair = (struct docker_pair){ text_until(text, end), text_from(text, skip_space(text, end)),
				      docker_place(instruction, 0, text.len) };
	instruction->pairs = pair;
	instruction->pair_count = 1;
	return true;
}

void docker_pairs_parse(struct docker_instruction *instruction, char escape, struct arena *arena)
{
	const struct text text = instruction->text;

	if (parse_legacy_pair(instruction, arena))
		return;

	struct docker_pair *pairs =
		ARENA_ARRAY(arena, count_words(text, escape) + 1, struct docker_pair);
	size_t count = 0;

	for (size_t at = skip_space(text, 0); at < text.len && count < WORDS_MAX;) {
		const size_t end = word_end(text, at, escape);

		pairs[count] = pair_of((struct text){ text.ptr + at, end - at }, escape, arena);
		pairs[count++].at = docker_place(instruction, at, end);
		at = skip_space(text, end);
	}
	instruction->pairs = pairs;
	instruction->pair_count = count;
}

/* ---- flags and FROM ---- */

static bool takes_flags(enum docker_op op)
{
	return op == DOCKER_ADD || op == DOCKER_COPY || op == DOCKER_FROM || op == DOCKER_RUN
	       || op == DOCKER_HEALTHCHECK;
}

void docker_flags_parse(struct docker_instruction *instruction, struct arena *arena)
{
	struct docker_pair *flags = NULL;
	size_t count = 0, capacity = 0;

	while (takes_flags(instruction->op) && text_starts_with(instruction->text, TEXT("--"))) {
		const struct text text = instruction->text;
		const size_t end = word_end(text, 0, '\0'), next = skip_space(text, end);

		flags = arena_grow(arena, flags, count, &capacity, sizeof(*flags));
		flags[count] = pair_of((struct text){ text.ptr + 2, end - 2 }, '\0', arena);
		flags[count++].at = docker_place(instruction, 0, end);
		instruction->text = text_from(text, next);
		instruction->text_at += next;
		if (end == 2)
			break;
	}
	instruction->flags = flags;
	instruction->flag_count = count;
}

struct text docker_flag(const struct docker_instruction *instruction, const char *name)
{
	for (size_t i = 0; i < instruction->flag_count; i++)
		if (text_is(instruction->flags[i].key, name))
			return instruction->flags[i].value;
	return (struct text){ 0 };
}

/* The last ':' that is not inside "${NAME:-word}" and stands behind the last '/'. */
static size_t tag_colon(struct text name)
{
	size_t colon = TEXT_NONE;
	unsigned depth = 0;

	for (size_t at = 0; at < name.len; at++) {
		const char c = name.ptr[at];

		if (c == '{')
			depth++;
		else if (c == '}' && depth > 0)
			depth--;
		else if (depth == 0 && c == '/')
			colon = TEXT_NONE;
		else if (depth == 0 && c == ':')
			colon = at;
	}
	return colon;
}

static bool is_registry(struct text part)
{
	return text_find_char(part, '.') != TEXT_NONE || text_find_char(part, ':') != TEXT_NONE
	       || text_is(part, "localhost");
}

struct docker_image docker_image_parse(struct text reference)
{
	struct docker_image image = { .whole = reference, .name = reference };
	const size_t at_sign = text_find_char(reference, '@');

	if (at_sign != TEXT_NONE) {
		image.name = text_until(reference, at_sign);
		image.digest = text_from(reference, at_sign + 1);
	}

	const size_t colon = tag_colon(image.name);

	if (colon != TEXT_NONE) {
		image.tag = text_from(image.name, colon + 1);
		image.name = text_until(image.name, colon);
	}

	const size_t slash = text_find_char(image.name, '/');

	if (slash != TEXT_NONE && is_registry(text_until(image.name, slash))) {
		image.registry = text_until(image.name, slash);
		image.name = text_from(image.name, slash + 1);
	}
	return image;
}

void docker_from_parse(struct docker_instruction *instruction)
{
	if (instruction->word_count == 0)
		return;
	instruction->image = docker_image_parse(instruction->words[0].raw);
	instruction->image.platform = docker_flag(instruction, "platform");
	if (instruction->word_count >= 3
	    && text_equal_nocase(instruction->words[1].raw, TEXT("as")))
		instruction->image.alias = instruction->words[2].raw;
}
