/* SPDX-License-Identifier: Apache-2.0 */
/* plan_outliers.c — outlierDetection as a DestinationRule has it, with Istio's defaults (facts
 * 1.5). */
#include "proxy/outlier.h"
#include "proxy/plan_traffic.h"

#define EJECTION_TIME_MAX_NS (300 * NS_PER_SEC) /* Envoy's max_ejection_time */

static uint64_t duration_or(const struct optional_duration *duration, uint64_t otherwise)
{
	return duration->is_set && duration->ns > 0 ? duration->ns : otherwise;
}

static uint32_t count_or(const struct optional_int *count, uint32_t otherwise)
{
	return count->is_set ? (uint32_t)count->value : otherwise;
}

/* 10 % of nine endpoints is none: who reads it will wonder why. */
static void warn_if_never(struct plan_build *build, const struct outlier_detection *from,
			  const struct outlier_settings *settings, const struct cluster *cluster)
{
	const size_t count = cluster->endpoint_count;

	if (count > 0 && !settings->always_one && settings->max_percent * count < 100)
		plan_warn(build, from->at,
			  "of %zu endpoints maxEjectionPercent %u ejects none: with %zu or more "
			  "one can be",
			  count, settings->max_percent, (100 + count - 1) / count);
}

const struct outlier_settings *plan_outliers(struct plan_build *build,
					     const struct cluster *cluster,
					     const struct outlier_detection *from)
{
	struct outlier_settings *settings;

	if (from == NULL)
		return NULL;
	settings = ARENA_NEW(&build->plan->arena, struct outlier_settings);
	*settings = (struct outlier_settings){
		.in_a_row_5xx = count_or(&from->consecutive_5xx_errors,
					 count_or(&from->consecutive_errors, 5)),
		.in_a_row_gateway = count_or(&from->consecutive_gateway_errors, 0),
		.in_a_row_local = count_or(&from->consecutive_local_origin_failures, 5),
		.splits_local = from->split_external_local_origin_errors.value,
		.interval_ns = duration_or(&from->interval, 10 * NS_PER_SEC),
		.base_ns = duration_or(&from->base_ejection_time, 30 * NS_PER_SEC),
		.max_percent = count_or(&from->max_ejection_percent, 10),
		.min_healthy_percent = count_or(&from->min_health_percent, 0),
		/* Envoys that knew consecutiveErrors could always eject one */
		.always_one = from->consecutive_errors.is_set && !from->max_ejection_percent.is_set,
		.codes = from->http_error_codes.items,
		.code_count = from->http_error_codes.count,
	};
	settings->max_ns = MAX_OF(EJECTION_TIME_MAX_NS, settings->base_ns);
	warn_if_never(build, from, settings, cluster);
	return settings;
}
