/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/route_match.h"

#include "policy/policy.h"
#include "proxy/regex.h"

bool text_match_holds(const struct text_match *match, struct text text)
{
	switch (match->type) {
	case MATCH_ANY:
		return true;
	case MATCH_PRESENT:
		return text.ptr != NULL;
	case MATCH_EXACT:
		return match->ignore_case ? text_equal_nocase(text, match->value)
					  : text_equal(text, match->value);
	case MATCH_PREFIX:
		return match->ignore_case ? text_starts_with_nocase(text, match->value)
					  : text_starts_with(text, match->value);
	case MATCH_REGEX:
		return match->regex != NULL && regex_matches_all(match->regex, text);
	}
	return false;
}

/* The value of a header; of several fields of that name any may match. */
static bool header_holds(const struct named_match *want, const struct http_fields *fields)
{
	const struct http_field *field = want->id != HTTP_OTHER
						 ? http_fields_find_known(fields, want->id)
						 : http_fields_find(fields, want->name);

	if (field == NULL) {
		/* withoutHeaders treats a missing header as an empty one, unless it asks for
		 * presence */
		const bool holds = want->invert && want->match.type != MATCH_PRESENT
				   && text_match_holds(&want->match, TEXT(""));

		return want->invert ? !holds : false;
	}
	for (; field != NULL; field = http_fields_next(fields, field))
		if (text_match_holds(&want->match, field->value))
			return !want->invert;
	return want->invert;
}

/* Nothing is decoded, as in Envoy. */
struct text route_query_value(struct text query, struct text name)
{
	while (query.ptr != NULL) {
		struct text value = text_split(&query, '&');
		const struct text key = text_split(&value, '=');

		if (key.len > 0 && text_equal(key, name))
			return value.ptr != NULL ? value : TEXT("");
	}
	return (struct text){ NULL, 0 };
}

static bool query_holds(const struct named_match *want, struct text query)
{
	const struct text value = route_query_value(query, want->name);

	return value.ptr != NULL && text_match_holds(&want->match, value);
}

static bool value_holds(const void *match, struct text value)
{
	return text_match_holds(match, value);
}

static bool claim_holds(const struct named_match *want, const struct jwt *token)
{
	return token != NULL
	       && jwt_claim_any(token, want->claim, want->claim_depth, value_holds, &want->match);
}

static bool named_holds(const struct named_match *want, const struct route_subject *subject)
{
	if (want->claim != NULL)
		return claim_holds(want, subject->token) != want->invert;
	return header_holds(want, &subject->head->fields);
}

bool route_match_holds(const struct route_match *match, const struct route_subject *subject)
{
	const struct http_head *head = subject->head;

	if (!text_match_holds(&match->uri, subject->path)
	    || !text_match_holds(&match->method, head->method)
	    || !text_match_holds(&match->authority, head->authority)
	    || !text_match_holds(&match->scheme, subject->scheme))
		return false;
	for (size_t i = 0; i < match->header_count; i++)
		if (!named_holds(&match->headers[i], subject))
			return false;
	for (size_t i = 0; i < match->query_count; i++)
		if (!query_holds(&match->query[i], subject->query))
			return false;
	return true;
}

bool route_match_is_catch_all(const struct route_match *match)
{
	const bool any_path =
		match->uri.type == MATCH_ANY
		|| (match->uri.type == MATCH_PREFIX && text_is(match->uri.value, "/"))
		|| (match->uri.type == MATCH_REGEX && text_is(match->uri.value, ".*"));

	return any_path && match->method.type == MATCH_ANY && match->authority.type == MATCH_ANY
	       && match->scheme.type == MATCH_ANY && match->header_count == 0
	       && match->query_count == 0;
}
