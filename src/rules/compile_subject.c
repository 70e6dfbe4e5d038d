/* SPDX-License-Identifier: Apache-2.0 */
/* compile_subject.c — operands: fields that must exist, transformers that must fit. */
#include "rules/program.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static const struct transformer_row {
	const char *name;
	uint32_t least, most; /* arguments */
	enum field_type gives;
	bool texts_only;
} transformers[TRANSFORMER_COUNT] = {
	[TRANSFORMER_TOLOWER] = { "tolower", 1, 1, FIELD_TEXT, true },
	[TRANSFORMER_TOUPPER] = { "toupper", 1, 1, FIELD_TEXT, true },
	[TRANSFORMER_B64] = { "b64", 1, 1, FIELD_TEXT, true },
	[TRANSFORMER_BASENAME] = { "basename", 1, 1, FIELD_TEXT, true },
	[TRANSFORMER_LEN] = { "len", 1, 1, FIELD_NUMBER, true },
	[TRANSFORMER_JOIN] = { "join", 2, 2, FIELD_TEXT, false },
	[TRANSFORMER_CONCAT] = { "concat", 1, UINT32_MAX, FIELD_TEXT, false },
	[TRANSFORMER_GETOPT] = { "getopt", 2, 2, FIELD_TEXT, true },
};

enum transformer transformer_find(struct text name)
{
	for (enum transformer t = TRANSFORMER_TOLOWER; t < TRANSFORMER_COUNT; t++)
		if (text_is(name, transformers[t].name))
			return t;
	return TRANSFORMER_NONE;
}

int compile_fail(const struct condition *check, const struct operand *operand,
		 struct compile_error *err, const char *fmt, ...)
{
	const size_t offset = operand != NULL ? operand->offset : check->offset;
	char message[sizeof(err->error.text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	return error_at(&err->error, -EINVAL, condition_locate(check->source, offset), "%s",
			message);
}

static int compile_field(struct program_builder *builder, const struct condition *check,
			 const struct operand *operand, struct subject *subject,
			 struct compile_error *err)
{
	const char *portable = field_portable_name(operand->text);
	const struct text name = portable != NULL ? text_of(portable) : operand->text;
	const struct text argument = operand->has_argument ? operand->argument : (struct text){ 0 };
	struct error why = { 0 };
	const int result = field_resolve(name, argument, &subject->use, &why);
	const struct source_pos at = condition_locate(check->source, operand->offset);

	if (result != 0) {
		err->unknown = result == -ENOENT;
		return compile_fail(check, operand, err, "%s", why.text);
	}
	if (portable != NULL)
		report_issue(builder->report, LOAD_NOT_PORTABLE, at,
			     "field '%.*s' is taken as %s; write that, Falco has no such field",
			     TEXT_ARGS(operand->text), portable);

	const struct field *field = field_of(subject->use.id);

	if (field->flags & FIELD_FLAG_DEPRECATED)
		report_issue(builder->report, LOAD_DEPRECATED_ITEM, at, "field '%s' is deprecated",
			     field->name);
	subject->kind = SUBJECT_FIELD;
	subject->type = field->type;
	subject->ends = field->flags & FIELD_FLAG_ENDS;
	subject->many = subject->ends || (field->flags & FIELD_FLAG_MANY)
			|| ((field->flags & FIELD_FLAG_ANCESTOR) && subject->use.index < 0);
	return 0;
}

static uint32_t compile_constants(struct program_builder *builder, const struct operand *operand)
{
	const size_t count = operand->kind == OPERAND_LIST ? operand->count : 1;
	union field_item *items = ARENA_ARRAY(builder->arena, count + 1, union field_item);

	for (size_t i = 0; i < count; i++)
		items[i].text =
			operand->kind == OPERAND_LIST ? operand->items[i]->text : operand->text;
	return builder_constant(builder,
				field_value_many(FIELD_VALUE_TEXT, items, (uint32_t)count));
}

static int compile_inputs(struct program_builder *builder, const struct condition *check,
			  const struct operand *operand, struct subject *subject,
			  struct compile_error *err)
{
	const struct transformer_row *row = &transformers[subject->transformer];
	uint32_t *inputs = ARENA_ARRAY(builder->arena, operand->count + 1, uint32_t);

	for (size_t i = 0; i < operand->count; i++) {
		const struct operand *item = operand->items[i];

		if (item->kind == OPERAND_TEXT || item->kind == OPERAND_LIST)
			inputs[i] = compile_constants(builder, item);
		else if (compile_subject(builder, check, item, &inputs[i], err) != 0)
			return -EINVAL;

		const enum field_type type = builder_subject(builder, inputs[i])->type;

		if (row->texts_only && type != FIELD_TEXT && type != FIELD_BYTES
		    && type != FIELD_ANY)
			return compile_fail(check, item, err,
					    "%s() takes text, which this field is not", row->name);
	}
	if (subject->transformer != TRANSFORMER_CONCAT && operand->items[0]->kind != OPERAND_FIELD
	    && operand->items[0]->kind != OPERAND_TRANSFORMED)
		return compile_fail(check, operand, err, "%s() takes a field first", row->name);
	subject->inputs = inputs;
	subject->input_count = (uint32_t)operand->count;
	subject->many = builder_subject(builder, inputs[0])->many
			|| subject->transformer == TRANSFORMER_GETOPT;
	return 0;
}

static int compile_transformed(struct program_builder *builder, const struct condition *check,
			       const struct operand *operand, struct subject *subject,
			       struct compile_error *err)
{
	const enum transformer transformer = transformer_find(operand->text);
	const struct transformer_row *row = &transformers[transformer];

	if (operand->count < row->least || operand->count > row->most)
		return compile_fail(check, operand, err, "%s() takes %u argument%s, not %zu",
				    row->name, row->least, row->least == 1 ? "" : "s",
				    operand->count);
	if (operand->has_argument && transformer != TRANSFORMER_GETOPT)
		return compile_fail(check, operand, err, "%s() takes nothing in brackets",
				    row->name);
	subject->kind = SUBJECT_TRANSFORMED;
	subject->transformer = transformer;
	subject->type = row->gives;
	if (operand->has_argument)
		subject->selector = operand->argument;
	return compile_inputs(builder, check, operand, subject, err);
}

int compile_subject(struct program_builder *builder, const struct condition *check,
		    const struct operand *operand, uint32_t *out, struct compile_error *err)
{
	AUTO_BUFFER struct buffer identity = { 0 };
	struct subject subject = { 0 };
	int result;

	if (operand->kind == OPERAND_VALUE_OF)
		return compile_subject(builder, check, operand->items[0], out, err);
	result = operand->kind == OPERAND_FIELD
			 ? compile_field(builder, check, operand, &subject, err)
			 : compile_transformed(builder, check, operand, &subject, err);
	if (result != 0)
		return result;
	operand_print(operand, &identity);
	*out = builder_add(builder, &builder->subjects, 's', &subject, sizeof(subject),
			   buffer_text(&identity));
	return 0;
}
