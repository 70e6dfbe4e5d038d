/* SPDX-License-Identifier: Apache-2.0 */
/* check_http.c — an external authorizer asked in plain HTTP (MeshConfig envoyExtAuthzHttp): the
 * request's head is repeated to it; 200 allows, 5xx is an error, all else denies.
 *
 * As envoy:source/extensions/filters/common/ext_authz/ext_authz_http_impl.cc. */
#include "proxy/authorizer.h"

#define REMOVE_LIST  TEXT("x-envoy-auth-headers-to-remove")
#define PARTIAL_BODY TEXT("x-envoy-auth-partial-body")

/* "name", "prefix*" or "*suffix", in any case. */
static bool pattern_matches(struct text pattern, struct text name)
{
	if (pattern.len > 0 && pattern.ptr[0] == '*')
		return text_ends_with_nocase(name, text_from(pattern, 1));
	if (pattern.len > 0 && pattern.ptr[pattern.len - 1] == '*')
		return text_starts_with_nocase(name, text_until(pattern, pattern.len - 1));
	return text_equal_nocase(name, pattern);
}

static bool is_listed(const struct text_list *patterns, struct text name)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (pattern_matches(patterns->items[i], name))
			return true;
	return false;
}

/* ---- the question ---- */

static void repeat_fields(const struct check *check, struct http_fields *to)
{
	const struct text_list *wanted = &check->authorizer->http->include_request_headers_in_check;

	HTTP_FIELD_FOR_EACH (&check->client->request.fields, field)
		if ((field->id == HTTP_AUTHORIZATION || is_listed(wanted, field->name))
		    && !http_name_is_of_connection(field->id)
		    && !text_equal(field->name, PARTIAL_BODY))
			http_fields_add(to, field->name, field->value);
	if (check->body.len > 0 && is_listed(wanted, PARTIAL_BODY))
		http_fields_add(to, PARTIAL_BODY, check->is_partial ? TEXT("true") : TEXT("false"));
}

static void add_own_fields(const struct check *check, struct exchange *exchange)
{
	const struct text_map *added =
		&check->authorizer->http->include_additional_headers_in_check;

	for (size_t i = 0; i < added->count; i++) {
		const struct text key = added->items[i].key;
		char *name = arena_strndup(&exchange->arena, key.ptr, key.len);

		http_lower(name, key.len);
		http_fields_set(&exchange->request.fields, (struct text){ name, key.len },
				added->items[i].value);
	}
}

void check_http_ask(struct check *check)
{
	const struct exchange *client = check->client;
	const struct text prefix = check->authorizer->http->path_prefix;
	struct exchange *exchange = side_request_new(&check->side, client->plan);

	exchange->request.method = client->request.method;
	exchange->request.authority = client->request.authority;
	exchange->request.scheme = client->scheme;
	exchange->target = client->target;
	if (prefix.len > 0)
		exchange->target =
			text_of(arena_printf(&exchange->arena, "%.*s%.*s", TEXT_ARGS(prefix),
					     TEXT_ARGS(client->target)));
	repeat_fields(check, &exchange->request.fields);
	add_own_fields(check, exchange);
	check->side.to_send = check->body;
}

/* ---- the answer ---- */

static void remove_listed(struct text names, struct check_answer *answer, struct arena *arena)
{
	while (names.ptr != NULL) {
		const struct text name = text_trim(text_split(&names, ','));

		if (name.len > 0)
			check_edits_add(&answer->request, arena, CHECK_REMOVE, name, TEXT(""));
	}
}

static void read_allowed(const struct check *check, const struct http_fields *fields,
			 struct check_answer *answer)
{
	const struct ext_authz_http *http = check->authorizer->http;
	struct arena *arena = &check->client->arena;

	HTTP_FIELD_FOR_EACH (fields, field) {
		if (text_equal(field->name, REMOVE_LIST)) {
			remove_listed(field->value, answer, arena);
			continue;
		}
		if (is_listed(&http->headers_to_upstream_on_allow, field->name))
			check_edits_add(&answer->request, arena, CHECK_SET, field->name,
					field->value);
		if (is_listed(&http->headers_to_downstream_on_allow, field->name))
			check_edits_add(&answer->response, arena, CHECK_ADD, field->name,
					field->value);
	}
}

static bool goes_to_client(const struct ext_authz_http *http, const struct http_field *field)
{
	const struct text_list *wanted = &http->headers_to_downstream_on_deny;

	return wanted->count == 0 || field->id == HTTP_WWW_AUTHENTICATE
	       || field->id == HTTP_LOCATION || is_listed(wanted, field->name);
}

static void read_denied(const struct check *check, const struct http_fields *fields,
			struct check_answer *answer)
{
	struct arena *arena = &check->client->arena;

	HTTP_FIELD_FOR_EACH (fields, field)
		if (!text_equal(field->name, REMOVE_LIST)
		    && goes_to_client(check->authorizer->http, field))
			check_edits_add(&answer->response, arena, CHECK_ADD, field->name,
					field->value);
	answer->body = (struct text){
		arena_strndup(arena, check->side.answer.data, check->side.answer.len),
		check->side.answer.len,
	};
}

void check_http_read(const struct check *check, struct check_answer *answer)
{
	const struct http_head *response = &check->side.exchange->response;

	if (!check->side.has_answer || response->status >= 500)
		return;
	answer->status = response->status;
	if (response->status == 200) {
		answer->verdict = CHECK_ALLOWED;
		read_allowed(check, &response->fields, answer);
	} else {
		answer->verdict = CHECK_DENIED;
		read_denied(check, &response->fields, answer);
	}
}
