/* SPDX-License-Identifier: Apache-2.0 */
/* value_build.h — inside the room: what value_parse.c needs beside its events. */
#pragma once

#include "resource/value.h"

struct value_builder {
	struct arena *arena;
	const struct value_source *source;
	value_problem_fn *problem;
	void *context;
	struct error *err;
	int result; /* 0, or the first of the problems that were errors but did not stop us */
};

void value_append(struct value *parent, struct value **last, struct value *child);

/* Merges "<<" entries and sorts out keys that stand there twice. */
void value_finish_mapping(struct value_builder *build, struct value *mapping);

/* -EINVAL for a tag that is not understood; !!str makes a plain scalar a text. */
int value_apply_tag(struct value *scalar, struct text tag);
bool value_text_is_null(const struct value *scalar);
