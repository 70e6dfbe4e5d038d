/* SPDX-License-Identifier: Apache-2.0 */
/* metrics_cluster.h — what happened on the way to each destination, under Envoy's names
 * (envoy_cluster_upstream_rq_retry{cluster_name="outbound|80||web"}). A cluster that nothing
 * happened to has no lines. Part of metrics.h: a worker counts for itself, copies are added up. */
#pragma once

#include "base/base.h"

struct cluster;
struct metrics;

enum cluster_counter {
	CLUSTER_RETRY = 0,
	CLUSTER_RETRY_SUCCESS,
	CLUSTER_RETRY_LIMIT_EXCEEDED,
	CLUSTER_TIMEOUT,
	CLUSTER_TRY_TIMEOUT,
	CLUSTER_CONNECTION_OVERFLOW,
	CLUSTER_PENDING_OVERFLOW,
	CLUSTER_RETRY_OVERFLOW,
	CLUSTER_EJECTION_5XX,
	CLUSTER_EJECTION_GATEWAY,
	CLUSTER_EJECTION_LOCAL,
	CLUSTER_EJECTION_OVERFLOW,
	CLUSTER_MIRRORED,
	CLUSTER_MIRROR_GIVEN_UP,
	CLUSTER_HEALTH_ATTEMPT,
	CLUSTER_HEALTH_SUCCESS,
	CLUSTER_HEALTH_FAILURE,
	CLUSTER_HEALTH_NETWORK_FAILURE,
	CLUSTER_COUNTER_COUNT
};

void metrics_count_cluster(struct metrics *metrics, const struct cluster *cluster,
			   enum cluster_counter counter);

/* ---- for metrics.c ---- */

void metrics_clusters_done(struct map *clusters);
void metrics_clusters_add(struct map *sum, const struct map *part);
void metrics_clusters_write(const struct map *clusters, struct buffer *out);
