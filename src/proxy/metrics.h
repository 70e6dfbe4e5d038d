/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h — a worker's counters, under Istio's standard names and labels, so that dashboards made
 * for Istio work (istio.io: "Istio Standard Metrics").
 *
 * Each worker counts for itself without locks. To be read, a copy is made on the worker's thread
 * (metrics_copy) and copies are added up and written by whoever asked. Label values come from
 * resources and verified identities alone, never from a client's request, so the number of series
 * is bounded. */
#pragma once

#include "base/base.h"

struct exchange;
struct listener_plan;

#define DURATION_BUCKETS 20 /* upper bounds in metrics.c, the last one +Inf */

struct metric_series {
	char *labels; /* `reporter="destination",…`; owned; the key */
	uint64_t requests;
	uint64_t durations[DURATION_BUCKETS], duration_us;
	uint64_t request_bytes, response_bytes;
	/* TCP: what Istio counts of connections */
	uint64_t tcp_opened, tcp_closed, tcp_received, tcp_sent;
};

struct metrics {
	struct map series;   /* labels -> struct metric_series */
	struct map clusters; /* metrics_cluster.h: name -> its counts */
	uint64_t handshake_failures;
	uint64_t delays_injected, aborts_injected; /* faults of routes */
	/* Of external authorizers; failed_open is part of failed. */
	uint64_t checks_allowed, checks_denied, checks_failed, checks_failed_open;
	uint64_t heap_allocations, tls_allocations; /* of the thread; only in copies */
};

void metrics_done(struct metrics *metrics);
void metrics_count_exchange(struct metrics *metrics, const struct exchange *exchange);
/* A TCP connection: at its beginning, with each piece of its bytes (cheap), at its end. */
void metrics_count_tcp_opened(struct metrics *metrics, struct exchange *exchange);
void metrics_count_tcp_bytes(struct exchange *exchange, uint64_t received, uint64_t sent);
void metrics_count_handshake_failure(struct metrics *metrics, const struct listener_plan *listener);

void metrics_copy(const struct metrics *metrics, struct metrics *out);
void metrics_add(struct metrics *sum, const struct metrics *part);
/* Prometheus text format 0.0.4. */
void metrics_write(const struct metrics *metrics, struct buffer *out);
