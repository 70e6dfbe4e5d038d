/* SPDX-License-Identifier: Apache-2.0 */
/* shared_text.h — text that many processes have in common: what fork copies is one more reference.
 *
 * Never changes. Counted without locks: the state belongs to one thread. */
#pragma once

#include "base/base.h"

struct shared_text {
	uint32_t references, len;
	char data[]; /* a NUL follows that does not count */
};

/* A copy with one reference; NULL where the text is absent. What is longer than limit is cut. */
struct shared_text *shared_text_new(struct text text, size_t limit);
void shared_text_unref(struct shared_text *text); /* NULL is fine */

static inline struct shared_text *shared_text_ref(struct shared_text *text)
{
	if (text != NULL)
		text->references++;
	return text;
}

static inline struct text shared_text_view(const struct shared_text *text)
{
	return text != NULL ? (struct text){ text->data, text->len } : (struct text){ 0 };
}

/* *slot becomes a copy of the text, unless that is what it has already or the text is absent. */
void shared_text_set(struct shared_text **slot, struct text text, size_t limit);
