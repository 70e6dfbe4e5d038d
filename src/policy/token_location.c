/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/token_location.h"

#define HEADER_NAME_MAX 256

struct text request_header(const struct request_facts *facts, struct text name)
{
	char lower[HEADER_NAME_MAX];
	struct text value = { 0 };

	if (facts->header == NULL || name.len > sizeof(lower))
		return value;
	for (size_t i = 0; i < name.len; i++)
		lower[i] = char_lower(name.ptr[i]);
	if (!facts->header(facts->header_context, (struct text){ lower, name.len }, &value))
		return (struct text){ 0 };
	return value.ptr != NULL ? value : TEXT("");
}

static void add(struct found_tokens *out, enum token_place place, struct text name,
		struct text value)
{
	if (value.ptr == NULL)
		return;
	if (out->count == TOKENS_MAX) {
		out->too_many = true;
		return;
	}
	out->items[out->count++] = (struct found_token){ place, name, value };
}

static bool is_token_char(char c)
{
	return char_is_digit(c) || (char_lower(c) >= 'a' && char_lower(c) <= 'z') || c == '-'
	       || c == '_' || c == '.';
}

/* The token behind a prefix that may stand anywhere in a header's value; absent without it. */
static struct text behind_prefix(struct text value, struct text prefix)
{
	if (prefix.len == 0)
		return value;
	for (size_t at = 0; at + prefix.len <= value.len; at++) {
		struct text rest = text_from(value, at);
		size_t end = 0;

		if (!text_starts_with(rest, prefix))
			continue;
		rest = text_from(rest, prefix.len);
		while (rest.len > 0 && !is_token_char(rest.ptr[0]))
			rest = text_from(rest, 1);
		while (end < rest.len && is_token_char(rest.ptr[end]))
			end++;
		return text_until(rest, end);
	}
	return (struct text){ 0 };
}

static void find_in_header(const struct authentication_input *input, struct text name,
			   struct text prefix, struct found_tokens *out)
{
	struct text value = request_header(input->facts, name);

	if (value.ptr != NULL)
		add(out, TOKEN_IN_HEADER, name, behind_prefix(value, prefix));
}

static void find_in_query(const struct authentication_input *input, struct text name,
			  struct found_tokens *out)
{
	struct text rest = input->query;

	while (rest.ptr != NULL) {
		struct text value = text_split(&rest, '&');

		if (text_equal(text_split(&value, '='), name) && value.ptr != NULL)
			add(out, TOKEN_IN_QUERY, name, value);
	}
}

static void find_in_cookie(const struct authentication_input *input, struct text name,
			   struct found_tokens *out)
{
	struct text rest = request_header(input->facts, TEXT("cookie"));

	while (rest.ptr != NULL) {
		struct text value = text_trim(text_split(&rest, ';'));

		if (text_equal(text_split(&value, '='), name) && value.ptr != NULL) {
			add(out, TOKEN_IN_COOKIE, name, value);
			return;
		}
	}
}

void token_find(const struct jwt_rule *rule, const struct authentication_input *input,
		struct found_tokens *out)
{
	*out = (struct found_tokens){ .count = 0 };
	if (rule->from_headers.count + rule->from_params.count + rule->from_cookies.count == 0) {
		find_in_header(input, TEXT("Authorization"), TEXT("Bearer "), out);
		find_in_query(input, TEXT("access_token"), out);
		return;
	}
	for (size_t i = 0; i < rule->from_headers.count; i++)
		find_in_header(input, rule->from_headers.items[i].name,
			       rule->from_headers.items[i].prefix, out);
	for (size_t i = 0; i < rule->from_params.count; i++)
		find_in_query(input, rule->from_params.items[i], out);
	for (size_t i = 0; i < rule->from_cookies.count; i++)
		find_in_cookie(input, rule->from_cookies.items[i], out);
}
