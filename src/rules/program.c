/* SPDX-License-Identifier: Apache-2.0 */
/* program.c — the growing arrays of a program and its nodes, equal ones kept once. */
#include "rules/program.h"

#include <stdlib.h>

void program_done(struct program *program)
{
	for (size_t i = 0; i < program->database_count; i++)
		hs_free_database(program->databases[i]);
	program->database_count = 0;
}

void program_builder_init(struct program_builder *builder, struct arena *arena,
			  struct report_builder *report, struct program *program)
{
	const struct node constants[] = { { .kind = NODE_FALSE }, { .kind = NODE_TRUE } };

	*builder = (struct program_builder){ .arena = arena, .report = report, .program = program };
	buffer_add(&builder->nodes, constants,
		   sizeof(constants)); /* numbers NODE_FALSE, NODE_TRUE */
}

void program_builder_done(struct program_builder *builder)
{
	buffer_done(&builder->subjects);
	buffer_done(&builder->tests);
	buffer_done(&builder->nodes);
	buffer_done(&builder->children);
	buffer_done(&builder->databases);
	map_done(&builder->known);
}

static void *keep(struct arena *arena, struct buffer *array, size_t item, size_t *count)
{
	void *kept = arena_alloc(arena, array->len + item);

	if (array->len > 0)
		memcpy(kept, array->data, array->len);
	*count = array->len / item;
	return kept;
}

/* A NOT among the children of AND and OR needs no node of its own. */
static void fold_negations(struct program *program)
{
	for (uint32_t i = 0; i < program->child_count; i++) {
		const struct node *child = &program->nodes[program->children[i]];

		if (child->kind == NODE_NOT)
			program->children[i] = program->children[child->first] | CHILD_NEGATED;
	}
}

void program_builder_finish(struct program_builder *builder)
{
	struct program *program = builder->program;
	struct arena *arena = builder->arena;
	size_t count;

	program->subjects = keep(arena, &builder->subjects, sizeof(struct subject), &count);
	program->subject_count = (uint32_t)count;
	program->tests = keep(arena, &builder->tests, sizeof(struct test), &count);
	program->test_count = (uint32_t)count;
	program->nodes = keep(arena, &builder->nodes, sizeof(struct node), &count);
	program->node_count = (uint32_t)count;
	program->children = keep(arena, &builder->children, sizeof(uint32_t), &count);
	program->child_count = (uint32_t)count;
	fold_negations(program);
	program->databases =
		keep(arena, &builder->databases, sizeof(hs_database_t *), &program->database_count);
}

/* --- equal items once -------------------------------------------------------------------- */

static void *at(const struct buffer *array, size_t size, uint32_t number)
{
	return array->data + size * number;
}

const struct subject *builder_subject(const struct program_builder *builder, uint32_t number)
{
	return at(&builder->subjects, sizeof(struct subject), number);
}

const struct test *builder_test(const struct program_builder *builder, uint32_t number)
{
	return at(&builder->tests, sizeof(struct test), number);
}

static const struct node *node_at(const struct program_builder *builder, uint32_t number)
{
	return at(&builder->nodes, sizeof(struct node), number);
}

static const uint32_t *children_of(const struct program_builder *builder, const struct node *node)
{
	return (const uint32_t *)at(&builder->children, sizeof(uint32_t), node->first);
}

uint32_t builder_add(struct program_builder *builder, struct buffer *array, char tag,
		     const void *item, size_t size, struct text identity)
{
	char *key = arena_alloc_bytes(builder->arena, identity.len + 1);
	const struct text text = { key, identity.len + 1 };

	key[0] = tag;
	if (identity.len > 0)
		memcpy(key + 1, identity.ptr, identity.len);

	const uintptr_t found = (uintptr_t)map_get(&builder->known, text);

	if (found != 0)
		return (uint32_t)(found - 1);

	const uint32_t number = (uint32_t)(array->len / size);

	buffer_add(array, item, size);
	map_put(&builder->known, text, (void *)((uintptr_t)number + 1));
	return number;
}

uint32_t builder_constant(struct program_builder *builder, struct field_value value)
{
	const struct subject subject = { .kind = SUBJECT_CONSTANT,
					 .type = FIELD_TEXT,
					 .many = value.count > 1,
					 .constant = value };
	const uint32_t number = (uint32_t)(builder->subjects.len / sizeof(subject));

	buffer_add(&builder->subjects, &subject, sizeof(subject));
	return number;
}

/* --- nodes ------------------------------------------------------------------------------- */

/* What a test costs against others; only the order matters. */
static uint32_t test_cost(const struct program_builder *builder, const struct test *test)
{
	const struct subject *subject = builder_subject(builder, test->subject);
	uint32_t cost = 4;

	switch (test->op) {
	case OPERATOR_EQUAL:
	case OPERATOR_NOT_EQUAL:
	case OPERATOR_EXISTS:
		cost = 2;
		break;
	case OPERATOR_STARTSWITH:
	case OPERATOR_BSTARTSWITH:
	case OPERATOR_ENDSWITH:
	case OPERATOR_IN:
		cost = 3;
		break;
	case OPERATOR_CONTAINS:
	case OPERATOR_BCONTAINS:
	case OPERATOR_INTERSECTS:
		cost = 8;
		break;
	case OPERATOR_ICONTAINS:
	case OPERATOR_GLOB:
	case OPERATOR_IGLOB:
	case OPERATOR_PMATCH:
		cost = 16 + test->count;
		break;
	case OPERATOR_REGEX:
		cost = 40;
		break;
	default:
		cost = 1;
	}
	if (test->type == FIELD_NUMBER || test->type == FIELD_BOOL)
		cost = 1;
	if (subject->kind == SUBJECT_TRANSFORMED)
		cost += 20;
	return cost + (subject->many ? 10 : 0);
}

uint32_t builder_test_node(struct program_builder *builder, uint32_t number)
{
	const struct test *test = builder_test(builder, number);
	const struct node node = { .kind = NODE_TEST,
				   .first = number,
				   .cost = test_cost(builder, test),
				   .asks_type = test_asks_type(builder, test) };

	return builder_add(builder, &builder->nodes, 't', &node, sizeof(node),
			   (struct text){ (const char *)&number, sizeof(number) });
}

static uint32_t add_parent(struct program_builder *builder, enum node_kind kind,
			   const uint32_t *children, size_t count)
{
	struct node node = { .kind = kind,
			     .first = (uint32_t)(builder->children.len / sizeof(uint32_t)),
			     .count = (uint32_t)count };
	const uint32_t before = (uint32_t)(builder->nodes.len / sizeof(node));

	for (size_t i = 0; i < count; i++) {
		const struct node *child = node_at(builder, children[i]);

		node.cost += child->cost;
		node.asks_type |= child->asks_type;
	}

	const uint32_t number =
		builder_add(builder, &builder->nodes, (char)('A' + (int)kind), &node, sizeof(node),
			    (struct text){ (const char *)children, count * sizeof(*children) });

	if (number == before)
		buffer_add(&builder->children, children, count * sizeof(*children));
	return number;
}

uint32_t builder_not(struct program_builder *builder, uint32_t number)
{
	const struct node *node = node_at(builder, number);

	if (node->kind == NODE_NOT)
		return children_of(builder, node)[0];
	if (node->kind == NODE_FALSE || node->kind == NODE_TRUE)
		return node->kind == NODE_FALSE ? NODE_TRUE : NODE_FALSE;
	return add_parent(builder, NODE_NOT, &number, 1);
}

/* The children, those of children of the same kind in their place. */
static void flatten(struct program_builder *builder, enum node_kind kind, const uint32_t *children,
		    size_t count, struct buffer *out)
{
	for (size_t i = 0; i < count; i++) {
		const struct node *child = node_at(builder, children[i]);

		if (child->kind == kind)
			buffer_add(out, children_of(builder, child),
				   child->count * sizeof(uint32_t));
		else
			buffer_add(out, &children[i], sizeof(uint32_t));
	}
}

static bool has_number(const uint32_t *numbers, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

/* Insertion keeps the written order among equals. */
static void insert_by_cost(struct program_builder *builder, uint32_t *numbers, size_t count,
			   uint32_t number)
{
	const uint32_t cost = node_at(builder, number)->cost;

	while (count > 0 && node_at(builder, numbers[count - 1])->cost > cost) {
		numbers[count] = numbers[count - 1];
		count--;
	}
	numbers[count] = number;
}

uint32_t builder_join(struct program_builder *builder, enum node_kind kind,
		      const uint32_t *children, size_t count)
{
	const uint32_t neutral = kind == NODE_AND ? NODE_TRUE : NODE_FALSE;
	const uint32_t decisive = kind == NODE_AND ? NODE_FALSE : NODE_TRUE;
	AUTO_BUFFER struct buffer flat = { 0 };
	AUTO_BUFFER struct buffer sorted = { 0 };

	flatten(builder, kind, children, count, &flat);

	const uint32_t *all = (const uint32_t *)(const void *)flat.data;
	const size_t total = flat.len / sizeof(uint32_t);
	uint32_t *kept =
		(uint32_t *)(void *)buffer_reserve(&sorted, (total + 1) * sizeof(uint32_t));
	size_t kept_count = 0;

	for (size_t i = 0; i < total; i++) {
		if (all[i] == decisive)
			return decisive;
		if (all[i] != neutral && !has_number(kept, kept_count, all[i]))
			insert_by_cost(builder, kept, kept_count++, all[i]);
	}
	if (kept_count == 0)
		return neutral;
	return kept_count == 1 ? kept[0] : add_parent(builder, kind, kept, kept_count);
}
