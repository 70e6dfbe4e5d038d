/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/balance_key.h"

#include "proxy/downstream.h"
#include "proxy/request_facts.h"
#include "proxy/route_match.h"

#include <xxhash.h>

static struct text unquote(struct text value)
{
	if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
		return (struct text){ value.ptr + 1, value.len - 2 };
	return value;
}

static struct text find_cookie(const struct http_fields *fields, struct text name)
{
	HTTP_FIELD_FOR_EACH (fields, field) {
		struct text rest = field->value;

		while (field->id == HTTP_COOKIE && rest.ptr != NULL) {
			struct text value = text_split(&rest, ';');
			const struct text key = text_trim(text_split(&value, '='));

			if (value.ptr != NULL && text_equal(key, name))
				return unquote(text_trim(value));
		}
	}
	return (struct text){ NULL, 0 };
}

static struct text cookie_of(struct exchange *exchange, const struct hash_cookie *cookie)
{
	const struct text sent = find_cookie(&exchange->request.fields, cookie->name);

	if (sent.ptr != NULL || !cookie->ttl.is_set)
		return sent;
	if (exchange->new_cookie.ptr == NULL) /* else: made up for the attempt before this one */
		exchange->new_cookie = text_of(arena_printf(&exchange->arena, "%016llx",
							    (unsigned long long)random_cheap()));
	return exchange->new_cookie;
}

static struct text client_address(struct exchange *exchange)
{
	struct request_facts facts;
	char text[IP_TEXT_MAX];

	request_facts_gather(exchange, &facts);
	return text_of(arena_strdup(&exchange->arena, ip_format(text, facts.remote_ip)));
}

bool balance_key(struct exchange *exchange, const struct consistent_hash *by, uint64_t *hash)
{
	struct text key;

	if (by->use_source_ip)
		key = client_address(exchange);
	else if (by->http_cookie != NULL)
		key = cookie_of(exchange, by->http_cookie);
	else if (by->http_header_name.len > 0)
		key = http_fields_joined(&exchange->request.fields, by->http_header_name,
					 &exchange->arena);
	else
		key = route_query_value(exchange->query, by->http_query_parameter_name);
	*hash = key.ptr != NULL ? XXH64(key.ptr, key.len, 0) : 0;
	return key.ptr != NULL;
}

/* "; Secure; SameSite=Strict" */
static const char *attributes_of(struct arena *arena, const struct hash_cookie *cookie)
{
	const char *text = "";

	for (size_t i = 0; i < cookie->attributes.count; i++) {
		const struct text_pair *attribute = &cookie->attributes.items[i];

		text = arena_printf(arena, "%s; %.*s%s%.*s", text, TEXT_ARGS(attribute->key),
				    attribute->value.len > 0 ? "=" : "",
				    TEXT_ARGS(attribute->value));
	}
	return text;
}

void balance_key_set_cookie(struct exchange *exchange)
{
	struct arena *arena = &exchange->arena;
	const struct hash_cookie *cookie;
	const char *age = "", *path = "";

	if (exchange->new_cookie.ptr == NULL)
		return;
	cookie = exchange->destination->cluster->hash->http_cookie;
	if (cookie->ttl.ns > 0)
		age = arena_printf(arena, "; Max-Age=%llu",
				   (unsigned long long)(cookie->ttl.ns / NS_PER_SEC));
	if (cookie->path.len > 0)
		path = arena_printf(arena, "; Path=%.*s", TEXT_ARGS(cookie->path));
	http_fields_add_known(
		&exchange->response.fields, HTTP_SET_COOKIE,
		text_of(arena_printf(arena, "%.*s=\"%.*s\"%s%s%s; HttpOnly",
				     TEXT_ARGS(cookie->name), TEXT_ARGS(exchange->new_cookie), age,
				     path, attributes_of(arena, cookie))));
}
