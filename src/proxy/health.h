/* SPDX-License-Identifier: Apache-2.0 */
/* health.h — a DestinationRule's healthCheck: each endpoint is asked at intervals whether it is
 * well, and left alone while it is not.
 *
 * An endpoint is asked in the way it is spoken to otherwise (the same identity, TLS and expected
 * server), but beyond the limits of its pool, so that being busy is not being ill. Until the first
 * answer it counts as well; that answer decides alone, later ones by the thresholds. The first
 * worker asks, for the whole process; what it finds lies in host_state and outlives plans. */
#pragma once

#include "proxy/cluster.h"
#include "proxy/route.h"

struct worker;

enum health_kind { HEALTH_HTTP = 0, HEALTH_TCP, HEALTH_GRPC };

struct health_settings {
	enum health_kind kind;
	uint64_t timeout_ns, interval_ns;
	uint32_t unhealthy_threshold, healthy_threshold;
	struct text path, authority, grpc_service;
	const uint32_t *statuses; /* that are good; count 0: 200 alone */
	size_t status_count;
};

/* One endpoint of one cluster; of a plan. */
struct health_check {
	struct health_check *next; /* in plan.health_checks */
	const struct health_settings *settings;
	const struct cluster *cluster;
	struct host_state *host;
	/* the way there: a cluster of this endpoint alone */
	struct cluster_endpoint endpoint;
	struct endpoint_group group;
	struct cluster alone;
	struct weighted_cluster to;
};

/* On the first worker's thread. Stopped before their plan goes; what is under way then is asked
 * again at once by the plan that follows. */
void health_checks_start(struct worker *worker);
void health_checks_stop(struct worker *worker);

/* ---- health_ask.c ---- */

struct side_request;

/* To be sent with side_request_send. */
void health_ask(struct side_request *side, struct worker *worker, const struct health_check *check);
/* NULL: the endpoint is well; else what is wrong. */
const char *health_judge(const struct side_request *side, const struct health_check *check);
