/* SPDX-License-Identifier: Apache-2.0 */
/* decode_scalar.c — one value into one member. */
#include "resource/decode.h"

#include <inttypes.h>

struct text decode_keep(struct decoder *decoder, struct text text)
{
	return (struct text){ arena_strndup(decoder->arena, text.ptr, text.len), text.len };
}

void decode_wrong_type(struct decoder *decoder, const struct field *field,
		       const struct value *value, const char *expected)
{
	const bool needs_quotes = value->type == VALUE_SCALAR && value->style == VALUE_PLAIN
				  && text_is(text_of(expected), "a text");
	const bool has_quotes = value->type == VALUE_SCALAR && value->style != VALUE_PLAIN
				&& !needs_quotes && decoder->hides_lines == false;

	decode_error(decoder, value->at, "'%s' must be %s, not %s%s", field->name, expected,
		     value_describe(value),
		     needs_quotes ? "; put it in quotes"
		     : has_quotes ? "; leave the quotes away"
				  : "");
}

bool decode_text_item(struct decoder *decoder, const struct field *field, const struct value *value,
		      struct text *out)
{
	if (!value_is_string(value)) {
		decode_wrong_type(decoder, field, value, "a text");
		return false;
	}

	const char *expected = format_expects(field->format, value->text);

	if (expected != NULL) {
		decode_error(decoder, value->at, "'%.*s' in '%s' is not %s", TEXT_ARGS(value->text),
			     field->name, expected);
		return false;
	}
	*out = decode_keep(decoder, value->text);
	return true;
}

bool decode_number(struct decoder *decoder, const struct field *field, const struct value *value,
		   int64_t least, int64_t most, int64_t *out)
{
	const bool limited = field->min != 0 || field->max != 0;
	const int64_t min = limited ? field->min : least;
	const int64_t max = limited ? field->max : most;

	if (!value_as_int(value, out)) {
		decode_wrong_type(decoder, field, value, "a whole number");
		return false;
	}
	if (*out < min || *out > max) {
		decode_error(decoder, value->at,
			     "'%s' must be from %" PRId64 " to %" PRId64 ", not %" PRId64,
			     field->name, min, max, *out);
		return false;
	}
	return true;
}

static void read_text(struct decoder *decoder, const struct field *field, const struct value *value,
		      void *member)
{
	struct text *out = member;

	if (value_is_string(value) && value->text.len == 0)
		*out = TEXT(""); /* as absent as protobuf can say */
	else
		decode_text_item(decoder, field, value, out);
}

static void read_bool(struct decoder *decoder, const struct field *field, const struct value *value,
		      void *member)
{
	if (!value_as_bool(value, member))
		decode_wrong_type(decoder, field, value, "true or false");
}

static void read_optional_bool(struct decoder *decoder, const struct field *field,
			       const struct value *value, void *member)
{
	struct optional_bool *out = member;

	out->is_set = value_as_bool(value, &out->value);
	if (!out->is_set)
		decode_wrong_type(decoder, field, value, "true or false");
}

static void read_uint32(struct decoder *decoder, const struct field *field,
			const struct value *value, void *member)
{
	int64_t number;

	if (decode_number(decoder, field, value, 0, UINT32_MAX, &number))
		*(uint32_t *)member = (uint32_t)number;
}

static void read_int32(struct decoder *decoder, const struct field *field,
		       const struct value *value, void *member)
{
	int64_t number;

	if (decode_number(decoder, field, value, INT32_MIN, INT32_MAX, &number))
		*(int32_t *)member = (int32_t)number;
}

static void read_optional_int(struct decoder *decoder, const struct field *field,
			      const struct value *value, void *member)
{
	struct optional_int *out = member;

	out->is_set = decode_number(decoder, field, value, INT64_MIN, INT64_MAX, &out->value);
}

static void read_optional_double(struct decoder *decoder, const struct field *field,
				 const struct value *value, void *member)
{
	struct optional_double *out = member;
	const bool limited = field->min != 0 || field->max != 0;

	if (!value_as_double(value, &out->value)) {
		decode_wrong_type(decoder, field, value, "a number");
		return;
	}
	if (limited && !(out->value >= (double)field->min && out->value <= (double)field->max)) {
		decode_error(decoder, value->at,
			     "'%s' must be from %" PRId64 " to %" PRId64 ", not %.*s", field->name,
			     field->min, field->max, TEXT_ARGS(value->text));
		return;
	}
	out->is_set = true;
}

static void read_duration(struct decoder *decoder, const struct field *field,
			  const struct value *value, void *member)
{
	struct optional_duration *out = member;

	if (value->type != VALUE_SCALAR || !duration_parse(value->text, &out->ns)) {
		decode_wrong_type(decoder, field, value, "a duration such as 1h30m, 10s or 250ms");
		return;
	}
	out->is_set = true;
}

static void read_time(struct decoder *decoder, const struct field *field, const struct value *value,
		      void *member)
{
	if (value->type != VALUE_SCALAR || !clock_parse_utc(value->text, member))
		decode_wrong_type(decoder, field, value, "a time such as 2026-11-21T09:30:00Z");
}

static void read_base64(struct decoder *decoder, const struct field *field,
			const struct value *value, void *member)
{
	const struct value *key = value->key != NULL ? value->key : value;
	struct text *out = member;

	if (value->type != VALUE_SCALAR) {
		decode_wrong_type(decoder, field, value, "base64 text");
		return;
	}

	/* line breaks inside are fine, as to Kubernetes */
	char *digits = arena_alloc_bytes(decoder->arena, value->text.len);
	char *bytes = arena_alloc_bytes(decoder->arena, BASE64_DECODED_MAX(value->text.len) + 1);
	size_t digit_count = 0;

	for (size_t i = 0; i < value->text.len; i++)
		if (!char_is_space(value->text.ptr[i]))
			digits[digit_count++] = value->text.ptr[i];
	if (!base64_decode((struct text){ digits, digit_count }, BASE64_STANDARD, bytes,
			   &out->len)) {
		decode_error(decoder, key->at, "'%.*s' is not base64", TEXT_ARGS(key->text));
		return;
	}
	bytes[out->len] = '\0';
	out->ptr = bytes;
}

static void read_port_or_name(struct decoder *decoder, const struct field *field,
			      const struct value *value, void *member)
{
	static const struct field number = { .name = "port", PORT_RANGE };
	struct port_or_name *out = member;
	int64_t port;

	if (value_is_string(value))
		decode_text_item(decoder, field, value, &out->name);
	else if (decode_number(decoder, &number, value, 1, 65535, &port))
		out->number = (uint32_t)port;
}

static const struct word *find_word(const struct word *words, struct text name)
{
	for (; words->name != NULL; words++)
		if (text_is(name, words->name))
			return words;
	return NULL;
}

static void report_unknown_word(struct decoder *decoder, const struct field *field,
				const struct value *value)
{
	AUTO_BUFFER struct buffer allowed = { 0 };

	for (const struct word *word = field->words; word->name != NULL; word++)
		if (word->hint == NULL)
			buffer_printf(&allowed, "%s%s", allowed.len > 0 ? ", " : "", word->name);
	decode_error(decoder, value->at, "'%s' cannot be '%.*s'; allowed: %s", field->name,
		     TEXT_ARGS(value->text), allowed.data);
}

static void read_enum(struct decoder *decoder, const struct field *field, const struct value *value,
		      void *member)
{
	if (value->type != VALUE_SCALAR) {
		decode_wrong_type(decoder, field, value, "one word");
		return;
	}

	const struct word *word = find_word(field->words, value->text);

	if (word == NULL) {
		report_unknown_word(decoder, field, value);
		return;
	}
	if (word->hint != NULL)
		decode_warning(decoder, value->at, "'%s' is not portable; %s", word->name,
			       word->hint);
	*(int *)member = word->value;
}

static void read_message(struct decoder *decoder, const struct field *field,
			 const struct value *value, void *member)
{
	void *message = arena_alloc(decoder->arena, field->schema->size);

	decode_message(decoder, field->schema, value, message);
	*(void **)member = message;
}

static void read_inline(struct decoder *decoder, const struct field *field,
			const struct value *value, void *member)
{
	decode_message(decoder, field->schema, value, member);
}

static void read_any(struct decoder *decoder, const struct field *field, const struct value *value,
		     void *member)
{
	(void)field;
	*(const struct value **)member = value_copy(decoder->arena, value);
}

static void read_nothing(struct decoder *decoder, const struct field *field,
			 const struct value *value, void *member)
{
	(void)decoder;
	(void)field;
	(void)value;
	(void)member;
}

typedef void read_fn(struct decoder *, const struct field *, const struct value *, void *member);

void decode_value(struct decoder *decoder, const struct field *field, const struct value *value,
		  void *member)
{
	static read_fn *const readers[FIELD_TYPE_COUNT] = {
		[FIELD_TEXT] = read_text,
		[FIELD_BOOL] = read_bool,
		[FIELD_UINT32] = read_uint32,
		[FIELD_INT32] = read_int32,
		[FIELD_ENUM] = read_enum,
		[FIELD_OPTIONAL_BOOL] = read_optional_bool,
		[FIELD_OPTIONAL_INT] = read_optional_int,
		[FIELD_OPTIONAL_DOUBLE] = read_optional_double,
		[FIELD_DURATION] = read_duration,
		[FIELD_TIME] = read_time,
		[FIELD_BASE64] = read_base64,
		[FIELD_PORT_OR_NAME] = read_port_or_name,
		[FIELD_TEXT_LIST] = decode_text_list,
		[FIELD_SCALAR_LIST] = decode_scalar_list,
		[FIELD_NUMBER_LIST] = decode_number_list,
		[FIELD_TEXT_MAP] = decode_text_map,
		[FIELD_MESSAGE] = read_message,
		[FIELD_INLINE] = read_inline,
		[FIELD_MESSAGE_LIST] = decode_message_list,
		[FIELD_MESSAGE_MAP] = decode_message_map,
		[FIELD_SCALAR_MAP] = decode_scalar_map,
		[FIELD_ANY] = read_any,
		[FIELD_KNOWN] = read_nothing,
	};

	readers[field->type](decoder, field, value, member);
}
