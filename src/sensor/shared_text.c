/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/shared_text.h"

struct shared_text *shared_text_new(struct text text, size_t limit)
{
	const size_t len = MIN_OF(text.len, limit);
	struct shared_text *shared;

	if (text.ptr == NULL)
		return NULL;
	shared = mem_alloc(sizeof(*shared) + len + 1);
	shared->references = 1;
	shared->len = (uint32_t)len;
	memcpy(shared->data, text.ptr, len);
	return shared;
}

void shared_text_unref(struct shared_text *text)
{
	if (text != NULL && --text->references == 0)
		mem_free(text);
}

void shared_text_set(struct shared_text **slot, struct text text, size_t limit)
{
	struct shared_text *before;

	if (text.ptr == NULL
	    || (*slot != NULL
		&& text_equal(shared_text_view(*slot), text_until(text, MIN_OF(text.len, limit)))))
		return;
	before = *slot;
	*slot = shared_text_new(text, limit); /* at another address than the old one */
	shared_text_unref(before);
}
