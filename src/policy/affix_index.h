/* SPDX-License-Identifier: Apache-2.0 */
/* affix_index.h — many exact texts, prefixes and suffixes, found in one pass over a value.
 *
 * Every text is a hash table entry under the hash of its bytes, suffixes backwards. The hash of a
 * value's first n bytes follows from that of its first n-1, so one walk over the value probes all
 * prefixes, and only at lengths that some prefix has; the cost does not depend on how many there
 * are. Lookups allocate nothing. Built once, then read from any thread. */
#pragma once

#include "policy/pattern.h"

#define AFFIX_LEN_MAX                                                                              \
	255 /* longer prefixes and suffixes are refused; exact texts may be longer                 \
	     */

struct affix_entry {
	enum pattern_kind kind;
	struct text text;
	uint64_t hash;
	union {                       /* in the order they were added */
		uint32_t few[2];      /* where the entry itself has room for them */
		const uint32_t *many; /* where capacity is more */
	};
	uint32_t count, capacity; /* count 0: an empty slot */
};

static inline const uint32_t *affix_entry_ids(const struct affix_entry *entry)
{
	return entry->capacity > COUNT_OF(entry->few) ? entry->many : entry->few;
}

struct affix_index {
	struct arena *arena; /* where everything lies */
	bool ignore_case;
	struct affix_entry *slots;
	size_t capacity, count;
	uint64_t prefix_lengths[4], suffix_lengths[4]; /* bit n: some prefix has n bytes */
	size_t longest_prefix, longest_suffix;
	bool has_exact, has_prefixes, has_suffixes;
};

void affix_index_init(struct affix_index *index, struct arena *arena, bool ignore_case);
bool affix_index_accepts(const struct pattern *pattern);
void affix_index_add(struct affix_index *index, const struct pattern *pattern, uint32_t id);

/* Calls `found` for each entry that matches until it says true; says whether one did. */
typedef bool affix_found_fn(void *context, const struct affix_entry *entry);
bool affix_index_find(const struct affix_index *index, struct text value, affix_found_fn *found,
		      void *context);
bool affix_index_has(const struct affix_index *index, struct text value); /* any entry matches */
