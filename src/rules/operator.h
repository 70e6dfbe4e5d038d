/* SPDX-License-Identifier: Apache-2.0 */
/* operator.h — the comparison operators of the condition language, one row each in operator.c. */
#pragma once

#include "base/base.h"

enum operator{
	OPERATOR_NONE,
	OPERATOR_EXISTS,
	OPERATOR_LESS,
	OPERATOR_LESS_EQUAL,
	OPERATOR_GREATER,
	OPERATOR_GREATER_EQUAL,
	OPERATOR_EQUAL,
	OPERATOR_NOT_EQUAL,
	OPERATOR_GLOB,
	OPERATOR_IGLOB,
	OPERATOR_CONTAINS,
	OPERATOR_ICONTAINS,
	OPERATOR_BCONTAINS,
	OPERATOR_STARTSWITH,
	OPERATOR_BSTARTSWITH,
	OPERATOR_ENDSWITH,
	OPERATOR_REGEX,
	OPERATOR_IN,
	OPERATOR_INTERSECTS,
	OPERATOR_PMATCH,
	OPERATOR_COUNT,
};

enum operator_takes { /* what stands on its right */
		      OPERATOR_TAKES_NOTHING,
		      OPERATOR_TAKES_NUMBER,
		      OPERATOR_TAKES_TEXT,
		      OPERATOR_TAKES_LIST,
};

/* `startswith oneof (a, b)`: the operator holds for one, for one or more, or for all of the list.
 */
enum quantifier { QUANTIFIER_NONE, QUANTIFIER_ONEOF, QUANTIFIER_ANYOF, QUANTIFIER_ALLOF };

struct operator_row {
	const char *name;
	enum operator_takes takes;
	bool numbers, texts, bytes, addresses; /* the types of field it compares */
};

extern const struct operator_row operator_table[OPERATOR_COUNT];

/* The operator that `text` begins with ("==" is "="), and the bytes it takes. A word must end
 * there. */
enum operator operator_lex(struct text text, size_t *len);
enum operator operator_find(struct text name); /* OPERATOR_NONE where there is none of that name */

const char *quantifier_name(enum quantifier quantifier);
enum quantifier quantifier_lex(struct text text, size_t *len);
