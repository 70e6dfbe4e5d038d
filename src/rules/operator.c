/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/operator.h"

#include "rules/lexical.h"

#define NUMBERS   .numbers = true
#define TEXTS     .texts = true
#define BYTES     .bytes = true
#define ADDRESSES .addresses = true

const struct operator_row operator_table[OPERATOR_COUNT] = {
	[OPERATOR_EXISTS] = { "exists", OPERATOR_TAKES_NOTHING, NUMBERS, TEXTS, BYTES, ADDRESSES },
	[OPERATOR_LESS] = { "<", OPERATOR_TAKES_NUMBER, NUMBERS, TEXTS },
	[OPERATOR_LESS_EQUAL] = { "<=", OPERATOR_TAKES_NUMBER, NUMBERS, TEXTS },
	[OPERATOR_GREATER] = { ">", OPERATOR_TAKES_NUMBER, NUMBERS, TEXTS },
	[OPERATOR_GREATER_EQUAL] = { ">=", OPERATOR_TAKES_NUMBER, NUMBERS, TEXTS },
	[OPERATOR_EQUAL] = { "=", OPERATOR_TAKES_TEXT, NUMBERS, TEXTS, BYTES, ADDRESSES },
	[OPERATOR_NOT_EQUAL] = { "!=", OPERATOR_TAKES_TEXT, NUMBERS, TEXTS, BYTES, ADDRESSES },
	[OPERATOR_GLOB] = { "glob", OPERATOR_TAKES_TEXT, TEXTS },
	[OPERATOR_IGLOB] = { "iglob", OPERATOR_TAKES_TEXT, TEXTS },
	[OPERATOR_CONTAINS] = { "contains", OPERATOR_TAKES_TEXT, TEXTS, BYTES },
	[OPERATOR_ICONTAINS] = { "icontains", OPERATOR_TAKES_TEXT, TEXTS },
	[OPERATOR_BCONTAINS] = { "bcontains", OPERATOR_TAKES_TEXT, TEXTS, BYTES },
	[OPERATOR_STARTSWITH] = { "startswith", OPERATOR_TAKES_TEXT, TEXTS, BYTES },
	[OPERATOR_BSTARTSWITH] = { "bstartswith", OPERATOR_TAKES_TEXT, TEXTS, BYTES },
	[OPERATOR_ENDSWITH] = { "endswith", OPERATOR_TAKES_TEXT, TEXTS, BYTES },
	[OPERATOR_REGEX] = { "regex", OPERATOR_TAKES_TEXT, TEXTS },
	[OPERATOR_IN] = { "in", OPERATOR_TAKES_LIST, NUMBERS, TEXTS, BYTES, ADDRESSES },
	[OPERATOR_INTERSECTS] = { "intersects", OPERATOR_TAKES_LIST, NUMBERS, TEXTS, ADDRESSES },
	[OPERATOR_PMATCH] = { "pmatch", OPERATOR_TAKES_LIST, TEXTS },
};

enum operator operator_find(struct text name)
{
	if (text_is(name, "=="))
		return OPERATOR_EQUAL;
	for (enum operator op = OPERATOR_EXISTS; op < OPERATOR_COUNT; op++)
		if (text_is(name, operator_table[op].name))
			return op;
	return OPERATOR_NONE;
}

enum operator operator_lex(struct text text, size_t *len)
{
	size_t end = 0;

	if (text.len > 0 && lexical_is_letter(text.ptr[0])) {
		end = lexical_identifier(text);
	} else {
		while (end < text.len && end < 2 && strchr("<>=!", text.ptr[end]) != NULL
		       && text.ptr[end] != '\0')
			end++;
		/* `a <-1`, but also `a =!b`: take the longest that is an operator */
		if (end == 2 && operator_find(text_until(text, 2)) == OPERATOR_NONE)
			end = 1;
	}
	*len = end;
	return operator_find(text_until(text, end));
}

static const char *const quantifier_names[] = {
	[QUANTIFIER_ONEOF] = "oneof", [QUANTIFIER_ANYOF] = "anyof", [QUANTIFIER_ALLOF] = "allof"
};

const char *quantifier_name(enum quantifier quantifier)
{
	return quantifier_names[quantifier];
}

enum quantifier quantifier_lex(struct text text, size_t *len)
{
	*len = lexical_identifier(text);
	for (enum quantifier q = QUANTIFIER_ONEOF; q <= QUANTIFIER_ALLOF; q++)
		if (text_is(text_until(text, *len), quantifier_names[q]))
			return q;
	return QUANTIFIER_NONE;
}
