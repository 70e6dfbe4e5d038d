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

static bool draw(const struct trace_plan *tracing)
{
	return tracing->samples_all || (uint32_t)random_cheap() < tracing->sampling;
}

/* A trace that begins here. */
static void begin(struct trace_span *span, const struct trace_plan *tracing)
{
	put_hex(span->trace, random_cheap());
	put_hex(span->trace + 16, random_cheap() | 1); /* never all zeros */
	put_hex(span->id, random_cheap() | 1);
	span->is_sampled = tracing != NULL && draw(tracing);
}

/* One that came along; whoever began it has said whether it is sampled. */
static void join(struct trace_span *span, struct text parent, const struct trace_plan *tracing)
{
	const char flags = parent.ptr[PARENT_LEN - 1];

	memcpy(span->trace, parent.ptr + 3, TRACE_ID_LEN);
	memcpy(span->parent, parent.ptr + 36, SPAN_ID_LEN);
	span->has_parent = true;
	put_hex(span->id, random_cheap() | 1);
	span->is_sampled =
		tracing != NULL && ((flags >= 'a' ? flags - 'a' + 10 : flags - '0') & 1) != 0;
}

static struct text parent_text(struct exchange *exchange)
{
	const struct trace_span *span = &exchange->span;
	char *parent = arena_alloc_bytes(&exchange->arena, PARENT_LEN);

	memcpy(parent, "00-", 3);
	memcpy(parent + 3, span->trace, TRACE_ID_LEN);
	parent[35] = '-';
	memcpy(parent + 36, span->id, SPAN_ID_LEN);
	memcpy(parent + 52, span->is_sampled ? "-01" : "-00", 3);
	return (struct text){ parent, PARENT_LEN };
}

void trace_context_apply(struct exchange *exchange)
{
	struct http_fields *fields = &exchange->request.fields;
	const struct http_field *given = http_fields_find_known(fields, HTTP_TRACEPARENT);
	const struct trace_plan *tracing = exchange->plan->plan->tracing;

	if (given != NULL && is_valid(given->value) && http_fields_next(fields, given) == NULL) {
		join(&exchange->span, given->value, tracing);
		if (!exchange->span.is_sampled)
			return; /* without a span of ours it goes on as it came */
	} else {
		/* a broken one is as none, and its state with it (section 4.3) */
		http_fields_remove_known(fields, HTTP_TRACESTATE);
		begin(&exchange->span, tracing);
	}
	http_fields_set_known(fields, HTTP_TRACEPARENT, parent_text(exchange));
}
