/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/websocket.h"

#include "proxy/exchange.h"

#define KEY_LEN 16 /* RFC 6455, section 4.1 */

bool websocket_is_wanted(const struct http_head *request)
{
	if (!text_equal_nocase(request->upgrade, WEBSOCKET))
		return false;
	if (request->version == HTTP_VERSION_2)
		return http_head_is_connect(request) && request->framing != HTTP_BODY_NONE;
	return text_is(request->method, "GET") && request->framing == HTTP_BODY_NONE;
}

/* HTTP/2 has none, and no use for one; a server of HTTP/1.1 wants it. */
static void add_key(struct exchange *exchange)
{
	AUTO_BUFFER struct buffer key = { 0 };
	unsigned char bytes[KEY_LEN];

	random_bytes(bytes, sizeof(bytes));
	base64_encode(&key, (struct text){ (const char *)bytes, sizeof(bytes) }, BASE64_STANDARD);
	http_fields_set(&exchange->request.fields, TEXT("sec-websocket-key"),
			text_of(arena_strndup(&exchange->arena, key.data, key.len)));
}

void websocket_prepare(struct exchange *exchange)
{
	struct http_head *request = &exchange->request;

	exchange->wants_tunnel = true;
	exchange->is_extended_connect = request->version == HTTP_VERSION_2;
	request->upgrade = WEBSOCKET;
	request->framing = HTTP_BODY_NONE;
	request->content_length = HTTP_LENGTH_UNKNOWN;
	if (!exchange->is_extended_connect)
		return;
	request->method = TEXT("GET");
	add_key(exchange);
}
