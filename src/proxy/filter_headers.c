/* SPDX-License-Identifier: Apache-2.0 */
/* filter_headers.c — what policies, routes and the next hop are told, and may believe.
 *
 * Fields about the old connection go first, with those its Connection field names; only then are
 * ours set, so that no client can have them removed. At a gateway nothing that claims an identity
 * or an address gets in from outside; sidecars add themselves to what their peer says (Envoy:
 * SANITIZE_SET and APPEND_FORWARD). */
#include "proxy/filter.h"

#include "proxy/downstream.h"
#include "proxy/forwarded.h"
#include "proxy/websocket.h"
#include "proxy/worker.h"

/* Fields by which a mesh's own proxies steer each other. */
static void drop_outside_orders(struct exchange *exchange)
{
	static const enum http_name names[] = {
		HTTP_X_ENVOY_ATTEMPT_COUNT,
		HTTP_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS,
		HTTP_X_ENVOY_EXTERNAL_ADDRESS,
		HTTP_X_ENVOY_MAX_RETRIES,
		HTTP_X_ENVOY_PEER_METADATA,
		HTTP_X_ENVOY_PEER_METADATA_ID,
		HTTP_X_ENVOY_ORIGINAL_PATH,
		HTTP_X_ENVOY_RETRY_ON,
		HTTP_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS,
		HTTP_X_ENVOY_RETRY_GRPC_ON,
		HTTP_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS,
		HTTP_X_ENVOY_RETRIABLE_STATUS_CODES,
		HTTP_X_ENVOY_RETRIABLE_HEADER_NAMES,
		HTTP_X_FORWARDED_HOST,
		HTTP_X_FORWARDED_PORT,
	};

	if (exchange->listener->role != LISTENER_GATEWAY)
		return;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		http_fields_remove_known(&exchange->request.fields, names[i]);
}

/* ---- x-request-id ---- */

/* A version 4 UUID (RFC 9562). Not a secret: a cheap generator will do. */
static void make_request_id(char out[37])
{
	static const char hex[] = "0123456789abcdef";
	static const char shape[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
	uint64_t bits = 0;
	unsigned left = 0;

	for (size_t i = 0; i < 36; i++) {
		if (left == 0) {
			bits = random_cheap();
			left = 16;
		}
		if (shape[i] == 'x' || shape[i] == 'y') {
			const unsigned digit = (unsigned)(bits & 15);

			out[i] = hex[shape[i] == 'y' ? 8 + (digit & 3) : digit];
			bits >>= 4;
			left--;
		} else {
			out[i] = shape[i];
		}
	}
	out[36] = '\0';
}

static void set_request_id(struct exchange *exchange)
{
	struct http_fields *fields = &exchange->request.fields;
	const struct text given = http_fields_value(fields, HTTP_X_REQUEST_ID);

	if (given.len > 0 && exchange->listener->role != LISTENER_GATEWAY) {
		exchange->request_id = given;
		return;
	}

	char *id = arena_alloc_bytes(&exchange->arena, 37);

	make_request_id(id);
	exchange->request_id = (struct text){ id, 36 };
	http_fields_set_known(fields, HTTP_X_REQUEST_ID, exchange->request_id);
}

/* RFC 9110, section 7.6.3: every intermediary says that it was there. */
static void add_via(struct exchange *exchange)
{
	const bool is_1_0 = exchange->request.version == HTTP_VERSION_1_0;

	http_fields_add_known(&exchange->request.fields, HTTP_VIA,
			      is_1_0 ? TEXT("1.0 mangrove") : TEXT("1.1 mangrove"));
}

static enum filter_step on_request(struct exchange *exchange)
{
	http_head_remove_hop_by_hop(&exchange->request);
	if (exchange->wants_tunnel)
		exchange->request.upgrade = WEBSOCKET;
	drop_outside_orders(exchange);
	forwarded_apply(exchange);
	trace_context_apply(exchange);
	set_request_id(exchange);
	add_via(exchange);
	return FILTER_NEXT;
}

const struct filter headers_filter = { .name = "headers", .on_request = on_request };
