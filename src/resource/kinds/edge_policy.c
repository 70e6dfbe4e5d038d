/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/edge_policy.h"

#include "resource/kinds/kinds.h"

#define BYTES_RANGE .min = 0, .max = INT64_MAX

static void check_cors(struct decoder *decoder, const struct value *value, void *message)
{
	const struct edge_cors *cors = message;

	if (cors->credentials && text_list_has(&cors->origins, TEXT("*")))
		decode_error(decoder, decode_place(value, "credentials"),
			     "with 'credentials' name the origins: '*' would let every site act "
			     "for the user");
}

static const struct field cors_fields[] = {
	FIELD("origins", FIELD_TEXT_LIST, struct edge_cors, origins,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
	FIELD("methods", FIELD_TEXT_LIST, struct edge_cors, methods, .flags = FIELD_NOT_EMPTY),
	FIELD("headers", FIELD_TEXT_LIST, struct edge_cors, headers, .flags = FIELD_NOT_EMPTY),
	FIELD("exposeHeaders", FIELD_TEXT_LIST, struct edge_cors, expose_headers,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("credentials", FIELD_BOOL, struct edge_cors, credentials),
	FIELD("maxAge", FIELD_DURATION, struct edge_cors, max_age),
};
static const struct schema cors_schema =
	SCHEMA("cors", struct edge_cors, cors_fields, .validate = check_cors);

static const struct field transport_fields[] = {
	FIELD("maxAge", FIELD_DURATION, struct edge_transport_security, max_age,
	      .flags = FIELD_REQUIRED),
	FIELD("includeSubDomains", FIELD_BOOL, struct edge_transport_security, include_sub_domains),
	FIELD("preload", FIELD_BOOL, struct edge_transport_security, preload),
};
static const struct schema transport_schema =
	SCHEMA("strictTransportSecurity", struct edge_transport_security, transport_fields);

static const struct field headers_fields[] = {
	FIELD("strictTransportSecurity", FIELD_MESSAGE, struct edge_security_headers,
	      strict_transport_security, .schema = &transport_schema),
	FIELD("contentSecurityPolicy", FIELD_TEXT, struct edge_security_headers,
	      content_security_policy),
	FIELD("frameOptions", FIELD_TEXT, struct edge_security_headers, frame_options),
	FIELD("referrerPolicy", FIELD_TEXT, struct edge_security_headers, referrer_policy),
	FIELD("permissionsPolicy", FIELD_TEXT, struct edge_security_headers, permissions_policy),
	FIELD("crossOriginOpenerPolicy", FIELD_TEXT, struct edge_security_headers,
	      cross_origin_opener_policy),
	FIELD("crossOriginResourcePolicy", FIELD_TEXT, struct edge_security_headers,
	      cross_origin_resource_policy),
	FIELD("crossOriginEmbedderPolicy", FIELD_TEXT, struct edge_security_headers,
	      cross_origin_embedder_policy),
	FIELD("noSniff", FIELD_OPTIONAL_BOOL, struct edge_security_headers, no_sniff),
	FIELD("set", FIELD_TEXT_MAP, struct edge_security_headers, set),
	FIELD("remove", FIELD_TEXT_LIST, struct edge_security_headers, remove,
	      .flags = FIELD_NOT_EMPTY),
};
static const struct schema headers_schema =
	SCHEMA("securityHeaders", struct edge_security_headers, headers_fields);

static const struct word by_words[] = {
	{ "CLIENT_ADDRESS", RATE_LIMIT_BY_CLIENT_ADDRESS, NULL },
	{ "PRINCIPAL", RATE_LIMIT_BY_PRINCIPAL, NULL },
	{ "REQUEST_PRINCIPAL", RATE_LIMIT_BY_REQUEST_PRINCIPAL, NULL },
	{ "HEADER", RATE_LIMIT_BY_HEADER, NULL },
	{ "TOGETHER", RATE_LIMIT_TOGETHER, NULL },
	{ NULL, 0, NULL },
};

static void check_rate_limit(struct decoder *decoder, const struct value *value, void *message)
{
	const struct edge_rate_limit *limit = message;

	if ((limit->by == RATE_LIMIT_BY_HEADER) != (limit->header.len > 0))
		decode_error(decoder, value->at,
			     "'by: HEADER' and 'header' belong together; give both or none");
	if (limit->per.is_set && limit->per.ns == 0)
		decode_error(decoder, decode_place(value, "per"), "'per' must not be zero");
}

static const struct field rate_limit_fields[] = {
	FIELD("name", FIELD_TEXT, struct edge_rate_limit, name, .flags = FIELD_REQUIRED),
	FIELD("paths", FIELD_TEXT_LIST, struct edge_rate_limit, paths, .flags = FIELD_NOT_EMPTY),
	FIELD("exceptPaths", FIELD_TEXT_LIST, struct edge_rate_limit, except_paths,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("methods", FIELD_TEXT_LIST, struct edge_rate_limit, methods,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("by", FIELD_ENUM, struct edge_rate_limit, by, .words = by_words),
	FIELD("header", FIELD_TEXT, struct edge_rate_limit, header),
	FIELD("requests", FIELD_UINT32, struct edge_rate_limit, requests, .min = 1,
	      .max = UINT32_MAX, .flags = FIELD_REQUIRED),
	FIELD("per", FIELD_DURATION, struct edge_rate_limit, per, .flags = FIELD_REQUIRED),
	FIELD("burst", FIELD_OPTIONAL_INT, struct edge_rate_limit, burst, .min = 1,
	      .max = UINT32_MAX),
	FIELD("status", FIELD_UINT32, struct edge_rate_limit, status, .min = 400, .max = 599),
	FIELD("message", FIELD_TEXT, struct edge_rate_limit, message),
};
static const struct schema rate_limit_schema = SCHEMA(
	"a rate limit", struct edge_rate_limit, rate_limit_fields, .validate = check_rate_limit);

static const struct field tokens_fields[] = {
	FIELD("requiredPaths", FIELD_TEXT_LIST, struct edge_tokens, required_paths,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("publicPaths", FIELD_TEXT_LIST, struct edge_tokens, public_paths,
	      .flags = FIELD_NOT_EMPTY),
};
static const struct schema tokens_schema = SCHEMA("tokens", struct edge_tokens, tokens_fields);

static const struct word inspection_words[] = {
	{ "OFF", EDGE_INSPECTION_OFF, NULL },
	{ "LOG", EDGE_INSPECTION_LOG, NULL },
	{ "DENY", EDGE_INSPECTION_DENY, NULL },
	{ NULL, 0, NULL },
};
#define INSPECTION(json_name, member)                                                              \
	FIELD(json_name, FIELD_ENUM, struct edge_input_validation, member,                         \
	      .words = inspection_words)

static const struct field validation_fields[] = {
	INSPECTION("sqlInjection", sql_injection),
	INSPECTION("crossSiteScripting", cross_site_scripting),
	INSPECTION("pathTraversal", path_traversal),
	INSPECTION("commandInjection", command_injection),
	FIELD("exceptPaths", FIELD_TEXT_LIST, struct edge_input_validation, except_paths,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("inspectedBodyBytes", FIELD_OPTIONAL_INT, struct edge_input_validation,
	      inspected_body_bytes, BYTES_RANGE),
};
static const struct schema validation_schema =
	SCHEMA("inputValidation", struct edge_input_validation, validation_fields);

static const struct field limits_fields[] = {
	FIELD("bodyBytes", FIELD_OPTIONAL_INT, struct edge_limits, body_bytes, BYTES_RANGE),
	FIELD("headerBytes", FIELD_OPTIONAL_INT, struct edge_limits, header_bytes, BYTES_RANGE),
	FIELD("headerCount", FIELD_OPTIONAL_INT, struct edge_limits, header_count, .min = 1,
	      .max = 10000),
	FIELD("uriBytes", FIELD_OPTIONAL_INT, struct edge_limits, uri_bytes, .min = 1,
	      .max = 1048576),
	FIELD("connections", FIELD_OPTIONAL_INT, struct edge_limits, connections, .min = 1,
	      .max = UINT32_MAX),
};
static const struct schema limits_schema = SCHEMA("limits", struct edge_limits, limits_fields);

static const struct field timeouts_fields[] = {
	FIELD("headers", FIELD_DURATION, struct edge_timeouts, headers),
	FIELD("body", FIELD_DURATION, struct edge_timeouts, body),
	FIELD("idle", FIELD_DURATION, struct edge_timeouts, idle),
	FIELD("request", FIELD_DURATION, struct edge_timeouts, request),
};
static const struct schema timeouts_schema =
	SCHEMA("timeouts", struct edge_timeouts, timeouts_fields);

static void check_compression(struct decoder *decoder, const struct value *value, void *message)
{
	const struct edge_compression *compression = message;

	(void)value;
	for (size_t i = 0; i < compression->algorithms.count; i++) {
		const struct text name = compression->algorithms.items[i];

		if (!text_is(name, "br") && !text_is(name, "zstd") && !text_is(name, "gzip"))
			decode_error(decoder, compression->algorithms.at[i],
				     "'algorithms' cannot have '%.*s'; allowed: br, zstd, gzip",
				     TEXT_ARGS(name));
	}
}

static const struct field compression_fields[] = {
	FIELD("algorithms", FIELD_TEXT_LIST, struct edge_compression, algorithms),
	FIELD("types", FIELD_TEXT_LIST, struct edge_compression, types),
	FIELD("minimumBytes", FIELD_OPTIONAL_INT, struct edge_compression, minimum_bytes,
	      BYTES_RANGE),
};
static const struct schema compression_schema = SCHEMA(
	"compression", struct edge_compression, compression_fields, .validate = check_compression);

static const struct field files_fields[] = {
	FIELD("path", FIELD_TEXT, struct edge_static_files, path, .flags = FIELD_REQUIRED,
	      .format = FORMAT_ABSOLUTE_PATH),
	FIELD("root", FIELD_TEXT, struct edge_static_files, root, .flags = FIELD_REQUIRED,
	      .format = FORMAT_ABSOLUTE_PATH),
	FIELD("index", FIELD_TEXT, struct edge_static_files, index),
	FIELD("fallback", FIELD_TEXT, struct edge_static_files, fallback),
	FIELD("cacheControl", FIELD_TEXT, struct edge_static_files, cache_control),
};
static const struct schema files_schema =
	SCHEMA("an item of staticFiles", struct edge_static_files, files_fields);

static const struct field spec_fields[] = {
	FIELD("selector", FIELD_MESSAGE, struct edge_policy, selector,
	      .schema = &workload_selector_schema, .group = 1),
	FIELD("gateways", FIELD_TEXT_LIST, struct edge_policy, gateways, .group = 1,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("hosts", FIELD_TEXT_LIST, struct edge_policy, hosts, .format = FORMAT_HOST),
	FIELD("paths", FIELD_TEXT_LIST, struct edge_policy, paths, .flags = FIELD_NOT_EMPTY),
	FIELD("cors", FIELD_MESSAGE, struct edge_policy, cors, .schema = &cors_schema),
	FIELD("securityHeaders", FIELD_MESSAGE, struct edge_policy, security_headers,
	      .schema = &headers_schema),
	FIELD("rateLimits", FIELD_MESSAGE_LIST, struct edge_policy, rate_limits,
	      .schema = &rate_limit_schema),
	FIELD("tokens", FIELD_MESSAGE, struct edge_policy, tokens, .schema = &tokens_schema),
	FIELD("inputValidation", FIELD_MESSAGE, struct edge_policy, input_validation,
	      .schema = &validation_schema),
	FIELD("limits", FIELD_MESSAGE, struct edge_policy, limits, .schema = &limits_schema),
	FIELD("timeouts", FIELD_MESSAGE, struct edge_policy, timeouts, .schema = &timeouts_schema),
	FIELD("compression", FIELD_MESSAGE, struct edge_policy, compression,
	      .schema = &compression_schema),
	FIELD("staticFiles", FIELD_MESSAGE_LIST, struct edge_policy, static_files,
	      .schema = &files_schema),
};
static const struct schema spec_schema =
	SCHEMA("EdgePolicy", struct edge_policy, spec_fields, .is_inline = true);
static const struct schema document =
	SPEC_DOCUMENT(struct edge_policy, spec_schema, FIELD_REQUIRED);

const struct kind_info edge_policy_kind = {
	.kind = KIND_EDGE_POLICY,
	.name = "EdgePolicy",
	.group = "mangrove.dev",
	.versions = version_1,
	.size = sizeof(struct edge_policy),
	.is_namespaced = true,
	.document = &document,
};
