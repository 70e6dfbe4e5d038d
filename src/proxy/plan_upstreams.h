/* SPDX-License-Identifier: Apache-2.0 */
/* plan_upstreams.h — how the endpoints of a cluster are spoken to: with which identity and TLS, and
 * whom we expect there. */
#pragma once

#include "proxy/plan_traffic.h"

struct reach {
	const struct local_workload *workload;
	struct tls_context *tls; /* for endpoints with mutual TLS; borrowed */
	const char *tls_key;     /* tells contexts of different settings apart */
	bool always_mtls, never_mtls;
	bool is_http2; /* what plain endpoints speak */
	const char *server_name;
	const char **server_ids;
	size_t server_id_count;
	uint64_t connect_timeout_ns;
};

/* name: what is sent as SNI unless a rule says otherwise. */
struct reach plan_reach(struct plan_build *build, const struct local_workload *workload,
			const struct mesh_service *service, const struct mesh_service_port *port,
			const struct traffic *traffic, const char *name);
/* To an application behind us: plain, no rules. */
struct reach plan_reach_plain(const struct local_workload *workload);
void plan_reach_done(struct reach *reach);

/* Auto mutual TLS: to who has a proxy, unless the workload over there takes plain text alone. */
bool plan_reach_wants_tls(struct plan_build *build, const struct reach *reach,
			  const struct service_endpoint *endpoint);
struct upstream *plan_upstream(struct plan_build *build, const struct reach *reach,
			       const struct address *address, bool mtls);
