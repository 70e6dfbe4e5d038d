/* SPDX-License-Identifier: Apache-2.0 */
/* extension_provider.c — MeshConfig's external authorizers and where spans go; other
 * tracers, and loggers, stay as they are.
 */
#include "resource/kinds/kinds.h"
#include "resource/kinds/mesh_config.h"

static const struct field body_fields[] = {
	FIELD("maxRequestBytes", FIELD_UINT32, struct ext_authz_body, max_request_bytes),
	FIELD("allowPartialMessage", FIELD_BOOL, struct ext_authz_body, allow_partial_message),
	FIELD("packAsBytes", FIELD_BOOL, struct ext_authz_body, pack_as_bytes),
};
static const struct schema body_schema =
	SCHEMA("includeRequestBodyInCheck", struct ext_authz_body, body_fields);

#define AUTHORIZER_FIELDS(owner)                                                                   \
	FIELD("service", FIELD_TEXT, owner, service, .flags = FIELD_REQUIRED),                     \
		FIELD("port", FIELD_UINT32, owner, port, PORT_RANGE, .flags = FIELD_REQUIRED),     \
		FIELD("timeout", FIELD_DURATION, owner, timeout),                                  \
		FIELD("failOpen", FIELD_BOOL, owner, fail_open),                                   \
		FIELD("clearRouteCache", FIELD_BOOL, owner, clear_route_cache),                    \
		FIELD("statusOnError", FIELD_TEXT, owner, status_on_error),                        \
		FIELD("includeRequestBodyInCheck", FIELD_MESSAGE, owner,                           \
		      include_request_body_in_check, .schema = &body_schema)

static const struct field http_fields[] = {
	AUTHORIZER_FIELDS(struct ext_authz_http),
	FIELD("pathPrefix", FIELD_TEXT, struct ext_authz_http, path_prefix),
	FIELD("includeHeadersInCheck", FIELD_TEXT_LIST, struct ext_authz_http,
	      include_request_headers_in_check, .group = 1, .flags = FIELD_DEPRECATED,
	      .hint = "write includeRequestHeadersInCheck"),
	FIELD("includeRequestHeadersInCheck", FIELD_TEXT_LIST, struct ext_authz_http,
	      include_request_headers_in_check, .group = 1),
	FIELD("includeAdditionalHeadersInCheck", FIELD_TEXT_MAP, struct ext_authz_http,
	      include_additional_headers_in_check),
	FIELD("headersToUpstreamOnAllow", FIELD_TEXT_LIST, struct ext_authz_http,
	      headers_to_upstream_on_allow),
	FIELD("headersToDownstreamOnDeny", FIELD_TEXT_LIST, struct ext_authz_http,
	      headers_to_downstream_on_deny),
	FIELD("headersToDownstreamOnAllow", FIELD_TEXT_LIST, struct ext_authz_http,
	      headers_to_downstream_on_allow),
};
static const struct schema http_schema =
	SCHEMA("envoyExtAuthzHttp", struct ext_authz_http, http_fields);

static const struct field grpc_fields[] = { AUTHORIZER_FIELDS(struct ext_authz_grpc) };
static const struct schema grpc_schema =
	SCHEMA("envoyExtAuthzGrpc", struct ext_authz_grpc, grpc_fields);

static const struct field header_fields[] = {
	FIELD("name", FIELD_TEXT, struct otlp_header, name, .flags = FIELD_REQUIRED),
	FIELD("value", FIELD_TEXT, struct otlp_header, value),
	FIELD_NAMED("envName"),
};
static const struct schema header_schema = SCHEMA("a header", struct otlp_header, header_fields);

static const struct field otlp_http_fields[] = {
	FIELD("path", FIELD_TEXT, struct otlp_http, path, .flags = FIELD_REQUIRED),
	FIELD("timeout", FIELD_DURATION, struct otlp_http, timeout),
	FIELD("headers", FIELD_MESSAGE_LIST, struct otlp_http, headers, .schema = &header_schema),
};
static const struct schema otlp_http_schema = SCHEMA("http", struct otlp_http, otlp_http_fields);

static const struct field otlp_fields[] = {
	FIELD("service", FIELD_TEXT, struct otlp_provider, service, .flags = FIELD_REQUIRED),
	FIELD("port", FIELD_UINT32, struct otlp_provider, port, PORT_RANGE,
	      .flags = FIELD_REQUIRED),
	FIELD("http", FIELD_MESSAGE, struct otlp_provider, http, .schema = &otlp_http_schema),
	FIELD_NAMED("grpc"),
	FIELD_NAMED("maxTagLength"),
	FIELD_NAMED("resourceDetectors"),
	FIELD_NAMED("dynatraceSampler"),
};
static const struct schema otlp_schema = SCHEMA("opentelemetry", struct otlp_provider, otlp_fields);

static void check_provider(struct decoder *decoder, const struct value *value, void *message)
{
	(void)message;
	if (value->count < 2)
		decode_error(decoder, value->at,
			     "an extension provider needs, beside its name, what it is: "
			     "envoyExtAuthzHttp, envoyExtAuthzGrpc, …");
}

#define OTHER(json_name) FIELD(json_name, FIELD_ANY, struct extension_provider, other, .group = 1)

static const struct field provider_fields[] = {
	FIELD("name", FIELD_TEXT, struct extension_provider, name, .flags = FIELD_REQUIRED),
	FIELD("envoyExtAuthzHttp", FIELD_MESSAGE, struct extension_provider, envoy_ext_authz_http,
	      .schema = &http_schema, .group = 1),
	FIELD("envoyExtAuthzGrpc", FIELD_MESSAGE, struct extension_provider, envoy_ext_authz_grpc,
	      .schema = &grpc_schema, .group = 1),
	OTHER("zipkin"),
	OTHER("lightstep"),
	OTHER("datadog"),
	OTHER("stackdriver"),
	OTHER("opencensus"),
	OTHER("skywalking"),
	FIELD("opentelemetry", FIELD_MESSAGE, struct extension_provider, opentelemetry,
	      .schema = &otlp_schema, .group = 1),
	OTHER("prometheus"),
	OTHER("envoyFileAccessLog"),
	OTHER("envoyHttpAls"),
	OTHER("envoyTcpAls"),
	OTHER("envoyOtelAls"),
	OTHER("sds"),
};
const struct schema extension_provider_schema =
	SCHEMA("an extension provider", struct extension_provider, provider_fields,
	       .validate = check_provider);
