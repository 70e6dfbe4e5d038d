/* SPDX-License-Identifier: Apache-2.0 */
/* output.h — a rule's output line, taken apart once. Private to the room.
 *
 *	%field  %field[argument]  %transformer(...)  %20field (cut or padded to 20)  %% (a percent
 *sign) */
#pragma once

#include "rules/program.h"

struct output_part {
	struct text literal; /* before the subject */
	uint32_t subject;    /* NO_SUBJECT: there is none after the last literal */
	uint32_t width;      /* 0: as long as it is */
};

struct output_key { /* of output_fields; transformed fields have none */
	const char *name;
	uint32_t subject;
};

struct output {
	const struct output_part *parts;
	const struct output_key *keys; /* sorted, each once */
	size_t part_count, key_count;
};

int output_compile(struct program_builder *builder, struct text format, struct source_pos at,
		   struct output *out, struct compile_error *err);
