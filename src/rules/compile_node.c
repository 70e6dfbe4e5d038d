/* SPDX-License-Identifier: Apache-2.0 */
/* compile_node.c — a condition's tree becomes nodes. Trees share macros: each is compiled once. */
#include "rules/program.h"

#include <errno.h>

static int compile_children(struct program_builder *builder, struct condition *condition,
			    uint32_t *out, struct compile_error *err)
{
	const enum node_kind kind = condition->kind == CONDITION_AND ? NODE_AND : NODE_OR;
	AUTO_BUFFER struct buffer numbers = { 0 };

	for (size_t i = 0; i < condition->count; i++) {
		uint32_t child;

		if (compile_node(builder, condition->children[i], &child, err) != 0)
			return -EINVAL;
		buffer_add(&numbers, &child, sizeof(child));
	}
	*out = builder_join(builder, kind, (const uint32_t *)(const void *)numbers.data,
			    condition->count);
	return 0;
}

static int compile_fresh(struct program_builder *builder, struct condition *condition,
			 uint32_t *out, struct compile_error *err)
{
	uint32_t number;

	switch (condition->kind) {
	case CONDITION_AND:
	case CONDITION_OR:
		return compile_children(builder, condition, out, err);
	case CONDITION_NOT:
		if (compile_node(builder, condition->children[0], &number, err) != 0)
			return -EINVAL;
		*out = builder_not(builder, number);
		return 0;
	case CONDITION_CHECK:
		if (compile_test(builder, condition, &number, err) != 0)
			return -EINVAL;
		*out = builder_test_node(builder, number);
		return 0;
	case CONDITION_MACRO:
		break; /* expanded before */
	}
	return -EINVAL;
}

int compile_node(struct program_builder *builder, struct condition *condition, uint32_t *out,
		 struct compile_error *err)
{
	if (condition->compiled == 0) {
		if (compile_fresh(builder, condition, out, err) != 0)
			return -EINVAL;
		condition->compiled = *out + 1;
	}
	*out = condition->compiled - 1;
	return 0;
}
