/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/transform.h"

#include <inttypes.h>

static const struct field_value missing = { FIELD_VALUE_NONE, 0, { { { NULL, 0 } } } };

static bool is_text(const struct field_value *value)
{
	return value->kind == FIELD_VALUE_TEXT && value->count > 0;
}

/* --- one text -> one text ---------------------------------------------------------------- */

static struct text change_case(struct arena *arena, struct text text, bool upper)
{
	char *out = arena_alloc_bytes(arena, text.len + 1);

	for (size_t i = 0; i < text.len; i++) {
		const char c = text.ptr[i];

		out[i] = !upper ? char_lower(c) : c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
	}
	return (struct text){ out, text.len };
}

/* Absent where the text is no base64. */
static struct text decode_base64(struct arena *arena, struct text text)
{
	char *out = arena_alloc_bytes(arena, BASE64_DECODED_MAX(text.len));
	size_t len;

	if (!base64_decode(text, BASE64_STANDARD, out, &len))
		return (struct text){ NULL, 0 };
	return (struct text){ out, len };
}

static struct text change(enum transformer how, struct arena *arena, struct text text)
{
	size_t slash;

	switch (how) {
	case TRANSFORMER_TOLOWER:
		return change_case(arena, text, false);
	case TRANSFORMER_TOUPPER:
		return change_case(arena, text, true);
	case TRANSFORMER_B64:
		return decode_base64(arena, text);
	default: /* basename */
		slash = text_find_last_char(text, '/');
		return slash != TEXT_NONE ? text_from(text, slash + 1) : text;
	}
}

static struct field_value change_each(const struct subject *subject,
				      const struct field_value *input, struct arena *arena)
{
	union field_item *items;
	uint32_t count = 0;

	if (!is_text(input))
		return missing;
	items = ARENA_ARRAY(arena, input->count, union field_item);
	for (uint32_t i = 0; i < input->count; i++) {
		items[count].text =
			change(subject->transformer, arena, field_value_items(input)[i].text);
		count += items[count].text.ptr != NULL;
	}
	return field_value_many(FIELD_VALUE_TEXT, items, count);
}

/* --- joining ----------------------------------------------------------------------------- */

static void print_item(enum field_value_kind kind, const union field_item *item, struct buffer *out)
{
	char address[IP_TEXT_MAX];

	switch (kind) {
	case FIELD_VALUE_TEXT:
		buffer_add(out, item->text.ptr, item->text.len);
		return;
	case FIELD_VALUE_NUMBER:
		buffer_printf(out, "%" PRId64, item->number);
		return;
	case FIELD_VALUE_BOOL:
		buffer_add_text(out, item->number != 0 ? "true" : "false");
		return;
	case FIELD_VALUE_ADDRESS:
		buffer_add_text(out, ip_format(address, item->address));
		return;
	case FIELD_VALUE_NONE:
		return;
	}
}

void field_value_print(const struct field_value *value, struct buffer *out)
{
	const bool several = value->count > 1;

	if (several)
		buffer_add_char(out, '(');
	for (uint32_t i = 0; i < value->count; i++) {
		buffer_add_text(out, i > 0 ? "," : "");
		print_item(value->kind, &field_value_items(value)[i], out);
	}
	if (several)
		buffer_add_char(out, ')');
}

static struct field_value keep(struct arena *arena, const struct buffer *text)
{
	const char *kept = arena_strndup(arena, text->data != NULL ? text->data : "", text->len);

	return field_value_text((struct text){ kept, text->len });
}

static struct field_value join(const struct field_value *list, const struct field_value *separator,
			       struct arena *arena)
{
	AUTO_BUFFER struct buffer text = { 0 };

	if (list->kind == FIELD_VALUE_NONE || !is_text(separator))
		return missing;
	for (uint32_t i = 0; i < list->count; i++) {
		if (i > 0)
			print_item(FIELD_VALUE_TEXT, field_value_items(separator), &text);
		print_item(list->kind, &field_value_items(list)[i], &text);
	}
	return keep(arena, &text);
}

static struct field_value concat(const struct subject *subject,
				 const struct field_value *const *inputs, struct arena *arena)
{
	AUTO_BUFFER struct buffer text = { 0 };

	for (uint32_t i = 0; i < subject->input_count; i++) {
		if (inputs[i]->kind == FIELD_VALUE_NONE)
			return missing;
		field_value_print(inputs[i], &text);
	}
	return keep(arena, &text);
}

/* --- getopt ------------------------------------------------------------------------------ */

#define OPTIONS_MAX 64

struct options { /* as getopt(3) finds them: letters, and the arguments of those that take one */
	union field_item letters[OPTIONS_MAX];
	struct text arguments[OPTIONS_MAX];
	uint32_t count;
};

static void add_option(struct options *options, const char *letter, struct text argument)
{
	if (options->count == OPTIONS_MAX)
		return;
	options->letters[options->count].text = (struct text){ letter, 1 };
	options->arguments[options->count++] = argument;
}

/* "-abc" with the words after it; takes the next word where an option wants an argument. */
static void read_cluster(struct options *options, struct text cluster, struct text known,
			 struct text *words)
{
	while (cluster.len > 0) {
		const char *letter = cluster.ptr;
		const size_t at = text_find_char(known, letter[0]);
		struct text argument = { 0 };

		cluster = text_from(cluster, 1);
		if (at == TEXT_NONE || letter[0] == ':')
			continue;
		if (at + 1 < known.len && known.ptr[at + 1] == ':') {
			argument = cluster.len > 0 ? cluster : text_split(words, ' ');
			cluster.len = 0;
		}
		add_option(options, letter, argument);
	}
}

static void read_words(struct options *options, struct text words, struct text known)
{
	while (words.ptr != NULL) {
		const struct text word = text_split(&words, ' ');

		if (text_is(word, "--"))
			return;
		if (word.len > 1 && word.ptr[0] == '-' && word.ptr[1] != '-')
			read_cluster(options, text_from(word, 1), known, &words);
	}
}

static struct field_value get_options(const struct subject *subject, const struct field_value *args,
				      const struct field_value *known, struct arena *arena)
{
	struct options *options = ARENA_NEW(arena, struct options);
	struct field_value joined;

	if (!is_text(args) || !is_text(known))
		return missing;
	joined = join(args, &(struct field_value){ FIELD_VALUE_TEXT, 1, { { TEXT(" ") } } }, arena);
	read_words(options, joined.one.text, field_value_items(known)->text);
	if (subject->selector.ptr == NULL)
		return field_value_many(FIELD_VALUE_TEXT, options->letters, options->count);
	for (uint32_t i = 0; i < options->count; i++)
		if (text_equal(options->letters[i].text, subject->selector)
		    && options->arguments[i].ptr != NULL)
			return field_value_text(options->arguments[i]);
	return missing;
}

struct field_value transform(const struct subject *subject, const struct field_value *const *inputs,
			     struct arena *arena)
{
	switch (subject->transformer) {
	case TRANSFORMER_LEN:
		if (!is_text(inputs[0]))
			return missing;
		return field_value_number(inputs[0]->count > 1 ? (int64_t)inputs[0]->count
							       : (int64_t)inputs[0]->one.text.len);
	case TRANSFORMER_JOIN:
		return join(inputs[0], inputs[1], arena);
	case TRANSFORMER_CONCAT:
		return concat(subject, inputs, arena);
	case TRANSFORMER_GETOPT:
		return get_options(subject, inputs[0], inputs[1], arena);
	default:
		return change_each(subject, inputs[0], arena);
	}
}
