/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/affix_index.h"

/* FNV-1a. What is stored comes from the operator; an attacker chooses only what is looked up, and
 * each probe compares the bytes, so collisions cannot be made to cost anything. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
#define HASH_STEP  UINT64_C(0x100000001b3)

static inline uint64_t hash_next(uint64_t hash, char c)
{
	return (hash ^ (unsigned char)c) * HASH_STEP;
}

static inline char fold(const struct affix_index *index, char c)
{
	return index->ignore_case ? char_lower(c) : c;
}

static uint64_t hash_of(const struct affix_index *index, enum pattern_kind kind, struct text text)
{
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < text.len; i++)
		hash = hash_next(
			hash, fold(index, text.ptr[kind == PATTERN_SUFFIX ? text.len - 1 - i : i]));
	return hash;
}

static bool same_bytes(const struct affix_index *index, struct text a, struct text b)
{
	return index->ignore_case ? text_equal_nocase(a, b) : text_equal(a, b);
}

/* The slot of an entry, or the empty one where it belongs. The kind spreads equal texts. */
static struct affix_entry *slot_of(const struct affix_index *index, enum pattern_kind kind,
				   struct text text, uint64_t hash)
{
	size_t mask = index->capacity - 1;
	size_t at = (size_t)((hash ^ (hash >> 29)) + kind) & mask;

	for (;; at = (at + 1) & mask) {
		struct affix_entry *entry = &index->slots[at];

		if (entry->count == 0
		    || (entry->hash == hash && entry->kind == kind
			&& same_bytes(index, entry->text, text)))
			return entry;
	}
}

void affix_index_init(struct affix_index *index, struct arena *arena, bool ignore_case)
{
	*index = (struct affix_index){ .arena = arena, .ignore_case = ignore_case };
}

bool affix_index_accepts(const struct pattern *pattern)
{
	return pattern->kind == PATTERN_EXACT
	       || ((pattern->kind == PATTERN_PREFIX || pattern->kind == PATTERN_SUFFIX)
		   && pattern->text.len <= AFFIX_LEN_MAX);
}

static void grow(struct affix_index *index)
{
	struct affix_entry *old = index->slots;
	size_t old_capacity = index->capacity;

	index->capacity = old_capacity == 0 ? 8 : old_capacity * 2;
	index->slots = ARENA_ARRAY(index->arena, index->capacity, struct affix_entry);
	for (size_t i = 0; i < old_capacity; i++)
		if (old[i].count > 0)
			*slot_of(index, old[i].kind, old[i].text, old[i].hash) = old[i];
}

static void append_id(struct arena *arena, struct affix_entry *entry, uint32_t id)
{
	const uint32_t *ids = affix_entry_ids(entry);

	if (entry->count == entry->capacity) {
		uint32_t *larger = ARENA_ARRAY(arena, (size_t)entry->capacity * 2, uint32_t);

		memcpy(larger, ids, entry->count * sizeof(*larger));
		entry->capacity *= 2;
		entry->many = ids = larger;
	}
	((uint32_t *)ids)[entry->count++] = id;
}

static void note_length(struct affix_index *index, const struct pattern *pattern)
{
	size_t len = pattern->text.len;

	if (pattern->kind == PATTERN_EXACT) {
		index->has_exact = true;
	} else if (pattern->kind == PATTERN_PREFIX) {
		index->has_prefixes = true;
		index->prefix_lengths[len / 64] |= UINT64_C(1) << len % 64;
		index->longest_prefix = MAX_OF(index->longest_prefix, len);
	} else {
		index->has_suffixes = true;
		index->suffix_lengths[len / 64] |= UINT64_C(1) << len % 64;
		index->longest_suffix = MAX_OF(index->longest_suffix, len);
	}
}

void affix_index_add(struct affix_index *index, const struct pattern *pattern, uint32_t id)
{
	if ((index->count + 1) * 2 > index->capacity)
		grow(index);

	uint64_t hash = hash_of(index, pattern->kind, pattern->text);
	struct affix_entry *entry = slot_of(index, pattern->kind, pattern->text, hash);

	if (entry->count == 0) {
		index->count++;
		*entry = (struct affix_entry){ .kind = pattern->kind,
					       .text = pattern->text,
					       .hash = hash,
					       .capacity = COUNT_OF(entry->few) };
		note_length(index, pattern);
	}
	append_id(index->arena, entry, id);
}

static inline bool has_length(const uint64_t lengths[4], size_t len)
{
	return (lengths[len / 64] >> len % 64 & 1) != 0;
}

static bool probe(const struct affix_index *index, enum pattern_kind kind, struct text text,
		  uint64_t hash, affix_found_fn *found, void *context)
{
	const struct affix_entry *entry = slot_of(index, kind, text, hash);

	return entry->count > 0 && found(context, entry);
}

static bool find_prefixes_and_exact(const struct affix_index *index, struct text value,
				    affix_found_fn *found, void *context)
{
	uint64_t hash = HASH_START;
	size_t last = index->has_exact ? value.len : MIN_OF(value.len, index->longest_prefix);

	for (size_t len = 0;; len++) {
		if (len <= index->longest_prefix && has_length(index->prefix_lengths, len)
		    && probe(index, PATTERN_PREFIX, text_until(value, len), hash, found, context))
			return true;
		if (len == last)
			break;
		hash = hash_next(hash, fold(index, value.ptr[len]));
	}
	return index->has_exact && probe(index, PATTERN_EXACT, value, hash, found, context);
}

static bool find_suffixes(const struct affix_index *index, struct text value, affix_found_fn *found,
			  void *context)
{
	uint64_t hash = HASH_START;

	for (size_t len = 0; len <= value.len && len <= index->longest_suffix; len++) {
		if (len > 0)
			hash = hash_next(hash, fold(index, value.ptr[value.len - len]));
		if (has_length(index->suffix_lengths, len)
		    && probe(index, PATTERN_SUFFIX, text_from(value, value.len - len), hash, found,
			     context))
			return true;
	}
	return false;
}

bool affix_index_find(const struct affix_index *index, struct text value, affix_found_fn *found,
		      void *context)
{
	if (index->count == 0 || value.ptr == NULL)
		return false;
	if ((index->has_exact || index->has_prefixes)
	    && find_prefixes_and_exact(index, value, found, context))
		return true;
	return index->has_suffixes && find_suffixes(index, value, found, context);
}

static bool first_is_enough(void *context, const struct affix_entry *entry)
{
	(void)context;
	(void)entry;
	return true;
}

bool affix_index_has(const struct affix_index *index, struct text value)
{
	return affix_index_find(index, value, first_is_enough, NULL);
}
