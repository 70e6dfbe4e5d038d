/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/filter.h"

#define MARKS 64

/* Where a call has what clauses can be about. */
static const struct place {
	uint8_t access, path, socket;
} places[CALL_COUNT] = {
	[CALL_open] = { .access = ACCESS_ARGUMENT_1, .path = 1 },
	[CALL_openat] = { .access = ACCESS_ARGUMENT_2, .path = 2 },
	[CALL_openat2] = { .access = ACCESS_HOW, .path = 2 },
	[CALL_creat] = { .access = ACCESS_CREAT, .path = 1 },
	[CALL_connect] = { .socket = 1 },
	[CALL_bind] = { .socket = 1 },
	[CALL_listen] = { .socket = 1 },
	[CALL_sendto] = { .socket = 1 },
	[CALL_sendmsg] = { .socket = 1 },
	[CALL_recvfrom] = { .socket = 1 },
	[CALL_recvmsg] = { .socket = 1 },
	[CALL_accept] = { .socket = PIECE_RESULT + 1 },
	[CALL_accept4] = { .socket = PIECE_RESULT + 1 },
	[CALL_dup] = { .socket = 1 },
	[CALL_dup2] = { .socket = 1 },
	[CALL_dup3] = { .socket = 1 },
};

bool filter_knows_path(unsigned call)
{
	return places[call].path != 0;
}

bool filter_knows_socket(unsigned call)
{
	return places[call].socket != 0;
}

static bool says_something(uint8_t allowed, unsigned count)
{
	return (allowed & ((1u << count) - 1)) != (1u << count) - 1;
}

bool filter_clause_is_any(const struct filter_clause *clause)
{
	return clause->any_path && !says_something(clause->outcomes, OUTCOME_COUNT)
	       && !says_something(clause->access, 4)
	       && !says_something(clause->families, FAMILY_COUNT)
	       && !says_something(clause->transports, TRANSPORT_COUNT);
}

static void pass_all(struct call_filter *call)
{
	memset(call, 0xff, sizeof(*call));
	call->access = call->path = call->socket = 0;
}

void filter_init(struct filter *filter)
{
	*filter = (struct filter){ .automaton = MEM_NEW(struct path_automaton) };
	for (unsigned call = 0; call < CALL_COUNT; call++)
		pass_all(&filter->calls[call]);
}

void filter_done(struct filter *filter)
{
	mem_free(filter->automaton);
	buffer_done(&filter->patterns);
}

/* The clause stays for each value that it allows. */
static void mark_values(__u64 *by_value, size_t count, uint8_t allowed, uint64_t mark)
{
	for (size_t i = 0; i < count; i++)
		if ((allowed & FILTER_BIT(i)) != 0)
			by_value[i] |= mark;
}

static void add_clause(struct filter *filter, unsigned number, const struct filter_clause *clause)
{
	struct call_filter *call = &filter->calls[number];
	const uint64_t mark = UINT64_C(1) << filter->used++;

	mark_values(call->outcomes, OUTCOME_COUNT, clause->outcomes, mark);
	mark_values(call->access_modes, COUNT_OF(call->access_modes), clause->access, mark);
	mark_values(call->families, FAMILY_COUNT, clause->families, mark);
	mark_values(call->transports, TRANSPORT_COUNT, clause->transports, mark);
	if (says_something(clause->access, COUNT_OF(call->access_modes)))
		call->access = places[number].access;
	if (says_something(clause->families, FAMILY_COUNT)
	    || says_something(clause->transports, TRANSPORT_COUNT))
		call->socket = places[number].socket;
	if (!clause->any_path)
		call->path = places[number].path;
	if (clause->any_path)
		call->any_path |= mark;
	for (size_t i = 0; !clause->any_path && i < clause->path_count; i++) {
		struct path_pattern pattern = clause->paths[i];

		pattern.marks = mark;
		buffer_add(&filter->patterns, &pattern, sizeof(pattern));
	}
}

void filter_add(struct filter *filter, unsigned call, const struct filter_clause *clauses,
		size_t count)
{
	if (filter->used + count > MARKS) {
		filter->dropped_calls++;
		return;
	}
	memset(&filter->calls[call], 0, sizeof(filter->calls[call]));
	for (size_t i = 0; i < count; i++)
		add_clause(filter, call, &clauses[i]);
}

void filter_same(struct filter *filter, unsigned call, unsigned as)
{
	struct call_filter *copy = &filter->calls[call];

	*copy = filter->calls[as];
	copy->access = copy->access != 0 ? places[call].access : 0;
	copy->socket = copy->socket != 0 ? places[call].socket : 0;
	copy->path = copy->path != 0 ? places[call].path : 0;
}

void filter_finish(struct filter *filter)
{
	const struct path_pattern *patterns =
		(const struct path_pattern *)(const void *)filter->patterns.data;
	const size_t count = filter->patterns.len / sizeof(*patterns);

	if (automaton_build(patterns, count, filter->automaton))
		return;
	log_debug("%zu patterns of paths are too many for the kernel: opens are not told apart by "
		  "path",
		  count);
	for (unsigned call = 0; call < CALL_COUNT; call++)
		filter->calls[call].path = 0;
}
