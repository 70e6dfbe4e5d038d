/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/output.h"

#include "rules/lexical.h"

#include <errno.h>
#include <stdlib.h>

struct reader {
	struct program_builder *builder;
	struct text rest;
	struct source_pos at;
	struct buffer literal, parts, keys;
	struct compile_error *err;
};

static int add_part(struct reader *reader, uint32_t subject, uint32_t width)
{
	const struct output_part part = {
		.literal = { arena_strndup(reader->builder->arena,
					   reader->literal.data != NULL ? reader->literal.data : "",
					   reader->literal.len),
			     reader->literal.len },
		.subject = subject,
		.width = width,
	};

	buffer_add(&reader->parts, &part, sizeof(part));
	buffer_clear(&reader->literal);
	return 0;
}

static int add_subject(struct reader *reader, struct text token, uint32_t width)
{
	struct condition_source *source =
		ARENA_NEW(reader->builder->arena, struct condition_source);
	struct condition *check;
	uint32_t subject;

	/* an operand is parsed where a condition has one */
	source->text =
		text_of(arena_printf(reader->builder->arena, "%.*s exists", TEXT_ARGS(token)));
	source->part = (struct condition_part){ .raw = TEXT(""), .start = reader->at };
	if (condition_parse(reader->builder->arena, source, &check, &reader->err->error) != 0
	    || check->kind != CONDITION_CHECK
	    || compile_subject(reader->builder, check, check->left, &subject, reader->err) != 0)
		return -EINVAL;
	if (check->left->kind == OPERAND_FIELD) {
		const struct output_key key = {
			arena_strndup(reader->builder->arena, token.ptr, token.len), subject
		};
		const struct subject *field = builder_subject(reader->builder, subject);

		if (field_of(field->use.id)->flags & FIELD_FLAG_FILTER_ONLY)
			return error_at(&reader->err->error, -EINVAL, reader->at,
					"field '%s' can only be used in conditions", key.name);
		buffer_add(&reader->keys, &key, sizeof(key));
	}
	return add_part(reader, subject, width);
}

/* "tolower(proc.name)": up to the parenthesis that closes the first. */
static size_t call_length(struct text text)
{
	const size_t name = lexical_identifier(text);
	size_t depth = 0;

	if (name == 0 || name >= text.len || text.ptr[name] != '('
	    || !transformer_exists(text_until(text, name)))
		return 0;
	for (size_t i = name; i < text.len; i++) {
		depth += text.ptr[i] == '(';
		depth -= text.ptr[i] == ')';
		if (depth == 0)
			return i + 1;
	}
	return 0;
}

static int read_token(struct reader *reader)
{
	struct field_use use;
	struct text digits = { reader->rest.ptr, 0 };
	uint64_t width = 0;
	size_t len;

	while (digits.len < reader->rest.len && char_is_digit(reader->rest.ptr[digits.len]))
		digits.len++;
	if (digits.len > 0 && !text_parse_number(digits, 4096, &width))
		width = 4096;
	reader->rest = text_from(reader->rest, digits.len);
	len = call_length(reader->rest);
	if (len == 0)
		len = field_lex(reader->rest, &use);
	if (len == 0) {
		const size_t name = lexical_field_name(reader->rest);
		const size_t shown = name > 0 ? name : MIN_OF(reader->rest.len, (size_t)16);

		reader->err->unknown = name > 0;
		return error_at(
			&reader->err->error, -EINVAL, reader->at,
			"invalid token '%%%.*s' in the output: it is no field; write %%%% for a "
			"percent sign",
			(int)shown, reader->rest.ptr);
	}
	if (add_subject(reader, text_until(reader->rest, len), (uint32_t)width) != 0)
		return -EINVAL;
	reader->rest = text_from(reader->rest, len);
	return 0;
}

static int read_format(struct reader *reader)
{
	while (reader->rest.len > 0) {
		const char c = reader->rest.ptr[0];
		const bool doubled = c == '%' && reader->rest.len > 1 && reader->rest.ptr[1] == '%';

		reader->rest = text_from(reader->rest, doubled ? 2 : 1);
		if (c != '%' || doubled)
			buffer_add_char(&reader->literal, c);
		else if (read_token(reader) != 0)
			return -EINVAL;
	}
	return add_part(reader, NO_SUBJECT, 0);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct output_key *)a)->name, ((const struct output_key *)b)->name);
}

static void keep_keys(struct reader *reader, struct output *out)
{
	const size_t count = reader->keys.len / sizeof(struct output_key);
	struct output_key *keys = ARENA_ARRAY(reader->builder->arena, count + 1, struct output_key);
	size_t kept = 0;

	if (count > 0)
		memcpy(keys, reader->keys.data, reader->keys.len);
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(keys[kept - 1].name, keys[i].name) != 0)
			keys[kept++] = keys[i];
	out->keys = keys;
	out->key_count = kept;
}

int output_compile(struct program_builder *builder, struct text format, struct source_pos at,
		   struct output *out, struct compile_error *err)
{
	struct reader reader = { .builder = builder, .rest = format, .at = at, .err = err };
	const int result = read_format(&reader);

	if (result == 0) {
		struct output_part *parts = arena_alloc(builder->arena, reader.parts.len);

		memcpy(parts, reader.parts.data, reader.parts.len);
		out->parts = parts;
		out->part_count = reader.parts.len / sizeof(*parts);
		keep_keys(&reader, out);
	}
	buffer_done(&reader.literal);
	buffer_done(&reader.parts);
	buffer_done(&reader.keys);
	return result;
}
