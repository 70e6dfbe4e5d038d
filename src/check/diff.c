/* SPDX-License-Identifier: Apache-2.0 */
/* diff.c — a unified diff of two texts, line by line: Myers' greedy algorithm ("An O(ND) difference
 * algorithm and its variations", 1986). Texts that differ more than CHANGES_MAX lines are shown as
 * replaced whole. */
#include "check/fix.h"

#include <stdlib.h>
#include <string.h>

#define CHANGES_MAX 1000
#define CONTEXT     3

struct lines {
	struct text *items; /* owned */
	size_t count;
};

struct change { /* old lines [a, a + removed) become new lines [b, b + added) */
	size_t a, removed, b, added;
};

struct changes {
	struct change *items; /* owned; last one first */
	size_t count, capacity;
};

static struct lines split_lines(struct text text)
{
	struct lines lines = { 0 };
	size_t count = 1;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '\n';
	lines.items = mem_alloc_array(count, sizeof(*lines.items));
	while (text.len > 0)
		lines.items[lines.count++] = text_split(&text, '\n');
	return lines;
}

static bool same(const struct lines *a, const struct lines *b, size_t x, size_t y)
{
	return text_equal(a->items[x], b->items[y]);
}

/* How far one gets on diagonal k after d changes. */
static size_t reach(const size_t *frontier, long d, long k)
{
	if (k == -d || (k != d && frontier[k - 1] < frontier[k + 1]))
		return frontier[k + 1];
	return frontier[k - 1] + 1;
}

static void note(struct changes *changes, size_t a, size_t removed, size_t b, size_t added)
{
	struct change *last = changes->count > 0 ? &changes->items[changes->count - 1] : NULL;

	if (last != NULL && a + removed == last->a && b + added == last->b) {
		*last = (struct change){ a, last->removed + removed, b, last->added + added };
		return;
	}
	if (changes->count == changes->capacity) {
		changes->capacity = MAX_OF(changes->capacity * 2, (size_t)16);
		changes->items = mem_realloc_array(changes->items, changes->capacity,
						   sizeof(*changes->items));
	}
	changes->items[changes->count++] = (struct change){ a, removed, b, added };
}

/* Walks back from the ends through the kept frontiers. */
static void backtrack(struct changes *changes, const struct lines *a, const struct lines *b,
		      size_t *const *trace, long d)
{
	size_t x = a->count, y = b->count;

	for (; d > 0; d--) {
		const size_t *frontier = trace[d - 1] + CHANGES_MAX + 1;
		const long k = (long)x - (long)y;
		const bool down = k == -d || (k != d && frontier[k - 1] < frontier[k + 1]);
		const long from = down ? k + 1 : k - 1;
		const size_t from_x = frontier[from], from_y = (size_t)((long)from_x - from);

		note(changes, from_x, down ? 0 : 1, from_y, down ? 1 : 0);
		x = from_x;
		y = from_y;
	}
}

static void find_changes(struct changes *changes, const struct lines *a, const struct lines *b)
{
	const size_t width = 2 * CHANGES_MAX + 3;
	size_t *trace[CHANGES_MAX + 1] = { 0 };
	AUTO(mem_free) void *memory = mem_alloc_array(width, sizeof(size_t));
	size_t *frontier = (size_t *)memory + CHANGES_MAX + 1;
	bool found = false;
	long d;

	for (d = 0; d <= CHANGES_MAX && !found; d++) {
		for (long k = -d; k <= d && !found; k += 2) {
			size_t x = d == 0 ? 0 : reach(frontier, d, k);
			size_t y = (size_t)((long)x - k);

			while (x < a->count && y < b->count && same(a, b, x, y)) {
				x++;
				y++;
			}
			frontier[k] = x;
			found = x >= a->count && y >= b->count;
		}
		trace[d] = mem_alloc_array(width, sizeof(size_t));
		memcpy(trace[d], memory, width * sizeof(size_t));
	}
	if (found)
		backtrack(changes, a, b, trace, d - 1);
	else
		note(changes, 0, a->count, 0, b->count);
	for (size_t i = 0; i < COUNT_OF(trace); i++)
		mem_free(trace[i]);
}

static void write_line(struct buffer *out, char mark, struct text line)
{
	buffer_add_char(out, mark);
	buffer_add(out, line.ptr, line.len);
	buffer_add_char(out, '\n');
}

/* A hunk: changes [first, last] counted from the end of the list, with their context. */
static void write_hunk(struct buffer *out, const struct lines *a, const struct lines *b,
		       const struct change *first, const struct change *last)
{
	const size_t lead = MIN_OF(first->a, (size_t)CONTEXT);
	const size_t end_a = MIN_OF(last->a + last->removed + CONTEXT, a->count);
	const size_t end_b = MIN_OF(last->b + last->added + CONTEXT, b->count);
	size_t at = first->a - lead;

	buffer_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", first->a - lead + 1, end_a - at,
		      first->b - lead + 1, end_b - (first->b - lead));
	for (const struct change *change = first; change >= last; change--) {
		while (at < change->a)
			write_line(out, ' ', a->items[at++]);
		for (size_t i = 0; i < change->removed; i++)
			write_line(out, '-', a->items[at++]);
		for (size_t i = 0; i < change->added; i++)
			write_line(out, '+', b->items[change->b + i]);
	}
	while (at < end_a)
		write_line(out, ' ', a->items[at++]);
}

void diff_write(const char *file, struct text before, struct text after, struct buffer *out)
{
	struct lines a = split_lines(before), b = split_lines(after);
	struct changes changes = { 0 };
	size_t i;

	find_changes(&changes, &a, &b);
	if (changes.count > 0)
		buffer_printf(out, "--- a/%s\n+++ b/%s\n", file, file);
	for (i = changes.count; i > 0;) { /* the list begins with the last change */
		const struct change *first = &changes.items[i - 1], *last = first;

		while (last > changes.items
		       && last[-1].a - (last->a + last->removed) <= 2 * CONTEXT)
			last--;
		write_hunk(out, &a, &b, first, last);
		i = (size_t)(last - changes.items);
	}
	mem_free(changes.items);
	mem_free(a.items);
	mem_free(b.items);
}
