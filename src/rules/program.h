/* SPDX-License-Identifier: Apache-2.0 */
/* program.h — all rules of a set as one graph of shared tests.
 *
 *	subject   what is asked about: a field, or a transformer of subjects; computed once an event
 *	test      a subject compared with constants or another subject; answered once an event
 *	node      and, or, not over tests; equal nodes are one node, so macros cost once for all
 *rules bucket    for a class of event types: the rules that can match and what is left of their
 *		  conditions once the type is known
 *
 * Built once by program_builder, immutable afterwards. Private to the room. */
#pragma once

#include "rules/condition.h"
#include "rules/field.h"
#include "rules/report.h"
#include "rules/text_match.h"

#include <hs/hs.h>

#define NO_SUBJECT UINT32_MAX

enum transformer {
	TRANSFORMER_NONE,
	TRANSFORMER_TOLOWER,
	TRANSFORMER_TOUPPER,
	TRANSFORMER_B64,
	TRANSFORMER_BASENAME,
	TRANSFORMER_LEN,
	TRANSFORMER_JOIN,
	TRANSFORMER_CONCAT,
	TRANSFORMER_GETOPT,
	TRANSFORMER_COUNT,
};

enum subject_kind { SUBJECT_FIELD = 1, SUBJECT_CONSTANT, SUBJECT_TRANSFORMED };

struct subject {
	enum subject_kind kind;
	enum field_type type;
	bool many, ends;             /* several values: any may answer; both ends of a connection */
	struct field_use use;        /* FIELD */
	struct field_value constant; /* CONSTANT */
	enum transformer transformer; /* TRANSFORMED */
	const uint32_t *inputs;
	uint32_t input_count;
	struct text selector; /* getopt(...)[selector] */
};

enum quick { /* tests that need no look at the rest, where the value is one text */
	     QUICK_NONE,
	     QUICK_EQUAL,
	     QUICK_STARTSWITH,
	     QUICK_ENDSWITH,
	     QUICK_SET,
};

struct test {
	enum quick quick;
	uint32_t subject, other; /* other: compared with that subject, or NO_SUBJECT */
	struct text constant;    /* of quick tests */
	struct text_set set;     /* = and in, of more than a few texts */
	enum operator op;
	enum quantifier quantifier;
	enum field_type type; /* as what the two are compared */
	bool every;           /* each of the subject's values must pass, not just one */
	uint32_t count;       /* of the constants, in the array of their type */
	const struct text *texts;
	const int64_t *numbers;
	const struct ip_range *ranges;
	hs_database_t *const *patterns; /* regex */
};

#define CHILD_NEGATED (UINT32_C(1) << 31) /* in program.children: not this node */

enum node_kind { NODE_FALSE, NODE_TRUE, NODE_TEST, NODE_NOT, NODE_AND, NODE_OR };

struct node {
	enum node_kind kind;
	bool asks_type; /* a test of the event's type is somewhere below */
	uint32_t first; /* TEST: the test; else its children: program.children[first .. + count) */
	uint32_t count;
	uint32_t cost; /* a guess, to ask the cheap things first */
};

struct bucket_entry {
	uint32_t rule, node;
	uint32_t gate; /* a node without which the rule cannot match */
};

struct bucket {
	const struct bucket_entry *entries;
	size_t count;
};

struct program {
	struct subject *subjects;
	struct test *tests;
	struct node *nodes;
	uint32_t *children;
	uint32_t subject_count, test_count, node_count, child_count;
	struct bucket *buckets;    /* [0] for events of unknown type */
	uint16_t *bucket_of_type;  /* by event type */
	hs_database_t **databases; /* all that tests point to; owned */
	size_t database_count;
};

void program_done(struct program *program); /* the arrays are the arena's, the databases its own */

/* --- building ---------------------------------------------------------------------------- */

struct program_builder {
	struct arena *arena;
	struct report_builder *report;
	struct program *program;
	struct buffer subjects, tests, nodes, children, databases; /* growing arrays */
	struct map known;      /* bytes of a subject, test or node -> its number + 1 */
	const unsigned *alike; /* for each event type the first that answers all tests alike */
};

void program_builder_init(struct program_builder *builder, struct arena *arena,
			  struct report_builder *report, struct program *program);
void program_builder_done(struct program_builder *builder);
/* Moves the grown arrays into the program. Buckets come after that. */
void program_builder_finish(struct program_builder *builder);

struct compile_error {
	bool unknown; /* a field or an event type that does not exist: may be skipped */
	struct error error;
};

/* compile_subject.c, compile_test.c, compile_node.c. Each returns 0 with *out, or -EINVAL with err.
 */
int compile_subject(struct program_builder *builder, const struct condition *check,
		    const struct operand *operand, uint32_t *out, struct compile_error *err);
int compile_test(struct program_builder *builder, const struct condition *check, uint32_t *out,
		 struct compile_error *err);
int compile_node(struct program_builder *builder, struct condition *condition, uint32_t *out,
		 struct compile_error *err);

int compile_fail(const struct condition *check, const struct operand *operand,
		 struct compile_error *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

const struct subject *builder_subject(const struct program_builder *builder, uint32_t number);
const struct test *builder_test(const struct program_builder *builder, uint32_t number);
/* The number of the equal item that is there already, or of a new one. */
uint32_t builder_add(struct program_builder *builder, struct buffer *array, char tag,
		     const void *item, size_t size, struct text identity);
uint32_t builder_constant(struct program_builder *builder, struct field_value value);
uint32_t builder_test_node(struct program_builder *builder, uint32_t test);
uint32_t builder_not(struct program_builder *builder, uint32_t node);
/* AND or OR of the children, made flat, without doubles, the cheap ones first. */
uint32_t builder_join(struct program_builder *builder, enum node_kind kind,
		      const uint32_t *children, size_t count);

/* bucket.c. First, once all tests are known: */
void builder_classify_types(struct program_builder *builder);
/* Sorts the rules' conditions into buckets. conditions[i] is rules[i]'s node. */
void program_fill_buckets(struct program_builder *builder, const uint32_t *rules,
			  const uint32_t *conditions, size_t count);
/* The event types the condition can be true for, as flags[event_type_count()]; returns how many. */
size_t program_event_types(struct program_builder *builder, uint32_t node, bool *flags);
bool test_asks_type(const struct program_builder *builder, const struct test *test);

enum transformer transformer_find(struct text name);
