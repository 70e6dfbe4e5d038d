/* SPDX-License-Identifier: Apache-2.0 */
/* http_action.c — what a VirtualService's HTTP route does besides choosing a destination. */
#include "resource/kinds/kinds.h"
#include "resource/kinds/virtual_service.h"

static const struct word derive_port_words[] = {
	{ "FROM_PROTOCOL_DEFAULT", DERIVE_PORT_FROM_PROTOCOL, NULL },
	{ "FROM_REQUEST_PORT", DERIVE_PORT_FROM_REQUEST, NULL },
	{ NULL, 0, NULL },
};

static void check_redirect(struct decoder *decoder, const struct value *value, void *message)
{
	static const uint32_t codes[] = { 301, 302, 303, 307, 308 };
	const struct http_redirect *redirect = message;
	bool is_known = redirect->redirect_code == 0;

	for (size_t i = 0; i < COUNT_OF(codes); i++)
		is_known = is_known || redirect->redirect_code == codes[i];
	if (!is_known)
		decode_error(decoder, decode_place(value, "redirectCode"),
			     "'redirectCode' must be 301, 302, 303, 307 or 308");
	if (value->count == 0)
		decode_error(decoder, value->at,
			     "a redirect must change something: uri, authority, port or scheme");
}

static const struct field redirect_fields[] = {
	FIELD("uri", FIELD_TEXT, struct http_redirect, uri),
	FIELD("authority", FIELD_TEXT, struct http_redirect, authority),
	FIELD("port", FIELD_UINT32, struct http_redirect, port, PORT_RANGE, .group = 1),
	FIELD("derivePort", FIELD_ENUM, struct http_redirect, derive_port,
	      .words = derive_port_words, .group = 1),
	FIELD("scheme", FIELD_TEXT, struct http_redirect, scheme),
	FIELD("redirectCode", FIELD_UINT32, struct http_redirect, redirect_code),
};
const struct schema http_redirect_schema =
	SCHEMA("a redirect", struct http_redirect, redirect_fields, .validate = check_redirect);

struct response_body {
	struct text body;
};

static const struct field body_fields[] = {
	FIELD("string", FIELD_TEXT, struct response_body, body, .group = 1),
	FIELD("bytes", FIELD_BASE64, struct response_body, body, .group = 1),
};
static const struct schema body_schema =
	SCHEMA("a body", struct response_body, body_fields, .is_inline = true);

#define BODY_MAX ((size_t)1 << 20)

static void check_direct_response(struct decoder *decoder, const struct value *value, void *message)
{
	const struct http_direct_response *response = message;

	if (response->body.len > BODY_MAX)
		decode_error(decoder, decode_place(value, "body"),
			     "the body is larger than 1 MiB; serve it from an application");
}

static const struct field direct_response_fields[] = {
	FIELD("status", FIELD_UINT32, struct http_direct_response, status, .min = 200, .max = 599,
	      .flags = FIELD_REQUIRED),
	FIELD("body", FIELD_INLINE, struct http_direct_response, body, .schema = &body_schema),
};
const struct schema http_direct_response_schema =
	SCHEMA("a directResponse", struct http_direct_response, direct_response_fields,
	       .validate = check_direct_response);

static const struct field regex_rewrite_fields[] = {
	FIELD("match", FIELD_TEXT, struct regex_rewrite, match, .flags = FIELD_REQUIRED),
	FIELD("rewrite", FIELD_TEXT, struct regex_rewrite, rewrite),
};
static const struct schema regex_rewrite_schema =
	SCHEMA("a uriRegexRewrite", struct regex_rewrite, regex_rewrite_fields);

static void check_rewrite(struct decoder *decoder, const struct value *value, void *message)
{
	(void)message;
	if (value->count == 0)
		decode_error(decoder, value->at,
			     "a rewrite must change something: uri, authority or uriRegexRewrite");
}

static const struct field rewrite_fields[] = {
	FIELD("uri", FIELD_TEXT, struct http_rewrite, uri, .group = 1),
	FIELD("authority", FIELD_TEXT, struct http_rewrite, authority),
	FIELD("uriRegexRewrite", FIELD_MESSAGE, struct http_rewrite, uri_regex_rewrite,
	      .schema = &regex_rewrite_schema, .group = 1),
};
const struct schema http_rewrite_schema =
	SCHEMA("a rewrite", struct http_rewrite, rewrite_fields, .validate = check_rewrite);

static void check_retry_on(struct decoder *decoder, const struct value *value,
			   const struct http_retry *retry)
{
	struct retry_on on = { 0 };
	const struct text unknown = retry_on_add_list(&on, retry->retry_on);
	const char *closest;

	if (unknown.ptr == NULL)
		return;
	closest = retry_on_closest(unknown);
	decode_error(decoder, decode_place(value, "retryOn"),
		     "'%.*s' is no condition for a retry%s%s%s; words of Envoy's and status codes "
		     "from 100 to 599 are, with commas between",
		     TEXT_ARGS(unknown), closest != NULL ? "; did you mean '" : "",
		     closest != NULL ? closest : "", closest != NULL ? "'?" : "");
}

static void check_retry(struct decoder *decoder, const struct value *value, void *message)
{
	const struct http_retry *retry = message;

	if (retry->per_try_timeout.is_set && retry->per_try_timeout.ns < NS_PER_MS)
		decode_error(decoder, decode_place(value, "perTryTimeout"),
			     "'perTryTimeout' must be at least 1ms");
	if (retry->backoff.is_set && retry->backoff.ns < NS_PER_MS)
		decode_error(decoder, decode_place(value, "backoff"),
			     "'backoff' must be at least 1ms");
	check_retry_on(decoder, value, retry);
}

static const struct field retry_fields[] = {
	FIELD("attempts", FIELD_INT32, struct http_retry, attempts, .min = 0, .max = INT32_MAX),
	FIELD("perTryTimeout", FIELD_DURATION, struct http_retry, per_try_timeout),
	FIELD("retryOn", FIELD_TEXT, struct http_retry, retry_on),
	FIELD("retryRemoteLocalities", FIELD_OPTIONAL_BOOL, struct http_retry,
	      retry_remote_localities),
	FIELD("retryIgnorePreviousHosts", FIELD_OPTIONAL_BOOL, struct http_retry,
	      retry_ignore_previous_hosts),
	FIELD("backoff", FIELD_DURATION, struct http_retry, backoff),
};
const struct schema http_retry_schema =
	SCHEMA("retries", struct http_retry, retry_fields, .validate = check_retry);

#define PERCENT_HINT "write percentage: { value: … }"

static void check_delay(struct decoder *decoder, const struct value *value, void *message)
{
	const struct http_fault_delay *delay = message;

	if (delay->exponential_delay.is_set)
		decode_error(decoder, decode_place(value, "exponentialDelay"),
			     "'exponentialDelay' is injected by no proxy; write 'fixedDelay'");
	else if (!delay->fixed_delay.is_set)
		decode_error(decoder, value->at, "a delay needs 'fixedDelay'");
}

static const struct field delay_fields[] = {
	FIELD("percentage", FIELD_INLINE, struct http_fault_delay, percentage,
	      .schema = &percentage_schema, .group = 2),
	FIELD("percent", FIELD_OPTIONAL_DOUBLE, struct http_fault_delay, percentage, .min = 0,
	      .max = 100, .group = 2, .flags = FIELD_DEPRECATED, .hint = PERCENT_HINT),
	FIELD("fixedDelay", FIELD_DURATION, struct http_fault_delay, fixed_delay, .group = 1),
	FIELD("exponentialDelay", FIELD_DURATION, struct http_fault_delay, exponential_delay,
	      .group = 1),
};
static const struct schema delay_schema =
	SCHEMA("a delay", struct http_fault_delay, delay_fields, .validate = check_delay);

static void check_abort(struct decoder *decoder, const struct value *value, void *message)
{
	const struct http_fault_abort *abort = message;

	if (abort->http2_error.len > 0)
		decode_error(decoder, decode_place(value, "http2Error"),
			     "'http2Error' is injected by no proxy; write 'httpStatus' or "
			     "'grpcStatus'");
	else if (!abort->http_status.is_set && abort->grpc_status == 0)
		decode_error(decoder, value->at, "an abort needs 'httpStatus' or 'grpcStatus'");
}

/* 1 + the status: 0 is none. */
static const struct word grpc_status_words[] = {
	{ "OK", 1, NULL },
	{ "CANCELLED", 2, NULL },
	{ "UNKNOWN", 3, NULL },
	{ "INVALID_ARGUMENT", 4, NULL },
	{ "DEADLINE_EXCEEDED", 5, NULL },
	{ "NOT_FOUND", 6, NULL },
	{ "ALREADY_EXISTS", 7, NULL },
	{ "PERMISSION_DENIED", 8, NULL },
	{ "RESOURCE_EXHAUSTED", 9, NULL },
	{ "FAILED_PRECONDITION", 10, NULL },
	{ "ABORTED", 11, NULL },
	{ "OUT_OF_RANGE", 12, NULL },
	{ "UNIMPLEMENTED", 13, NULL },
	{ "INTERNAL", 14, NULL },
	{ "UNAVAILABLE", 15, NULL },
	{ "DATA_LOSS", 16, NULL },
	{ "UNAUTHENTICATED", 17, NULL },
	{ NULL, 0, NULL },
};

static const struct field abort_fields[] = {
	FIELD("httpStatus", FIELD_OPTIONAL_INT, struct http_fault_abort, http_status, .min = 200,
	      .max = 599, .group = 1),
	FIELD("grpcStatus", FIELD_ENUM, struct http_fault_abort, grpc_status,
	      .words = grpc_status_words, .group = 1),
	FIELD("http2Error", FIELD_TEXT, struct http_fault_abort, http2_error, .group = 1),
	FIELD("percentage", FIELD_INLINE, struct http_fault_abort, percentage,
	      .schema = &percentage_schema, .group = 2),
	FIELD("percent", FIELD_OPTIONAL_DOUBLE, struct http_fault_abort, percentage, .min = 0,
	      .max = 100, .group = 2, .flags = FIELD_DEPRECATED, .hint = PERCENT_HINT),
};
static const struct schema abort_schema =
	SCHEMA("an abort", struct http_fault_abort, abort_fields, .validate = check_abort);

static void check_fault(struct decoder *decoder, const struct value *value, void *message)
{
	(void)message;
	if (value->count == 0)
		decode_error(decoder, value->at, "a fault needs 'delay' or 'abort'");
}

static const struct field fault_fields[] = {
	FIELD("delay", FIELD_MESSAGE, struct http_fault, delay, .schema = &delay_schema),
	FIELD("abort", FIELD_MESSAGE, struct http_fault, abort, .schema = &abort_schema),
};
const struct schema http_fault_schema =
	SCHEMA("a fault", struct http_fault, fault_fields, .validate = check_fault);

static const struct word unmatched_words[] = {
	{ "UNSPECIFIED", CORS_PREFLIGHTS_UNSPECIFIED, NULL },
	{ "FORWARD", CORS_PREFLIGHTS_FORWARD, NULL },
	{ "IGNORE", CORS_PREFLIGHTS_IGNORE, NULL },
	{ NULL, 0, NULL },
};

static const struct field cors_fields[] = {
	FIELD("allowOrigin", FIELD_TEXT_LIST, struct cors_policy, allow_origin,
	      .flags = FIELD_DEPRECATED, .hint = "write allowOrigins: [{ exact: … }]"),
	FIELD("allowOrigins", FIELD_MESSAGE_LIST, struct cors_policy, allow_origins,
	      .schema = &string_match_schema),
	FIELD("allowMethods", FIELD_TEXT_LIST, struct cors_policy, allow_methods),
	FIELD("allowHeaders", FIELD_TEXT_LIST, struct cors_policy, allow_headers),
	FIELD("exposeHeaders", FIELD_TEXT_LIST, struct cors_policy, expose_headers),
	FIELD("maxAge", FIELD_DURATION, struct cors_policy, max_age),
	FIELD("allowCredentials", FIELD_OPTIONAL_BOOL, struct cors_policy, allow_credentials),
	FIELD("unmatchedPreflights", FIELD_ENUM, struct cors_policy, unmatched_preflights,
	      .words = unmatched_words),
};
const struct schema cors_policy_schema = SCHEMA("a corsPolicy", struct cors_policy, cors_fields);
