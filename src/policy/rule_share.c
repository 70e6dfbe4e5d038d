/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rule_share.h"

/* All that decides whether a list matches, and nothing else, as bytes. */

static void write_number(struct buffer *out, uint64_t number)
{
	buffer_add(out, &number, sizeof(number));
}

static void write_text(struct buffer *out, struct text text)
{
	write_number(out, text.len);
	buffer_add(out, text.ptr, text.len);
}

static void write_pattern(struct buffer *out, const struct pattern *pattern)
{
	write_number(out, pattern->kind);
	write_number(out, pattern->ignore_case);
	write_text(out, pattern->text);
}

static void write_value(struct buffer *out, enum field_values form, const struct match_value *value)
{
	switch (form) {
	case VALUES_TEXT:
	case VALUES_NAMESPACE:
	case VALUES_CLAIM:
		write_pattern(out, &value->pattern);
		return;
	case VALUES_IP:
		write_number(out, value->range.base.family);
		write_number(out, value->range.prefix_bits);
		buffer_add(out, value->range.base.bytes, sizeof(value->range.base.bytes));
		return;
	case VALUES_PORT:
		write_number(out, value->port);
		return;
	case VALUES_SERVICE_ACCOUNT:
		write_text(out, value->service_account.namespace);
		write_text(out, value->service_account.name);
		return;
	case VALUES_REQUEST_PRINCIPAL:
		write_pattern(out, &value->request_principal.issuer);
		write_pattern(out, &value->request_principal.subject);
		return;
	case VALUES_NOTHING:
		return;
	}
}

static void write_values(struct buffer *out, enum field_values form,
			 const struct match_values *values)
{
	write_number(out, values->count);
	for (size_t i = 0; i < values->count; i++)
		write_value(out, form, &values->items[i]);
}

static void write_term(struct buffer *out, const struct term *term)
{
	const enum field_values form = fields[term->field].values;

	write_number(out, term->field);
	write_text(out, term->name);
	write_number(out, term->path_len);
	for (size_t i = 0; i < term->path_len; i++)
		write_text(out, term->path[i]);
	write_values(out, form, &term->values);
	write_values(out, form, &term->not_values);
}

static void write_list(struct buffer *out, struct clause_list list)
{
	for (size_t i = 0; i < list.count; i++) {
		write_number(out, list.items[i].count);
		for (size_t k = 0; k < list.items[i].count; k++)
			write_term(out, &list.items[i].terms[k]);
	}
}

struct clause_list rule_share_list(struct rule_share *share, struct clause_list list)
{
	AUTO_BUFFER struct buffer key = { 0 };
	struct clause_list *known;

	write_list(&key, list);
	known = map_get(&share->lists, buffer_text(&key));
	if (known == NULL) {
		known = ARENA_NEW(share->arena, struct clause_list);
		*known = list;
		map_put(&share->lists,
			(struct text){ arena_strndup(share->arena, key.data, key.len), key.len },
			known);
	}
	return *known;
}

void rule_share_done(struct rule_share *share)
{
	map_done(&share->lists);
}
