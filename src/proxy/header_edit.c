/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/header_edit.h"

#include "proxy/authorizer.h"
#include "proxy/cors.h"
#include "proxy/operators.h"

/* What a part says; lies in scratch or belongs to the exchange. */
static struct text read_part(const struct exchange *exchange, const struct format_part *part,
			     char scratch[OPERATOR_SCRATCH_MAX])
{
	const struct operator_subject subject = { exchange, exchange->downstream, NULL };
	struct operator_value value;

	if (part->call == NULL)
		return part->literal;
	value = operator_read(part->call, &subject, scratch);
	if (value.kind == VALUE_NUMBER)
		return (struct text){ scratch, text_format_number(scratch, value.number) };
	return value.kind == VALUE_TEXT ? value.text : (struct text){ NULL, 0 };
}

static struct text fill_in(struct exchange *exchange, const struct format *format)
{
	char scratch[OPERATOR_SCRATCH_MAX];
	size_t len = 0;

	for (size_t i = 0; i < format->count; i++)
		len += read_part(exchange, &format->parts[i], scratch).len;

	char *filled = arena_alloc_bytes(&exchange->arena, len + 1), *next = filled;

	for (size_t i = 0; i < format->count; i++) {
		const struct text part = read_part(exchange, &format->parts[i], scratch);

		if (part.len > 0)
			next = mempcpy(next, part.ptr, part.len);
	}
	return (struct text){ filled, (size_t)(next - filled) };
}

static void apply(struct exchange *exchange, struct http_head *head, const struct header_edit *edit)
{
	struct text value = edit->value;

	if (edit->format != NULL)
		value = fill_in(exchange, edit->format);
	if (edit->format != NULL && value.len == 0)
		return;
	if (edit->kind == HEADER_AUTHORITY)
		head->authority = value;
	else if (edit->kind == HEADER_SET)
		http_fields_set(&head->fields, edit->name, value);
	else
		http_fields_add(&head->fields, edit->name, value);
}

void header_edits_apply(struct exchange *exchange, struct http_head *head,
			const struct header_edits *edits)
{
	for (size_t i = 0; i < edits->count; i++) {
		if (edits->items[i].kind == HEADER_REMOVE)
			http_fields_remove(&head->fields, edits->items[i].name);
		else
			apply(exchange, head, &edits->items[i]);
	}
}

void exchange_edit_response(struct exchange *exchange)
{
	if (exchange->destination != NULL)
		header_edits_apply(exchange, &exchange->response, &exchange->destination->response);
	if (exchange->route != NULL)
		header_edits_apply(exchange, &exchange->response, &exchange->route->response);
	if (exchange->answer_edits != NULL)
		check_edits_apply(exchange->answer_edits, &exchange->response, &exchange->arena);
	if (exchange->cors_origin.ptr != NULL)
		cors_edit_response(exchange);
}

void exchange_edit_request(struct exchange *exchange)
{
	header_edits_apply(exchange, &exchange->request, &exchange->destination->request);
	header_edits_apply(exchange, &exchange->request,
			   &exchange->route->request); /* the route's word is the last */
	if (exchange->route->rewrite != NULL && exchange->route->rewrite->authority.len > 0)
		exchange->request.authority = exchange->route->rewrite->authority;
}
