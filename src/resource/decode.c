/* SPDX-License-Identifier: Apache-2.0 */
/* decode.c — walks a mapping beside its schema; single values are read in decode_scalar.c, lists
 * and maps in decode_list.c. */
#include "resource/decode.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static void report(struct decoder *decoder, enum severity severity, struct source_pos at,
		   const char *fmt, va_list args)
{
	struct error problem = { .code = -EINVAL, .at = at };
	const bool quotes = !decoder->hides_lines && at.line > 0 && decoder->lines != NULL
			    && decoder->diagnostics->count < DIAGNOSTICS_MAX;

	vsnprintf(problem.text, sizeof(problem.text), fmt, args);
	diagnostics_add(decoder->diagnostics, severity, &problem,
			quotes ? line_find(decoder->lines, at.line) : (struct text){ NULL, 0 });
}

void decode_error(struct decoder *decoder, struct source_pos at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(decoder, SEVERITY_ERROR, at, fmt, args);
	va_end(args);
}

void decode_warning(struct decoder *decoder, struct source_pos at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(decoder, SEVERITY_WARNING, at, fmt, args);
	va_end(args);
}

struct source_pos decode_place(const struct value *mapping, const char *field)
{
	const struct value *entry = value_get(mapping, field);

	return entry != NULL ? entry->key->at : mapping->at;
}

const struct source_pos *decode_seen(struct map *seen, struct text name,
				     const struct source_pos *at)
{
	const struct source_pos *before = name.len > 0 ? map_get(seen, name) : NULL;

	if (name.len > 0 && before == NULL)
		map_put(seen, name, (void *)at);
	return before;
}

/* "jwks_uri" is "jwksUri" (protojson accepts both). */
static bool is_snake_case_of(struct text written, const char *name)
{
	for (size_t i = 0; i < written.len; i++, name++) {
		const bool starts_word = written.ptr[i] == '_' && i + 1 < written.len;

		if (starts_word)
			i++;
		if (*name == '\0' || char_lower(*name) != written.ptr[i]
		    || (*name != char_lower(*name)) != starts_word)
			return false;
	}
	return *name == '\0';
}

static const struct field *find_field(const struct schema *schema, struct text name)
{
	for (size_t i = 0; i < schema->field_count; i++)
		if (text_is(name, schema->fields[i].name))
			return &schema->fields[i];
	if (text_find_char(name, '_') == TEXT_NONE)
		return NULL;
	for (size_t i = 0; i < schema->field_count; i++)
		if (is_snake_case_of(name, schema->fields[i].name))
			return &schema->fields[i];
	return NULL;
}

#define FIELDS_LISTED 12 /* with more, a list of them all helps nobody */

static void report_unknown(struct decoder *decoder, const struct schema *schema,
			   const struct value *key)
{
	const char *names[FIELDS_MAX];
	AUTO_BUFFER struct buffer known = { 0 };

	for (size_t i = 0; i < schema->field_count; i++) {
		names[i] = schema->fields[i].name;
		if (schema->field_count <= FIELDS_LISTED)
			buffer_printf(&known, "%s%s", i > 0 ? ", " : "; it has ", names[i]);
	}

	const char *near = text_closest(key->text, names, schema->field_count);

	if (near != NULL)
		decode_warning(decoder, key->at, "unknown field '%.*s' in %s; did you mean '%s'?",
			       TEXT_ARGS(key->text), schema->name, near);
	else
		decode_warning(decoder, key->at, "unknown field '%.*s' in %s%s",
			       TEXT_ARGS(key->text), schema->name,
			       known.data != NULL ? known.data : "");
}

static void warn_about_field(struct decoder *decoder, const struct field *field,
			     const struct value *entry)
{
	if (field->flags & FIELD_DEPRECATED)
		decode_warning(decoder, entry->key->at, "'%s' is deprecated; %s", field->name,
			       field->hint);
	if (field->flags & FIELD_EXTENSION)
		decode_warning(decoder, entry->key->at,
			       "'%s' is not Istio's; it is honoured here, but %s", field->name,
			       field->hint);
}

static bool is_empty(const struct value *value)
{
	return value->type == VALUE_NULL || (value->type == VALUE_SCALAR && value->text.len == 0)
	       || (value->type != VALUE_SCALAR && value->count == 0);
}

static void decode_field(struct decoder *decoder, const struct schema *schema,
			 const struct field *field, const struct value *entry, char *message)
{
	warn_about_field(decoder, field, entry);
	if (field->flags & (FIELD_REQUIRED | FIELD_NOT_EMPTY) && is_empty(entry)
	    && (entry->type != VALUE_MAPPING || field->flags & FIELD_NOT_EMPTY)) {
		decode_error(decoder, entry->key->at, "'%s' of %s must not be empty", field->name,
			     schema->name);
		return;
	}
	if (entry->type == VALUE_NULL)
		return; /* as if it were not there */
	decode_value(decoder, field, entry, message + field->offset);
}

/* At most one field of each group may be there. */
static void check_groups(struct decoder *decoder, const struct schema *schema,
			 const struct value *const found[])
{
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];

		for (size_t k = 0; k < i && field->group != 0 && found[i] != NULL; k++) {
			const struct field *other = &schema->fields[k];

			if (other->group != field->group || found[k] == NULL)
				continue;

			const bool is_later = found[i]->start > found[k]->start;

			decode_error(decoder, found[is_later ? i : k]->key->at,
				     "'%s' and '%s' exclude each other in %s; keep one",
				     is_later ? other->name : field->name,
				     is_later ? field->name : other->name, schema->name);
			break;
		}
	}
}

static void check_required(struct decoder *decoder, const struct schema *schema,
			   const struct value *mapping, const struct value *const found[])
{
	for (size_t i = 0; i < schema->field_count; i++)
		if (schema->fields[i].flags & FIELD_REQUIRED && found[i] == NULL)
			decode_error(decoder, mapping->at, "%s needs '%s'", schema->name,
				     schema->fields[i].name);
}

static void decode_entries(struct decoder *decoder, const struct schema *schema,
			   const struct value *mapping, void *message)
{
	const struct value *found[FIELDS_MAX] = { NULL }; /* the entry of each field */

	VALUE_FOR_EACH(mapping, entry)
	{
		const struct field *field = find_field(schema, entry->key->text);
		const struct value **slot = field != NULL ? &found[field - schema->fields] : NULL;

		if (field == NULL && !schema->is_open)
			report_unknown(decoder, schema, entry->key);
		if (field == NULL)
			continue;
		if (*slot != NULL)
			decode_error(decoder, entry->key->at,
				     "'%.*s' is the field '%.*s' of line %u in another spelling; "
				     "keep one",
				     TEXT_ARGS(entry->key->text), TEXT_ARGS((*slot)->key->text),
				     (*slot)->key->at.line);
		decode_field(decoder, schema, field, entry, message);
		/* null is absence, but of a required field that has been told by now */
		if (entry->type != VALUE_NULL || field->flags & FIELD_REQUIRED)
			*slot = entry;
	}
	check_required(decoder, schema, mapping, found);
	check_groups(decoder, schema, found);
}

void decode_message(struct decoder *decoder, const struct schema *schema,
		    const struct value *mapping, void *message)
{
	if (mapping->type != VALUE_MAPPING) {
		decode_error(decoder, mapping->at, "%s must be a mapping, not %s", schema->name,
			     value_describe(mapping));
		return;
	}
	if (!schema->is_inline)
		*(struct source_pos *)message = mapping->at;
	decode_entries(decoder, schema, mapping, message);
	if (schema->validate != NULL)
		schema->validate(decoder, mapping, message);
}
