/* SPDX-License-Identifier: Apache-2.0 */
/* health_check.c — a DestinationRule's healthCheck: how its endpoints are asked whether they are
 * well. Istio has no such field. */
#include "resource/kinds/destination_rule.h"
#include "resource/kinds/kinds.h"

static const struct field http_check_fields[] = {
	FIELD("path", FIELD_TEXT, struct http_health_check, path, .flags = FIELD_REQUIRED),
	FIELD("host", FIELD_TEXT, struct http_health_check, host),
	FIELD("expectedStatuses", FIELD_NUMBER_LIST, struct http_health_check, expected_statuses,
	      .min = 100, .max = 599),
};
static const struct field grpc_check_fields[] = {
	FIELD("serviceName", FIELD_TEXT, struct grpc_health_check, service_name),
	FIELD("authority", FIELD_TEXT, struct grpc_health_check, authority),
};

static void check_http_path(struct decoder *decoder, const struct value *value, void *message)
{
	const struct http_health_check *http = message;

	if (http->path.len > 0 && http->path.ptr[0] != '/')
		decode_error(decoder, decode_place(value, "path"), "'path' must begin with '/'");
}

static const struct schema http_check_schema =
	SCHEMA("a healthCheck's http", struct http_health_check, http_check_fields,
	       .validate = check_http_path);
static const struct schema tcp_check_schema = { .name = "a healthCheck's tcp",
						.size = sizeof(struct tcp_health_check) };
static const struct schema grpc_check_schema =
	SCHEMA("a healthCheck's grpc", struct grpc_health_check, grpc_check_fields);

#define THRESHOLD_RANGE    .min = 1, .max = 1000
#define HEALTH_TIME_MIN_NS (10 * NS_PER_MS)

static void check_time(struct decoder *decoder, const struct value *value, const char *name,
		       const struct optional_duration *duration)
{
	if (duration->is_set && duration->ns < HEALTH_TIME_MIN_NS)
		decode_error(decoder, decode_place(value, name), "'%s' must be at least 10ms",
			     name);
}

static void check_health_check(struct decoder *decoder, const struct value *value, void *message)
{
	const struct upstream_health_check *check = message;

	if (check->http == NULL && check->tcp == NULL && check->grpc == NULL)
		decode_error(decoder, check->at,
			     "say what is asked: 'http: {path: /healthz}', 'tcp: {}' or "
			     "'grpc: {}'");
	check_time(decoder, value, "timeout", &check->timeout);
	check_time(decoder, value, "interval", &check->interval);
}

static const struct field health_fields[] = {
	FIELD("timeout", FIELD_DURATION, struct upstream_health_check, timeout),
	FIELD("interval", FIELD_DURATION, struct upstream_health_check, interval),
	FIELD("unhealthyThreshold", FIELD_OPTIONAL_INT, struct upstream_health_check,
	      unhealthy_threshold, THRESHOLD_RANGE),
	FIELD("healthyThreshold", FIELD_OPTIONAL_INT, struct upstream_health_check,
	      healthy_threshold, THRESHOLD_RANGE),
	FIELD("http", FIELD_MESSAGE, struct upstream_health_check, http,
	      .schema = &http_check_schema, .group = 1),
	FIELD("tcp", FIELD_MESSAGE, struct upstream_health_check, tcp, .schema = &tcp_check_schema,
	      .group = 1),
	FIELD("grpc", FIELD_MESSAGE, struct upstream_health_check, grpc,
	      .schema = &grpc_check_schema, .group = 1),
};
const struct schema upstream_health_check_schema =
	SCHEMA("a healthCheck", struct upstream_health_check, health_fields,
	       .validate = check_health_check);
