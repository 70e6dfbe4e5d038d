/* SPDX-License-Identifier: Apache-2.0 */
/* check_grpc.c — an external authorizer asked by gRPC (MeshConfig envoyExtAuthzGrpc):
 * envoy.service.auth.v3.Authorization/Check, one message each way.
 *
 * As envoy:source/extensions/filters/common/ext_authz/{check_request_utils,ext_authz_grpc_impl}.cc.
 */
#include "proxy/authorizer.h"

#include "ext_authz.pb-c.h"
#include "proxy/downstream.h"

#include <errno.h>

#define METHOD_PATH TEXT("/envoy.service.auth.v3.Authorization/Check")

/* ---- the question ---- */

/* A protobuf string: NUL-terminated UTF-8. What is none gets '!' for each byte that is not ASCII.
 */
static char *string_of(struct arena *arena, struct text text)
{
	char *copy = arena_strndup(arena, text.ptr, text.len);

	if (text_is_utf8(text))
		return copy;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)copy[i] >= 0x80)
			copy[i] = '!';
	return copy;
}

static ExtAuthz__Peer *peer_of(struct arena *arena, const struct address *address,
			       const char *principal)
{
	ExtAuthz__SocketAddress *socket = ARENA_NEW(arena, ExtAuthz__SocketAddress);
	ExtAuthz__Address *place = ARENA_NEW(arena, ExtAuthz__Address);
	ExtAuthz__Peer *peer = ARENA_NEW(arena, ExtAuthz__Peer);
	char ip[ADDRESS_TEXT_MAX];

	ext_authz__socket_address__init(socket);
	ext_authz__address__init(place);
	ext_authz__peer__init(peer);
	address_format_ip(address, ip);
	socket->address = arena_strdup(arena, ip);
	socket->port_value = address_port(address);
	place->socket_address = socket;
	peer->address = place;
	if (principal != NULL)
		peer->principal = arena_strdup(arena, principal);
	return peer;
}

struct header_map {
	ExtAuthz__HttpRequest__HeadersEntry **items;
	size_t count;
};

static void add_header(struct arena *arena, struct header_map *map, struct text name,
		       struct text value)
{
	ExtAuthz__HttpRequest__HeadersEntry *entry =
		ARENA_NEW(arena, ExtAuthz__HttpRequest__HeadersEntry);

	ext_authz__http_request__headers_entry__init(entry);
	entry->key = string_of(arena, name);
	entry->value = string_of(arena, value);
	map->items[map->count++] = entry;
}

#define EXTRA_HEADERS 5 /* the pseudo fields, and whether the body is partial */

static struct header_map headers_of(const struct check *check, struct arena *arena)
{
	const struct exchange *client = check->client;
	const struct http_fields *fields = &client->request.fields;
	const struct text partial = TEXT("x-envoy-auth-partial-body");
	struct header_map map = {
		.items = ARENA_ARRAY(arena, fields->count + EXTRA_HEADERS,
				     ExtAuthz__HttpRequest__HeadersEntry *),
	};

	add_header(arena, &map, TEXT(":method"), client->request.method);
	add_header(arena, &map, TEXT(":authority"), client->request.authority);
	add_header(arena, &map, TEXT(":scheme"), client->scheme);
	add_header(arena, &map, TEXT(":path"), client->target);
	HTTP_FIELD_FOR_EACH (fields, field)
		if (http_fields_find(fields, field->name) == field && field->id != HTTP_HOST
		    && !text_equal(field->name, partial))
			add_header(arena, &map, field->name,
				   http_fields_joined(fields, field->name, arena));
	if (check->authorizer->body != NULL)
		add_header(arena, &map, partial, check->is_partial ? TEXT("true") : TEXT("false"));
	return map;
}

static int64_t size_of(const struct check *check)
{
	const struct http_head *request = &check->client->request;

	if (request->framing == HTTP_BODY_NONE)
		return 0;
	if (request->framing == HTTP_BODY_LENGTH)
		return (int64_t)request->content_length;
	return check->client->request_is_complete ? (int64_t)check->client->request_bytes : -1;
}

static ExtAuthz__HttpRequest *http_of(const struct check *check, struct arena *arena)
{
	const struct exchange *client = check->client;
	const struct header_map headers = headers_of(check, arena);
	ExtAuthz__HttpRequest *http = ARENA_NEW(arena, ExtAuthz__HttpRequest);

	ext_authz__http_request__init(http);
	http->id = string_of(arena, client->request_id);
	http->method = string_of(arena, client->request.method);
	http->n_headers = headers.count;
	http->headers = headers.items;
	http->path = string_of(arena, client->target);
	http->host = string_of(arena, client->request.authority);
	http->scheme = string_of(arena, client->scheme);
	http->size = size_of(check);
	http->protocol = client->request.version == HTTP_VERSION_2     ? "HTTP/2"
			 : client->request.version == HTTP_VERSION_1_0 ? "HTTP/1.0"
								       : "HTTP/1.1";
	if (check->body.len == 0)
		return http;
	if (check->authorizer->body->pack_as_bytes)
		http->raw_body =
			(ProtobufCBinaryData){ check->body.len, (uint8_t *)check->body.ptr };
	else
		http->body = string_of(arena, check->body);
	return http;
}

static ExtAuthz__Request *request_of(const struct check *check, struct arena *arena)
{
	ExtAuthz__Timestamp *time = ARENA_NEW(arena, ExtAuthz__Timestamp);
	ExtAuthz__Request *request = ARENA_NEW(arena, ExtAuthz__Request);

	ext_authz__timestamp__init(time);
	ext_authz__request__init(request);
	time->seconds = check->client->start_wall_ns / (int64_t)NS_PER_SEC;
	time->nanos = (int32_t)(check->client->start_wall_ns % (int64_t)NS_PER_SEC);
	request->time = time;
	request->http = http_of(check, arena);
	return request;
}

static struct text question_of(const struct check *check, struct arena *arena)
{
	const struct downstream *downstream = check->client->downstream;
	ExtAuthz__AttributeContext attributes = EXT_AUTHZ__ATTRIBUTE_CONTEXT__INIT;
	ExtAuthz__TlsSession session = EXT_AUTHZ__TLS_SESSION__INIT;
	ExtAuthz__CheckRequest question = EXT_AUTHZ__CHECK_REQUEST__INIT;
	AUTO_BUFFER struct buffer message = { 0 }, framed = { 0 };

	attributes.source = peer_of(arena, &downstream->peer_address, downstream->peer_id);
	attributes.destination = peer_of(arena, &downstream->local_address,
					 link_is_tls(&downstream->link)
						 ? check->client->listener->workload->spiffe_id
						 : NULL);
	if (!check->client->is_tcp)
		attributes.request = request_of(check, arena);
	if (downstream->server_name != NULL) {
		session.sni = downstream->server_name;
		attributes.tls_session = &session;
	}
	question.attributes = &attributes;
	protobuf_pack(&message, &question.base);
	grpc_frame_add(&framed, buffer_text(&message));
	return (struct text){ arena_strndup(arena, framed.data, framed.len), framed.len };
}

/* At most eight digits (gRPC over HTTP/2, Timeout). */
static struct text timeout_of(const struct authorizer *authorizer, struct arena *arena)
{
	const uint64_t ms = authorizer->timeout_ns / NS_PER_MS;

	return text_of(ms < 100000000
			       ? arena_printf(arena, "%llum", (unsigned long long)ms)
			       : arena_printf(arena, "%lluS", (unsigned long long)(ms / 1000)));
}

void check_grpc_ask(struct check *check)
{
	struct exchange *exchange = side_request_new(&check->side, check->client->plan);
	struct http_fields *fields = &exchange->request.fields;

	exchange->request.method = TEXT("POST");
	exchange->request.scheme = TEXT("http");
	exchange->request.authority = check->authorizer->authority;
	exchange->request.accepts_trailers = true;
	exchange->target = METHOD_PATH;
	http_fields_add_known(fields, HTTP_CONTENT_TYPE, TEXT("application/grpc"));
	if (check->authorizer->timeout_ns > 0)
		http_fields_add_known(fields, HTTP_GRPC_TIMEOUT,
				      timeout_of(check->authorizer, &exchange->arena));
	check->side.to_send = question_of(check, &exchange->arena);
}

/* ---- the answer ---- */

static struct text value_of(const ExtAuthz__Header *header)
{
	if (header->raw_value.len > 0)
		return (struct text){ (const char *)header->raw_value.data, header->raw_value.len };
	return text_of(header->value);
}

/* On a request: `append` adds to what is there, otherwise the value replaces. */
static enum check_edit_kind request_kind(const ExtAuthz__HeaderOption *option)
{
	return option->append != NULL && option->append->value ? CHECK_APPEND : CHECK_SET;
}

static enum check_edit_kind response_kind(const ExtAuthz__HeaderOption *option)
{
	if (option->append != NULL)
		return option->append->value ? CHECK_ADD : CHECK_SET;
	switch (option->append_action) {
	case EXT_AUTHZ__APPEND_ACTION__ADD_IF_ABSENT:
		return CHECK_ADD_IF_ABSENT;
	case EXT_AUTHZ__APPEND_ACTION__OVERWRITE_IF_EXISTS_OR_ADD:
		return CHECK_SET;
	case EXT_AUTHZ__APPEND_ACTION__OVERWRITE_IF_EXISTS:
		return CHECK_SET_IF_PRESENT;
	default:
		return CHECK_ADD;
	}
}

static void read_headers(struct check_edits *edits, struct arena *arena,
			 ExtAuthz__HeaderOption *const *options, size_t count,
			 enum check_edit_kind (*kind_of)(const ExtAuthz__HeaderOption *))
{
	for (size_t i = 0; i < count; i++)
		if (options[i]->header != NULL)
			check_edits_add(edits, arena, kind_of(options[i]),
					text_of(options[i]->header->key),
					value_of(options[i]->header));
}

static void read_ok(const ExtAuthz__OkResponse *ok, struct check_answer *answer,
		    struct arena *arena)
{
	answer->verdict = CHECK_ALLOWED;
	if (ok == NULL)
		return;
	read_headers(&answer->request, arena, ok->headers, ok->n_headers, request_kind);
	for (size_t i = 0; i < ok->n_headers_to_remove; i++)
		check_edits_add(&answer->request, arena, CHECK_REMOVE,
				text_of(ok->headers_to_remove[i]), TEXT(""));
	read_headers(&answer->response, arena, ok->response_headers_to_add,
		     ok->n_response_headers_to_add, response_kind);
	for (size_t i = 0; i < ok->n_query_parameters_to_set; i++)
		check_query_add(&answer->query, arena, CHECK_SET,
				text_of(ok->query_parameters_to_set[i]->key),
				text_of(ok->query_parameters_to_set[i]->value));
	for (size_t i = 0; i < ok->n_query_parameters_to_remove; i++)
		check_query_add(&answer->query, arena, CHECK_REMOVE,
				text_of(ok->query_parameters_to_remove[i]), TEXT(""));
}

static void read_denied(const ExtAuthz__DeniedResponse *denied, struct check_answer *answer,
			struct arena *arena)
{
	answer->verdict = CHECK_DENIED;
	answer->status = 403;
	if (denied == NULL)
		return;
	if (denied->status != NULL && denied->status->code >= 200 && denied->status->code < 600)
		answer->status = (unsigned)denied->status->code;
	answer->body = text_of(arena_strdup(arena, denied->body));
	read_headers(&answer->response, arena, denied->headers, denied->n_headers, response_kind);
}

/* Of the call itself; in the trailers, or in the head where nothing follows it. */
static bool call_succeeded(const struct side_request *side)
{
	const struct http_head *head = &side->exchange->response;
	const struct http_field *status = http_fields_find_known(&head->fields, HTTP_GRPC_STATUS);

	if (!side->has_answer || head->status != 200)
		return false;
	if (status == NULL && side->trailers != NULL)
		status = http_fields_find_known(side->trailers, HTTP_GRPC_STATUS);
	return status != NULL && text_is(status->value, "0");
}

void check_grpc_read(const struct check *check, struct check_answer *answer)
{
	struct arena *arena = &check->client->arena;
	const ExtAuthz__CheckResponse *response;
	struct text message;

	if (!call_succeeded(&check->side)
	    || grpc_frame_next(&check->side.answer, CHECK_ANSWER_MAX, &message) <= 0)
		return;
	response = protobuf_unpack(arena, &ext_authz__check_response__descriptor, message);
	if (response == NULL)
		return;
	/* no status is status 0, as protobuf has it */
	if (response->status == NULL || response->status->code == GRPC_OK)
		read_ok(response->ok_response, answer, arena);
	else
		read_denied(response->denied_response, answer, arena);
}
