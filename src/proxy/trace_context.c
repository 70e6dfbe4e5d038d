/* SPDX-License-Identifier: Apache-2.0 */
/* trace_context.c — W3C Trace Context (w3.org/TR/trace-context): a trace that comes along is passed
 * on as it is; where none does, one is started, so that what one request causes can be found again
 * in every log that tells its trace. */
#include "proxy/filter.h"

#include "proxy/worker.h"

#define PARENT_LEN 55 /* 00-TRACE ID-SPAN ID-FLAGS */

static bool is_hex(struct text text, size_t from, size_t to, bool *is_zero)
{
	*is_zero = true;
	for (size_t i = from; i < to; i++) {
		const char c = text.ptr[i];

		if (!char_is_digit(c) && (c < 'a' || c > 'f'))
			return false;
		*is_zero &= c == '0';
	}
	return true;
}

/* Of a later version more may follow; what we know of it must be right. */
static bool is_valid(struct text parent)
{
	bool is_zero;

	if (parent.len < PARENT_LEN || parent.ptr[2] != '-' || parent.ptr[35] != '-'
	    || parent.ptr[52] != '-')
		return false;
	if (!is_hex(parent, 0, 2, &is_zero) || text_is(text_until(parent, 2), "ff")
	    || (is_zero && parent.len != PARENT_LEN))
		return false;
	if (!is_hex(parent, 3, 35, &is_zero) || is_zero)
		return false;
	if (!is_hex(parent, 36, 52, &is_zero) || is_zero)
		return false;
	return is_hex(parent, 53, 55, &is_zero);
}

static void put_hex(char *out, uint64_t number)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < 16; i++)
		out[i] = hex[number >> (60 - 4 * i) & 15];
}

/* Not sampled: that is decided by whoever collects traces. */
static struct text start_trace(struct exchange *exchange)
{
	char *parent = arena_alloc_bytes(&exchange->arena, PARENT_LEN);

	memcpy(parent, "00-", 3);
	put_hex(parent + 3, random_cheap());
	put_hex(parent + 19, random_cheap() | 1); /* never all zeros */
	parent[35] = '-';
	put_hex(parent + 36, random_cheap() | 1);
	memcpy(parent + 52, "-00", 3);
	return (struct text){ parent, PARENT_LEN };
}

void trace_context_apply(struct exchange *exchange)
{
	struct http_fields *fields = &exchange->request.fields;
	const struct http_field *given = http_fields_find_known(fields, HTTP_TRACEPARENT);

	if (given != NULL && is_valid(given->value) && http_fields_next(fields, given) == NULL)
		return;
	/* a broken one is as none, and its state with it (section 4.3) */
	http_fields_remove_known(fields, HTTP_TRACESTATE);
	http_fields_set_known(fields, HTTP_TRACEPARENT, start_trace(exchange));
}
