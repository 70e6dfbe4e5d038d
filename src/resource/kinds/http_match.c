/* SPDX-License-Identifier: Apache-2.0 */
/* http_match.c — what a VirtualService's HTTP route applies to. */
#include "resource/kinds/kinds.h"
#include "resource/kinds/virtual_service.h"

static void check_match(struct decoder *decoder, const struct value *value, void *message)
{
	const struct http_match_request *match = message;

	(void)value;
	for (size_t i = 0; i < match->headers.count; i++)
		if (match->headers.items[i].key.len == 0)
			decode_error(decoder, match->headers.items[i].at, "a header needs a name");
	for (size_t i = 0; i < match->without_headers.count; i++)
		if (match->without_headers.items[i].key.len == 0)
			decode_error(decoder, match->without_headers.items[i].at,
				     "a header needs a name");
}

#define MATCH(json_name, member)                                                                   \
	FIELD(json_name, FIELD_MESSAGE, struct http_match_request, member,                         \
	      .schema = &string_match_schema)
#define MATCH_MAP(json_name, member)                                                               \
	FIELD(json_name, FIELD_MESSAGE_MAP, struct http_match_request, member,                     \
	      .schema = &string_match_schema)

static const struct field match_fields[] = {
	FIELD("name", FIELD_TEXT, struct http_match_request, name),
	MATCH("uri", uri),
	MATCH("scheme", scheme),
	MATCH("method", method),
	MATCH("authority", authority),
	MATCH_MAP("headers", headers),
	FIELD("port", FIELD_UINT32, struct http_match_request, port, PORT_RANGE),
	FIELD("sourceLabels", FIELD_TEXT_MAP, struct http_match_request, source_labels),
	FIELD("gateways", FIELD_TEXT_LIST, struct http_match_request, gateways,
	      .flags = FIELD_NOT_EMPTY),
	MATCH_MAP("queryParams", query_params),
	FIELD("ignoreUriCase", FIELD_BOOL, struct http_match_request, ignore_uri_case),
	MATCH_MAP("withoutHeaders", without_headers),
	FIELD("sourceNamespace", FIELD_TEXT, struct http_match_request, source_namespace),
	FIELD("statPrefix", FIELD_TEXT, struct http_match_request, stat_prefix),
};
const struct schema http_match_request_schema =
	SCHEMA("a match", struct http_match_request, match_fields, .validate = check_match);
