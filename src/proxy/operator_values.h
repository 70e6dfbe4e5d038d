/* SPDX-License-Identifier: Apache-2.0 */
/* operator_values.h — what each command operator is worth; the table is in operator_values.c. */
#pragma once

#include "proxy/operators.h"

enum operator_flag {
	OPERATOR_TAKES_ARGUMENT = 1 << 0,
	OPERATOR_NEEDS_ARGUMENT = 1 << 1,
	OPERATOR_KEEPS_CASE = 1 << 2,    /* its argument is one text, not names of headers */
	OPERATOR_OF_RESPONSE = 1 << 4,   /* reads fields that came from the upstream */
	OPERATOR_OF_CONNECTION = 1 << 3, /* there is a value without a request too */
};

struct operator_call {
	const struct operator* operator;
	struct text argument, alternative; /* absent: none */
	size_t length;                     /* texts are cut to it; 0: whole */
};

struct operator
{
	const char *name;
	unsigned flags;
	struct operator_value (*read)(const struct operator_call *call,
				      const struct operator_subject *subject, char *scratch);
};

extern const struct operator operators[]; /* name NULL ends it */
