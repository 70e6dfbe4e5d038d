/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/metrics_cluster.h"

#include "proxy/metrics.h"
#include "proxy/plan.h"

static const struct {
	const char *name, *help;
} rows[CLUSTER_COUNTER_COUNT] = {
	[CLUSTER_RETRY] = { "envoy_cluster_upstream_rq_retry", "Requests tried again." },
	[CLUSTER_RETRY_SUCCESS] = { "envoy_cluster_upstream_rq_retry_success",
				    "Retries whose answer was passed on." },
	[CLUSTER_RETRY_LIMIT_EXCEEDED] = { "envoy_cluster_upstream_rq_retry_limit_exceeded",
					   "Requests that failed for good after all their "
					   "retries." },
	[CLUSTER_TIMEOUT] = { "envoy_cluster_upstream_rq_timeout",
			      "Requests that took longer than their route allows." },
	[CLUSTER_TRY_TIMEOUT] = { "envoy_cluster_upstream_rq_per_try_timeout",
				  "Attempts that took longer than perTryTimeout." },
	[CLUSTER_CONNECTION_OVERFLOW] = { "envoy_cluster_upstream_cx_overflow",
					  "Times maxConnections let no other be opened." },
	[CLUSTER_PENDING_OVERFLOW] = { "envoy_cluster_upstream_rq_pending_overflow",
				       "Requests refused by http1MaxPendingRequests or "
				       "http2MaxRequests." },
	[CLUSTER_RETRY_OVERFLOW] = { "envoy_cluster_upstream_rq_retry_overflow",
				     "Retries that maxRetries or a retryBudget did not allow." },
	[CLUSTER_EJECTION_5XX] = { "envoy_cluster_outlier_detection_ejections_enforced_consecutive_"
				   "5xx",
				   "Endpoints ejected for 5xx in a row." },
	[CLUSTER_EJECTION_GATEWAY] = { "envoy_cluster_outlier_detection_ejections_enforced_"
				       "consecutive_gateway_failure",
				       "Endpoints ejected for 502, 503 or 504 in a row." },
	[CLUSTER_EJECTION_LOCAL] = { "envoy_cluster_outlier_detection_ejections_enforced_"
				     "consecutive_local_origin_failure",
				     "Endpoints ejected for giving no answer in a row." },
	[CLUSTER_EJECTION_OVERFLOW] = { "envoy_cluster_outlier_detection_ejections_overflow",
					"Endpoints not ejected because too many were already." },
	[CLUSTER_MIRRORED] = { "mangrove_cluster_mirrored", "Copies of requests sent here." },
	[CLUSTER_MIRROR_GIVEN_UP] = { "mangrove_cluster_mirror_given_up",
				      "Copies not sent whole: too many at a time, or too slow." },
	[CLUSTER_HEALTH_ATTEMPT] = { "envoy_cluster_health_check_attempt", "Health checks begun." },
	[CLUSTER_HEALTH_SUCCESS] = { "envoy_cluster_health_check_success",
				     "Health checks that were passed." },
	[CLUSTER_HEALTH_FAILURE] = { "envoy_cluster_health_check_failure",
				     "Health checks that were not passed, for whatever reason." },
	[CLUSTER_HEALTH_NETWORK_FAILURE] = { "envoy_cluster_health_check_network_failure",
					     "Health checks that got no answer (in time)." },
};

struct cluster_counts {
	char *name; /* owned; the key */
	uint64_t values[CLUSTER_COUNTER_COUNT];
};

static struct cluster_counts *counts_of(struct map *clusters, struct text name)
{
	struct cluster_counts *counts = map_get(clusters, name);

	if (counts == NULL) {
		counts = MEM_NEW(struct cluster_counts);
		counts->name = mem_strndup(name.ptr, name.len);
		map_put(clusters, text_of(counts->name), counts);
	}
	return counts;
}

void metrics_count_cluster(struct metrics *metrics, const struct cluster *cluster,
			   enum cluster_counter counter)
{
	counts_of(&metrics->clusters, text_of(cluster->name))->values[counter]++;
}

void metrics_clusters_done(struct map *clusters)
{
	MAP_FOR_EACH (clusters, entry) {
		struct cluster_counts *counts = entry->value;

		mem_free(counts->name);
		mem_free(counts);
	}
	map_done(clusters);
}

void metrics_clusters_add(struct map *sum, const struct map *part)
{
	MAP_FOR_EACH (part, entry) {
		const struct cluster_counts *from = entry->value;
		struct cluster_counts *to = counts_of(sum, entry->key);

		for (size_t i = 0; i < CLUSTER_COUNTER_COUNT; i++)
			to->values[i] += from->values[i];
	}
}

void metrics_clusters_write(const struct map *clusters, struct buffer *out)
{
	for (size_t i = 0; i < CLUSTER_COUNTER_COUNT; i++) {
		buffer_printf(out, "# HELP %s %s\n# TYPE %s counter\n", rows[i].name, rows[i].help,
			      rows[i].name);
		MAP_FOR_EACH (clusters, entry) {
			const struct cluster_counts *counts = entry->value;

			buffer_printf(out, "%s{cluster_name=\"%s\"} %llu\n", rows[i].name,
				      counts->name, (unsigned long long)counts->values[i]);
		}
	}
}
