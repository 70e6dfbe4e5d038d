/* SPDX-License-Identifier: Apache-2.0 */
/* load_balancer.c — which endpoint gets the next request. */
#include "resource/kinds/destination_rule.h"
#include "resource/kinds/kinds.h"

static const struct word simple_words[] = {
	{ "UNSPECIFIED", LOAD_BALANCER_UNSPECIFIED, NULL },
	{ "LEAST_CONN", LOAD_BALANCER_LEAST_CONN, "write LEAST_REQUEST, which is what it means" },
	{ "RANDOM", LOAD_BALANCER_RANDOM, NULL },
	{ "PASSTHROUGH", LOAD_BALANCER_PASSTHROUGH, NULL },
	{ "ROUND_ROBIN", LOAD_BALANCER_ROUND_ROBIN, NULL },
	{ "LEAST_REQUEST", LOAD_BALANCER_LEAST_REQUEST, NULL },
	{ NULL, 0, NULL },
};

static const struct field attribute_fields[] = {
	FIELD("name", FIELD_TEXT, struct text_pair, key, .flags = FIELD_REQUIRED),
	FIELD("value", FIELD_TEXT, struct text_pair, value),
};
static const struct schema attribute_schema =
	SCHEMA("a cookie's attribute", struct text_pair, attribute_fields);

static const struct field cookie_fields[] = {
	FIELD("name", FIELD_TEXT, struct hash_cookie, name, .flags = FIELD_REQUIRED),
	FIELD("path", FIELD_TEXT, struct hash_cookie, path),
	FIELD("ttl", FIELD_DURATION, struct hash_cookie, ttl),
	FIELD("attributes", FIELD_MESSAGE_LIST, struct hash_cookie, attributes,
	      .schema = &attribute_schema),
};
static const struct schema cookie_schema =
	SCHEMA("a httpCookie", struct hash_cookie, cookie_fields);

struct size_of_table {
	struct optional_int size;
};

static const struct field ring_fields[] = {
	FIELD("minimumRingSize", FIELD_OPTIONAL_INT, struct size_of_table, size, .min = 0,
	      .max = 8388608),
};
static const struct schema ring_schema =
	SCHEMA("a ringHash", struct size_of_table, ring_fields, .is_inline = true);

static const struct field maglev_fields[] = {
	FIELD("tableSize", FIELD_OPTIONAL_INT, struct size_of_table, size, .min = 2,
	      .max = 5000011),
};
static const struct schema maglev_schema =
	SCHEMA("a maglev", struct size_of_table, maglev_fields, .is_inline = true);

static void finish_hash(struct decoder *decoder, const struct value *value, void *message)
{
	struct consistent_hash *hash = message;

	hash->is_maglev = value_get(value, "maglev") != NULL;
	if (hash->http_header_name.len == 0 && hash->http_cookie == NULL && !hash->use_source_ip
	    && hash->http_query_parameter_name.len == 0)
		decode_error(decoder, value->at,
			     "a consistentHash needs 'httpHeaderName', 'httpCookie', 'useSourceIp' "
			     "or 'httpQueryParameterName'");
}

static const struct field hash_fields[] = {
	FIELD("httpHeaderName", FIELD_TEXT, struct consistent_hash, http_header_name, .group = 1),
	FIELD("httpCookie", FIELD_MESSAGE, struct consistent_hash, http_cookie,
	      .schema = &cookie_schema, .group = 1),
	FIELD("useSourceIp", FIELD_BOOL, struct consistent_hash, use_source_ip, .group = 1),
	FIELD("httpQueryParameterName", FIELD_TEXT, struct consistent_hash,
	      http_query_parameter_name, .group = 1),
	FIELD("ringHash", FIELD_INLINE, struct consistent_hash, minimum_ring_size,
	      .schema = &ring_schema, .group = 2),
	FIELD("maglev", FIELD_INLINE, struct consistent_hash, maglev_table_size,
	      .schema = &maglev_schema, .group = 2),
	FIELD("minimumRingSize", FIELD_OPTIONAL_INT, struct consistent_hash, minimum_ring_size,
	      .min = 0, .max = 8388608, .flags = FIELD_DEPRECATED,
	      .hint = "write ringHash: { minimumRingSize: … }"),
};
static const struct schema hash_schema =
	SCHEMA("a consistentHash", struct consistent_hash, hash_fields, .validate = finish_hash);

static const struct field weight_fields[] = {
	FIELD("weight", FIELD_UINT32, struct locality_weight, weight, .min = 0, .max = 100),
};
static const struct schema weight_schema =
	SCHEMA("a weight", struct locality_weight, weight_fields);

static void check_distribute(struct decoder *decoder, const struct value *value, void *message)
{
	const struct locality_distribute *distribute = message;
	uint32_t total = 0;

	for (size_t i = 0; i < distribute->to.count; i++)
		total += distribute->to.items[i].weight;
	if (distribute->to.count > 0 && total != 100)
		decode_error(decoder, decode_place(value, "to"),
			     "the weights of 'to' must add up to 100, not %u", total);
}

static const struct field distribute_fields[] = {
	FIELD("from", FIELD_TEXT, struct locality_distribute, from),
	FIELD("to", FIELD_SCALAR_MAP, struct locality_distribute, to, .schema = &weight_schema),
};
static const struct schema distribute_schema =
	SCHEMA("an item of distribute", struct locality_distribute, distribute_fields,
	       .validate = check_distribute);

static const struct field failover_fields[] = {
	FIELD("from", FIELD_TEXT, struct locality_failover, from),
	FIELD("to", FIELD_TEXT, struct locality_failover, to),
};
static const struct schema failover_schema =
	SCHEMA("an item of failover", struct locality_failover, failover_fields);

static const struct field locality_fields[] = {
	FIELD("distribute", FIELD_MESSAGE_LIST, struct locality_lb_setting, distribute,
	      .schema = &distribute_schema, .group = 1),
	FIELD("failover", FIELD_MESSAGE_LIST, struct locality_lb_setting, failover,
	      .schema = &failover_schema, .group = 1),
	FIELD("failoverPriority", FIELD_TEXT_LIST, struct locality_lb_setting, failover_priority,
	      .group = 2),
	FIELD("enabled", FIELD_OPTIONAL_BOOL, struct locality_lb_setting, enabled),
};
const struct schema locality_lb_setting_schema =
	SCHEMA("a localityLbSetting", struct locality_lb_setting, locality_fields);

static const struct field warmup_fields[] = {
	FIELD("duration", FIELD_DURATION, struct load_balancer_warmup, duration,
	      .flags = FIELD_REQUIRED),
	FIELD("minimumPercent", FIELD_OPTIONAL_DOUBLE, struct load_balancer_warmup, minimum_percent,
	      .min = 0, .max = 100),
	FIELD("aggression", FIELD_OPTIONAL_DOUBLE, struct load_balancer_warmup, aggression,
	      .min = 1, .max = 1000),
};
static const struct schema warmup_schema =
	SCHEMA("a warmup", struct load_balancer_warmup, warmup_fields);

static const struct field load_balancer_fields[] = {
	FIELD("simple", FIELD_ENUM, struct load_balancer, simple, .words = simple_words,
	      .group = 1),
	FIELD("consistentHash", FIELD_MESSAGE, struct load_balancer, consistent_hash,
	      .schema = &hash_schema, .group = 1),
	FIELD("localityLbSetting", FIELD_MESSAGE, struct load_balancer, locality_lb_setting,
	      .schema = &locality_lb_setting_schema),
	FIELD("warmupDurationSecs", FIELD_DURATION, struct load_balancer, warmup_duration,
	      .flags = FIELD_DEPRECATED, .hint = "write warmup: { duration: … }", .group = 2),
	FIELD("warmup", FIELD_MESSAGE, struct load_balancer, warmup, .schema = &warmup_schema,
	      .group = 2),
};
const struct schema load_balancer_schema =
	SCHEMA("a loadBalancer", struct load_balancer, load_balancer_fields);
