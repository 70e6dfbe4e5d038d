/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/explain_request.h"

#include <errno.h>

static bool find_header(const void *context, struct text name, struct text *value)
{
	const struct explain_request *request = context;

	for (size_t i = 0; i < request->header_count; i++)
		if (text_equal(request->headers[i].name, name)) {
			*value = request->headers[i].value;
			return true;
		}
	return false;
}

void explain_request_init(struct explain_request *request, struct arena *arena)
{
	struct request_facts *facts = &request->input.facts;

	request->arena = arena;
	request->id = request->workload = (struct text){ 0 };
	request->namespace = TEXT("default");
	request->id_is_number = false;
	request->header_count = 0;
	request->input = (struct evaluation_input){ .scheme = TEXT("http") };
	facts->method = TEXT("GET");
	facts->path = TEXT("/");
	facts->host = TEXT("");
	facts->header = find_header;
	facts->header_context = request;
}

/* "TD/ns/N/sa/S", with or without "spiffe://". */
const char *explain_set_principal(struct explain_request *request, struct text principal)
{
	const struct text scheme = TEXT("spiffe://");
	char *id;

	if (principal.len == 0)
		return "a principal is not empty; leave it out for plaintext";
	if (text_starts_with(principal, scheme)) {
		request->input.facts.peer = principal;
		return NULL;
	}
	id = arena_alloc_bytes(request->arena, scheme.len + principal.len);
	memcpy(id, scheme.ptr, scheme.len);
	memcpy(id + scheme.len, principal.ptr, principal.len);
	request->input.facts.peer = (struct text){ id, scheme.len + principal.len };
	return NULL;
}

const char *explain_set_target(struct explain_request *request, struct text target)
{
	struct text rest = target, first = text_split(&rest, '/');

	if (rest.len == 0 || first.len == 0)
		return "it is NAMESPACE/WORKLOAD, or NAMESPACE/label=value,…";
	request->namespace = first;
	request->workload = rest;
	return NULL;
}

const char *explain_set_ip(struct ip_address *ip, struct text text)
{
	return ip_parse(text, ip) ? NULL : "it is no IP address";
}

const char *explain_set_time(struct explain_request *request, struct text text)
{
	return clock_parse_utc(text, &request->input.facts.time_ns)
		       ? NULL
		       : "it is no time as RFC 3339 writes it, 2026-11-21T09:30:00Z";
}

const char *explain_set_port(struct explain_request *request, struct text text)
{
	uint64_t port;

	if (!text_parse_number(text, UINT16_MAX, &port))
		return "it is no port";
	request->input.facts.destination_port = (uint16_t)port;
	return NULL;
}

/* Copied, for it is normalised in place; the query goes its own way. */
const char *explain_set_path(struct explain_request *request, struct text text)
{
	char *copy = arena_strndup(request->arena, text.ptr, text.len);

	request->input.facts.path = (struct text){ copy, text.len };
	return NULL;
}

const char *explain_add_header(struct explain_request *request, struct text name, struct text value)
{
	struct explain_header *header;
	char *lower;

	if (name.len == 0)
		return "a header has a name";
	lower = arena_strndup(request->arena, name.ptr, name.len);
	for (char *c = lower; *c != '\0'; c++)
		*c = char_lower(*c);
	for (size_t i = 0; i < request->header_count; i++) {
		header = &request->headers[i];
		if (text_is(header->name, lower)) {
			header->value =
				text_of(arena_printf(request->arena, "%.*s,%.*s",
						     TEXT_ARGS(header->value), TEXT_ARGS(value)));
			return NULL;
		}
	}
	if (request->header_count == EXPLAIN_HEADERS_MAX)
		return "there are too many headers";
	header = &request->headers[request->header_count++];
	header->name = (struct text){ lower, name.len };
	header->value = value.ptr != NULL ? value : TEXT("");
	return NULL;
}

int explain_request_finish(struct explain_request *request, const struct explain_world *world,
			   const struct explain_workload *workload)
{
	struct request_facts *facts = &request->input.facts;
	struct text target = facts->path;

	if (facts->destination_port == 0)
		facts->destination_port = workload->port;
	if (facts->remote_ip.family == IP_NONE)
		facts->remote_ip = facts->source_ip;
	request->input.keys = explain_world_keys;
	request->input.keys_context = world;
	if (facts->protocol == REQUEST_TCP) {
		facts->method = facts->path = facts->host = (struct text){ 0 };
		facts->header = NULL;
		return 0;
	}
	if (target.len > 1) {
		explain_set_path(request, target);
		target = facts->path;
		if (path_normalize(world->path_mode, (char *)target.ptr, &target.len) != 0)
			return -EINVAL;
	}
	facts->path = path_without_query(target);
	if (facts->path.len < target.len)
		request->input.query = text_from(target, facts->path.len + 1);
	return 0;
}
