/* SPDX-License-Identifier: Apache-2.0 */
/* transform.h — what transformers make of values. Private to the room. */
#pragma once

#include "rules/program.h"

/* inputs[i] is the value of the subject's input i. What is made lies in the arena. */
struct field_value transform(const struct subject *subject, const struct field_value *const *inputs,
			     struct arena *arena);

/* A value as outputs show it: several in parentheses, commas between. NULL kinds add nothing. */
void field_value_print(const struct field_value *value, struct buffer *out);
