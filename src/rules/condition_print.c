/* SPDX-License-Identifier: Apache-2.0 */
/* condition_print.c — tree -> canonical text: every and/or in parentheses, quotes only where they
 * are needed. */
#include "rules/condition.h"

#include "rules/lexical.h"

static void print_quoted(struct text text, struct buffer *out)
{
	static const char escaped[] = "\b\f\n\r\t\\\"";
	static const char names[] = "bfnrt\\\"";

	buffer_add_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		const char c = text.ptr[i];
		const char *found = c != '\0' ? strchr(escaped, c) : NULL;

		if (found != NULL) {
			buffer_add_char(out, '\\');
			buffer_add_char(out, names[found - escaped]);
		} else {
			buffer_add_char(out, c);
		}
	}
	buffer_add_char(out, '"');
}

void condition_print_text(struct text text, struct buffer *out)
{
	size_t ignored;

	/* bare where it reads back as one string; a quantifier's name could be taken for one */
	if (text.len > 0 && lexical_bare(text) == text.len
	    && quantifier_lex(text, &ignored) == QUANTIFIER_NONE)
		buffer_add(out, text.ptr, text.len);
	else
		print_quoted(text, out);
}

static void print_argument(const struct operand *operand, struct buffer *out)
{
	if (!operand->has_argument)
		return;
	buffer_add_char(out, '[');
	if (operand->argument.len > 0
	    && lexical_bare_argument(operand->argument) == operand->argument.len)
		buffer_add(out, operand->argument.ptr, operand->argument.len);
	else
		print_quoted(operand->argument, out);
	buffer_add_char(out, ']');
}

static void print_items(const struct operand *operand, struct buffer *out)
{
	buffer_add_char(out, '(');
	for (size_t i = 0; i < operand->count; i++) {
		if (i > 0)
			buffer_add_text(out, ", ");
		operand_print(operand->items[i], out);
	}
	buffer_add_char(out, ')');
}

/* Between a transformer's parentheses a bare a.b would be read as a field. */
static void print_call_items(const struct operand *operand, struct buffer *out)
{
	buffer_add_char(out, '(');
	for (size_t i = 0; i < operand->count; i++) {
		if (i > 0)
			buffer_add_text(out, ", ");
		if (operand->items[i]->kind == OPERAND_TEXT)
			print_quoted(operand->items[i]->text, out);
		else
			operand_print(operand->items[i], out);
	}
	buffer_add_char(out, ')');
}

void operand_print(const struct operand *operand, struct buffer *out)
{
	switch (operand->kind) {
	case OPERAND_TEXT:
		condition_print_text(operand->text, out);
		return;
	case OPERAND_LIST:
		print_items(operand, out);
		return;
	case OPERAND_FIELD:
		buffer_add(out, operand->text.ptr, operand->text.len);
		print_argument(operand, out);
		return;
	case OPERAND_TRANSFORMED:
	case OPERAND_VALUE_OF:
		buffer_add(out, operand->text.ptr, operand->text.len);
		print_call_items(operand, out);
		print_argument(operand, out);
		return;
	}
}

static void print_check(const struct condition *check, struct buffer *out)
{
	operand_print(check->left, out);
	buffer_printf(out, " %s", operator_table[check->op].name);
	if (check->quantifier != QUANTIFIER_NONE)
		buffer_printf(out, " %s", quantifier_name(check->quantifier));
	if (check->right == NULL)
		return;
	buffer_add_char(out, ' ');
	if (check->right->kind == OPERAND_TEXT
	    && (check->quantifier != QUANTIFIER_NONE
		|| operator_table[check->op].takes == OPERATOR_TAKES_LIST))
		buffer_add(out, check->right->text.ptr, check->right->text.len); /* a list's name */
	else
		operand_print(check->right, out);
}

void condition_print(const struct condition *condition, struct buffer *out)
{
	switch (condition->kind) {
	case CONDITION_AND:
	case CONDITION_OR:
		buffer_add_char(out, '(');
		for (size_t i = 0; i < condition->count; i++) {
			if (i > 0)
				buffer_add_text(out, condition->kind == CONDITION_AND ? " and "
										      : " or ");
			condition_print(condition->children[i], out);
		}
		buffer_add_char(out, ')');
		return;
	case CONDITION_NOT:
		buffer_add_text(out, "not ");
		condition_print(condition->children[0], out);
		return;
	case CONDITION_CHECK:
		print_check(condition, out);
		return;
	case CONDITION_MACRO:
		buffer_add(out, condition->macro.ptr, condition->macro.len);
		return;
	}
}
