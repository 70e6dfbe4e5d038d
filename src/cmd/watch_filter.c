/* SPDX-License-Identifier: Apache-2.0 */
/* watch_filter.c — conditions become clauses (sensor/filter.h).
 *
 *	a test the kernel can make		one clause that says it
 *	any other test, negated or not		the clause that says nothing
 *	and					each clause of one with each of the other
 *	or					the clauses of both
 *
 * Where these would become too many, some are made wider: that loses nothing but speed. */
#include "cmd/watch_filter.h"

#include <fcntl.h>
#include <limits.h>

#define CLAUSES_MAX 12

struct clauses {
	size_t count; /* 0: cannot be true */
	struct filter_clause items[CLAUSES_MAX];
};

struct translation {
	struct arena *arena;
	bool opens;        /* open, openat, openat2, creat: the path is theirs */
	bool makes_number; /* fd.num is the result */
	bool has_socket;
};

static struct clauses anything(void)
{
	return (struct clauses){ .count = 1, .items = { FILTER_CLAUSE_ANY } };
}

/* --- or, and ----------------------------------------------------------------------------- */

static bool differ_in_paths_alone(const struct filter_clause *a, const struct filter_clause *b)
{
	return a->outcomes == b->outcomes && a->access == b->access && a->families == b->families
	       && a->transports == b->transports;
}

static void widen_paths(struct translation *in, struct filter_clause *into,
			const struct filter_clause *from)
{
	struct path_pattern *both;

	into->any_path |= from->any_path;
	if (into->any_path)
		return;
	both = ARENA_ARRAY(in->arena, into->path_count + from->path_count, struct path_pattern);
	memcpy(both, into->paths, into->path_count * sizeof(*both));
	memcpy(both + into->path_count, from->paths, from->path_count * sizeof(*both));
	into->paths = both;
	into->path_count += from->path_count;
}

static void add_clause(struct translation *in, struct clauses *to,
		       const struct filter_clause *clause)
{
	struct filter_clause *into;

	for (size_t i = 0; i < to->count; i++)
		if (differ_in_paths_alone(&to->items[i], clause)) {
			widen_paths(in, &to->items[i], clause);
			return;
		}
	if (to->count < CLAUSES_MAX) {
		to->items[to->count++] = *clause;
		return;
	}
	into = &to->items[CLAUSES_MAX - 1];
	into->outcomes |= clause->outcomes;
	into->access |= clause->access;
	into->families |= clause->families;
	into->transports |= clause->transports;
	widen_paths(in, into, clause);
}

/* Which of two lists of patterns lets less through; both must hold, one is enough to test. */
static unsigned looseness(const struct filter_clause *clause)
{
	unsigned loosest = 0;

	for (size_t i = 0; i < clause->path_count; i++) {
		static const unsigned by_kind[] = {
			[PATH_IS] = 0,       [PATH_DIRECTLY_IN] = 1, [PATH_NAMED] = 2,
			[PATH_ENDS] = 3,     [PATH_GLOB] = 4,        [PATH_BEGINS] = 5,
			[PATH_CONTAINS] = 6,
		};

		loosest = MAX_OF(loosest, by_kind[clause->paths[i].kind]);
	}
	return clause->any_path ? UINT_MAX : loosest;
}

static bool intersect(const struct filter_clause *a, const struct filter_clause *b,
		      struct filter_clause *out)
{
	*out = looseness(a) <= looseness(b) ? *a : *b;
	out->outcomes = a->outcomes & b->outcomes;
	out->access = a->access & b->access;
	out->families = a->families & b->families;
	out->transports = a->transports & b->transports;
	return out->outcomes != 0 && out->access != 0 && out->families != 0 && out->transports != 0;
}

static struct clauses translate(struct translation *in, const struct rule_need *need);

static struct clauses translate_all(struct translation *in, const struct rule_need *need)
{
	struct clauses result = anything();

	for (size_t i = 0; i < need->count; i++) {
		const struct clauses part = translate(in, &need->parts[i]);
		struct clauses product = { 0 };

		for (size_t a = 0; a < result.count; a++)
			for (size_t b = 0; b < part.count; b++) {
				struct filter_clause both;

				if (intersect(&result.items[a], &part.items[b], &both))
					add_clause(in, &product, &both);
			}
		result = product;
	}
	return result;
}

static struct clauses translate_one(struct translation *in, const struct rule_need *need)
{
	struct clauses result = { 0 };

	for (size_t i = 0; i < need->count; i++) {
		const struct clauses part = translate(in, &need->parts[i]);

		for (size_t k = 0; k < part.count; k++)
			add_clause(in, &result, &part.items[k]);
	}
	return result;
}

/* --- tests of numbers -------------------------------------------------------------------- */

struct range {
	int64_t first, last;
};

/* Is there a number in the range for which the comparison holds? */
static bool range_may_pass(struct range range, enum operator op, int64_t constant)
{
	switch (op) {
	case OPERATOR_LESS:
		return range.first < constant;
	case OPERATOR_LESS_EQUAL:
		return range.first <= constant;
	case OPERATOR_GREATER:
		return range.last > constant;
	case OPERATOR_GREATER_EQUAL:
		return range.last >= constant;
	case OPERATOR_EQUAL:
	case OPERATOR_IN:
	case OPERATOR_INTERSECTS:
		return range.first <= constant && constant <= range.last;
	default:
		return true;
	}
}

static enum operator opposite_of(enum operator op)
{
	switch (op) {
	case OPERATOR_LESS:
		return OPERATOR_GREATER_EQUAL;
	case OPERATOR_LESS_EQUAL:
		return OPERATOR_GREATER;
	case OPERATOR_GREATER:
		return OPERATOR_LESS_EQUAL;
	case OPERATOR_GREATER_EQUAL:
		return OPERATOR_LESS;
	default:
		return OPERATOR_NOT_EQUAL;
	}
}

static struct clauses outcome_test(const struct rule_need *need)
{
	static const struct range ranges[OUTCOME_COUNT] = {
		[OUTCOME_FAILED] = { INT64_MIN, -1 },
		[OUTCOME_STANDARD] = { 0, 2 },
		[OUTCOME_OTHER] = { 3, INT64_MAX },
	};
	const enum operator op = need->negated ? opposite_of(need->op) : need->op;
	struct clauses result = anything();

	result.items[0].outcomes = 0;
	for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++)
		for (size_t i = 0; i < need->count; i++)
			if (range_may_pass(ranges[outcome], op, need->numbers[i]))
				result.items[0].outcomes |= (uint8_t)FILTER_BIT(outcome);
	return result;
}

/* evt.res: SUCCESS, or the name of an error. */
static struct clauses result_test(const struct rule_need *need)
{
	struct clauses result = anything();
	uint8_t outcomes = 0;

	if (need->negated || (need->op != OPERATOR_EQUAL && need->op != OPERATOR_IN))
		return result;
	for (size_t i = 0; i < need->count; i++)
		outcomes |=
			(uint8_t)(text_is(need->texts[i], "SUCCESS")
					  ? FILTER_BIT(OUTCOME_STANDARD) | FILTER_BIT(OUTCOME_OTHER)
					  : FILTER_BIT(OUTCOME_FAILED));
	result.items[0].outcomes = outcomes;
	return result;
}

static struct clauses access_test(const struct rule_need *need, uint8_t modes)
{
	struct clauses result = anything();
	const bool yes = need->count == 1 && (need->numbers[0] != 0) != need->negated;

	if (need->op == OPERATOR_EQUAL && need->count == 1)
		result.items[0].access = yes ? modes : (uint8_t)~modes;
	return result;
}

/* --- tests of sockets -------------------------------------------------------------------- */

struct meaning {
	const char *text;
	uint8_t bits;
};

#define INET_ANY (FILTER_BIT(FAMILY_INET) | FILTER_BIT(FAMILY_INET6)) /* IPv4 comes mapped, too */

static const struct meaning families[] = {
	{ "4", INET_ANY },
	{ "ipv4", INET_ANY },
	{ "6", FILTER_BIT(FAMILY_INET6) },
	{ "ipv6", FILTER_BIT(FAMILY_INET6) },
	{ "ip", INET_ANY },
	{ "u", FILTER_BIT(FAMILY_UNIX) },
	{ "unix", FILTER_BIT(FAMILY_UNIX) },
};

static const struct meaning transports[] = {
	{ "tcp", FILTER_BIT(TRANSPORT_TCP) },
	{ "udp", FILTER_BIT(TRANSPORT_UDP) },
};

/* What the constants stand for; all where one of them is not known. */
static uint8_t meaning_of(const struct rule_need *need, const struct meaning *meanings,
			  size_t count)
{
	uint8_t bits = 0;

	if (need->negated || (need->op != OPERATOR_EQUAL && need->op != OPERATOR_IN))
		return FILTER_ALL;
	for (size_t i = 0; i < need->count; i++) {
		size_t k = 0;

		while (k < count && !text_is(need->texts[i], meanings[k].text))
			k++;
		if (k == count)
			return FILTER_ALL;
		bits |= meanings[k].bits;
	}
	return bits;
}

/* --- tests of paths ---------------------------------------------------------------------- */

/* By field and operator; 0 is what cannot be told. The numbers are those of path_pattern_kind + 1.
 */
#define SAY(kind) ((kind) + 1)

static int pattern_kind(enum field_id field, enum operator op)
{
	const bool directory = field == FIELD_FD_DIRECTORY, file = field == FIELD_FD_FILENAME;

	switch (op) {
	case OPERATOR_EQUAL:
	case OPERATOR_IN:
	case OPERATOR_INTERSECTS:
		return directory ? SAY(PATH_DIRECTLY_IN) : file ? SAY(PATH_NAMED) : SAY(PATH_IS);
	case OPERATOR_STARTSWITH:
		return file ? SAY(PATH_CONTAINS) : SAY(PATH_BEGINS);
	case OPERATOR_ENDSWITH:
		return directory ? SAY(PATH_CONTAINS) : SAY(PATH_ENDS);
	case OPERATOR_CONTAINS:
		return SAY(PATH_CONTAINS);
	case OPERATOR_GLOB:
		return directory || file ? 0 : SAY(PATH_GLOB);
	case OPERATOR_PMATCH:
		return file ? 0 : SAY(PATH_BEGINS);
	default:
		return 0;
	}
}

static bool has_glob(struct text text)
{
	return text_find_char(text, '*') != TEXT_NONE || text_find_char(text, '?') != TEXT_NONE
	       || text_find_char(text, '[') != TEXT_NONE;
}

static struct clauses path_test(struct translation *in, const struct rule_need *need)
{
	const int kind = pattern_kind(need->field->id, need->op);
	struct clauses result = anything();
	struct path_pattern *patterns;

	if (!in->opens || need->negated || kind == 0 || need->texts == NULL)
		return result;
	patterns = ARENA_ARRAY(in->arena, need->count, struct path_pattern);
	for (size_t i = 0; i < need->count; i++) {
		struct text text = need->texts[i];

		if (need->op == OPERATOR_PMATCH && has_glob(text))
			return result;
		if (need->op == OPERATOR_PMATCH && text.len > 0 && text.ptr[text.len - 1] == '/')
			text.len--;
		patterns[i] = (struct path_pattern){ .kind = (enum path_pattern_kind)(kind - 1),
						     .text = text };
	}
	result.items[0].any_path = false;
	result.items[0].paths = patterns;
	result.items[0].path_count = need->count;
	return result;
}

/* --- the whole --------------------------------------------------------------------------- */

static struct clauses socket_test(const struct translation *in, const struct rule_need *need)
{
	struct clauses result = anything();

	if (!in->has_socket || need->texts == NULL)
		return result;
	if (need->field->id == FIELD_FD_L4PROTO)
		result.items[0].transports = meaning_of(need, transports, COUNT_OF(transports));
	else
		result.items[0].families = meaning_of(need, families, COUNT_OF(families));
	return result;
}

static struct clauses translate_test(struct translation *in, const struct rule_need *need)
{
	switch (need->field->id) {
	case FIELD_EVT_RAWRES:
		return need->numbers != NULL ? outcome_test(need) : anything();
	case FIELD_FD_NUM:
		return in->makes_number ? outcome_test(need) : anything();
	case FIELD_EVT_RES:
		return result_test(need);
	case FIELD_EVT_IS_OPEN_READ:
		return in->opens ? access_test(need, 1 << O_RDONLY | 1 << O_RDWR | 1 << 3)
				 : anything();
	case FIELD_EVT_IS_OPEN_WRITE:
		return in->opens ? access_test(need, 1 << O_WRONLY | 1 << O_RDWR | 1 << 3)
				 : anything();
	case FIELD_FD_NAME:
	case FIELD_FD_NAMERAW:
	case FIELD_FD_DIRECTORY:
	case FIELD_FD_FILENAME:
		return path_test(in, need);
	case FIELD_FD_TYPECHAR:
	case FIELD_FD_TYPE:
	case FIELD_FD_SOCKFAMILY:
	case FIELD_FD_L4PROTO:
		return socket_test(in, need);
	default:
		return anything();
	}
}

static struct clauses translate(struct translation *in, const struct rule_need *need)
{
	switch (need->kind) {
	case NEED_NEVER:
		return (struct clauses){ 0 };
	case NEED_ALL:
		return translate_all(in, need);
	case NEED_ONE:
		return translate_one(in, need);
	case NEED_TEST:
		return translate_test(in, need);
	default:
		return anything();
	}
}

static bool same_paths(const struct filter_clause *a, const struct filter_clause *b)
{
	if (a->any_path != b->any_path || a->path_count != b->path_count)
		return false;
	for (size_t i = 0; i < a->path_count; i++)
		if (a->paths[i].kind != b->paths[i].kind
		    || !text_equal(a->paths[i].text, b->paths[i].text))
			return false;
	return true;
}

static bool are_same(const struct clauses *a, const struct clauses *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!differ_in_paths_alone(&a->items[i], &b->items[i])
		    || !same_paths(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static struct clauses clauses_of(const struct ruleset *set, unsigned call, struct arena *arena)
{
	const struct event_info *event = sensor_event_info(call_info(call)->event);
	struct translation in = {
		.arena = arena,
		.opens = filter_knows_path(call),
		.has_socket = filter_knows_socket(call),
		.makes_number = event->param_count > 0 && event->params[0].form == FORM_FD,
	};
	const struct rule_need need =
		ruleset_need(set, event_type_find(text_of(event->name)), arena);

	return translate(&in, &need);
}

void watch_filter(const struct ruleset *set, struct filter *out)
{
	struct clauses *clauses;
	AUTO_ARENA struct arena arena;

	arena_init(&arena, 1 << 16);
	clauses = ARENA_ARRAY(&arena, CALL_COUNT, struct clauses);
	filter_init(out);
	for (unsigned call = CALL_NONE + 1; call < CALL_COUNT; call++) {
		unsigned same = CALL_NONE + 1;

		clauses[call] = clauses_of(set, call, &arena);
		while (same < call && !are_same(&clauses[same], &clauses[call]))
			same++;
		if (same < call)
			filter_same(out, call, same);
		else if (clauses[call].count != 1 || !filter_clause_is_any(&clauses[call].items[0]))
			filter_add(out, call, clauses[call].items, clauses[call].count);
	}
	filter_finish(out);
}
