/* SPDX-License-Identifier: Apache-2.0 */
/* exchange_grpc.c — what the proxy itself answers to a gRPC call: 200 and trailers alone, with the
 * status that stands for the HTTP one (grpc: doc/http-grpc-status-mapping.md, doc/PROTOCOL-HTTP2.md
 * "Trailers-Only"). A client library reports anything else as a broken server. */
#include "proxy/exchange.h"

static enum grpc_status status_of(unsigned http)
{
	static const struct {
		unsigned http;
		enum grpc_status grpc;
	} rows[] = {
		{ 400, GRPC_INTERNAL },          { 401, GRPC_UNAUTHENTICATED },
		{ 403, GRPC_PERMISSION_DENIED }, { 404, GRPC_UNIMPLEMENTED },
		{ 429, GRPC_UNAVAILABLE },       { 502, GRPC_UNAVAILABLE },
		{ 503, GRPC_UNAVAILABLE },       { 504, GRPC_UNAVAILABLE },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].http == http)
			return rows[i].grpc;
	return GRPC_UNKNOWN;
}

bool exchange_say_in_grpc(struct exchange *exchange, unsigned status, struct text body)
{
	struct http_fields *fields = &exchange->response.fields;
	AUTO_BUFFER struct buffer message = { 0 };

	if (status < 400 || !exchange_is_grpc(exchange)
	    || http_fields_find_known(fields, HTTP_GRPC_STATUS) != NULL)
		return false;
	grpc_message_encode(&message, body);
	http_fields_set_known(fields, HTTP_CONTENT_TYPE, TEXT("application/grpc"));
	http_fields_set_known(
		fields, HTTP_GRPC_STATUS,
		text_of(arena_printf(&exchange->arena, "%d", (int)status_of(status))));
	if (message.len > 0)
		http_fields_set_known(
			fields, HTTP_GRPC_MESSAGE,
			text_of(arena_strndup(&exchange->arena, message.data, message.len)));
	return true;
}
