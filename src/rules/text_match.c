/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/text_match.h"

#include <ctype.h>

/* --- glob -------------------------------------------------------------------------------- */

static unsigned char fold(char c, bool ignore_case)
{
	return (unsigned char)(ignore_case ? char_lower(c) : c);
}

static bool class_has(struct text name, unsigned char c)
{
	static const struct {
		const char *name;
		int (*has)(int);
	} classes[] = { { "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank },
			{ "cntrl", iscntrl }, { "digit", isdigit }, { "graph", isgraph },
			{ "lower", islower }, { "print", isprint }, { "punct", ispunct },
			{ "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit } };

	for (size_t i = 0; i < COUNT_OF(classes); i++)
		if (text_is(name, classes[i].name))
			return c < 0x80 && classes[i].has(c) != 0;
	return false;
}

/* "[:name:]" at the start of the set's rest: its bytes, 0 where there is none. */
static size_t class_length(struct text set)
{
	if (set.len < 4 || set.ptr[0] != '[' || set.ptr[1] != ':')
		return 0;
	for (size_t i = 2; i + 1 < set.len; i++)
		if (set.ptr[i] == ':' && set.ptr[i + 1] == ']')
			return i + 2;
	return 0;
}

struct set_char { /* one character of a set, its escape taken away */
	unsigned char c;
	size_t len;
};

static struct set_char set_char_at(struct text set, size_t at, bool ignore_case)
{
	const bool escaped = set.ptr[at] == '\\' && at + 1 < set.len;

	return (struct set_char){ fold(set.ptr[at + escaped], ignore_case), 1 + escaped };
}

/* Does the set that starts after '[' have c? *len is what it takes with its ']'; 0: it is no set.
 */
static bool set_has(struct text set, unsigned char c, bool ignore_case, size_t *len)
{
	const bool negated = set.len > 0 && (set.ptr[0] == '!' || set.ptr[0] == '^');
	size_t at = negated;
	bool found = false;

	*len = 0;
	for (bool first = true; at < set.len && (first || set.ptr[at] != ']'); first = false) {
		const size_t class = class_length(text_from(set, at));

		if (class > 0) {
			found |= class_has(text_from(text_until(set, at + class - 2), at + 2), c);
			at += class;
			continue;
		}

		const struct set_char low = set_char_at(set, at, ignore_case);
		struct set_char high = low;

		at += low.len;
		if (at + 1 < set.len && set.ptr[at] == '-' && set.ptr[at + 1] != ']') {
			high = set_char_at(set, at + 1, ignore_case);
			at += 1 + high.len;
		}
		found |= c >= low.c && c <= high.c;
	}
	if (at >= set.len)
		return false;
	*len = at + 1;
	return found != negated;
}

/* One step: does the pattern's next element, which is no star, match c? *len: its bytes. */
static bool element_matches(struct text pattern, char c, bool ignore_case, size_t *len)
{
	const unsigned char folded = fold(c, ignore_case);

	*len = 1;
	if (pattern.ptr[0] == '?')
		return true;
	if (pattern.ptr[0] == '[') {
		size_t set;
		const bool has = set_has(text_from(pattern, 1), folded, ignore_case, &set);

		if (set > 0) {
			*len = 1 + set;
			return has;
		}
	}
	if (pattern.ptr[0] == '\\') {
		if (pattern.len < 2)
			return false;
		*len = 2;
		return fold(pattern.ptr[1], ignore_case) == folded;
	}
	return fold(pattern.ptr[0], ignore_case) == folded;
}

bool glob_match(struct text pattern, struct text text, bool ignore_case)
{
	struct text after_star = { 0 }; /* where to begin again: only the last star can need it */
	struct text from = { 0 };
	size_t len;

	for (;;) {
		if (pattern.len > 0 && pattern.ptr[0] == '*') {
			pattern = after_star = text_from(pattern, 1);
			from = text;
		} else if (text.len > 0 && pattern.len > 0
			   && element_matches(pattern, text.ptr[0], ignore_case, &len)) {
			pattern = text_from(pattern, len);
			text = text_from(text, 1);
		} else if (text.len == 0 && pattern.len == 0) {
			return true;
		} else if (after_star.ptr != NULL && from.len > 0) {
			pattern = after_star;
			text = from = text_from(from, 1);
		} else {
			return false;
		}
	}
}

/* --- paths ------------------------------------------------------------------------------- */

/* The next component that is not empty; false at the end. */
static bool next_component(struct text *path, struct text *component)
{
	while (path->ptr != NULL) {
		*component = text_split(path, '/');
		if (component->len > 0)
			return true;
	}
	return false;
}

bool path_prefix_match(struct text pattern, struct text path)
{
	struct text want, have;

	while (next_component(&pattern, &want))
		if (!next_component(&path, &have) || !glob_match(want, have, false))
			return false;
	return true;
}

/* --- bytes ------------------------------------------------------------------------------- */

bool text_contains_nocase(struct text text, struct text part)
{
	for (size_t at = 0; at + part.len <= text.len; at++)
		if (text_equal_nocase(text_until(text_from(text, at), part.len), part))
			return true;
	return false;
}

static int hex_digit(char c)
{
	if (char_is_digit(c))
		return c - '0';
	c = char_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(struct arena *arena, struct text hex, struct text *out)
{
	char *bytes = arena_alloc_bytes(arena, hex.len / 2 + 1);

	if (hex.len == 0 || hex.len % 2 != 0)
		return false;
	for (size_t i = 0; i < hex.len; i += 2) {
		const int high = hex_digit(hex.ptr[i]);
		const int low = hex_digit(hex.ptr[i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i / 2] = (char)(high << 4 | low);
	}
	*out = (struct text){ bytes, hex.len / 2 };
	return true;
}

/* --- sets -------------------------------------------------------------------------------- */

/* Of length, first and last bytes: constant time. Who sends values cannot choose what is in a set,
 * so cannot make probes long; no secret is needed. */
static uint32_t hash_ends(struct text text)
{
	uint64_t first = 0;
	uint64_t last = 0;

	if (text.len >= 8) {
		memcpy(&first, text.ptr, 8);
		memcpy(&last, text.ptr + text.len - 8, 8);
	} else if (text.len >= 4) {
		uint32_t head, tail;

		memcpy(&head, text.ptr, 4);
		memcpy(&tail, text.ptr + text.len - 4, 4);
		first = head;
		last = tail;
	} else if (text.len > 0) {
		first = (unsigned char)text.ptr[0];
		last = (uint64_t)(unsigned char)text.ptr[text.len / 2] << 8
		       | (unsigned char)text.ptr[text.len - 1];
	}
	first = (first ^ text.len) * UINT64_C(0x9e3779b97f4a7c15);
	last = (last ^ (first >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
	return (uint32_t)((first ^ last) >> 32);
}

static struct text *find_slot(const struct text_set *set, struct text text)
{
	uint32_t at = hash_ends(text) & set->mask;

	while (set->slots[at].ptr != NULL && !text_equal(set->slots[at], text))
		at = (at + 1) & set->mask;
	return (struct text *)&set->slots[at];
}

void text_set_init(struct text_set *set, struct arena *arena, const struct text *items,
		   size_t count)
{
	size_t capacity = 4;

	while (capacity < count * 2)
		capacity *= 2;
	set->slots = ARENA_ARRAY(arena, capacity, struct text);
	set->mask = (uint32_t)(capacity - 1);
	for (size_t i = 0; i < count; i++)
		*find_slot(set, items[i]) = items[i].ptr != NULL ? items[i] : TEXT("");
}

bool text_set_has(const struct text_set *set, struct text text)
{
	return find_slot(set, text)->ptr != NULL;
}
