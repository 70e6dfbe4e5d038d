/* SPDX-License-Identifier: Apache-2.0 */
/* plan_parts.h — the steps of plan_build, for each other and for nobody else. */
#pragma once

#include "proxy/plan.h"
#include "proxy/retry.h"

struct plan_build {
	struct plan *plan;
	const struct plan_options *options;
	const struct mesh_config *mesh;
	struct diagnostics *diagnostics;
	struct tls_trust *trust; /* whom mesh peers must be; a reference */
};

void plan_warn(struct plan_build *build, struct source_pos at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int plan_fail(struct plan_build *build, struct error *err, struct source_pos at, const char *fmt,
	      ...) __attribute__((format(printf, 4, 5)));

/* plan_files.c: the plan depends on this file, whether it is there or not. */
void plan_read_file(struct plan_build *build, struct text path);

/* plan_workloads.c: fills plan->workloads, with identity, policy and TLS contexts. */
int plan_workloads(struct plan_build *build, struct error *err);

/* plan_clusters.c: the cluster of a destination as this workload sees it. host as written in a
 * VirtualService of `namespace`; port 0: the service's only one, else `listener_port`. Never NULL:
 * an unknown destination gives a cluster that is not known. */
struct cluster *plan_cluster(struct plan_build *build, const struct local_workload *workload,
			     struct text host, struct text namespace, uint32_t port,
			     struct text subset, uint32_t listener_port);
struct cluster *plan_service_cluster(struct plan_build *build,
				     const struct local_workload *workload,
				     const struct mesh_service *service,
				     const struct mesh_service_port *port, struct text subset);
void plan_cluster_release(struct cluster *cluster); /* with its plan */
/* The application behind an inbound listener. */
struct cluster *plan_application_cluster(struct plan_build *build,
					 const struct local_workload *workload, uint16_t port,
					 enum app_protocol protocol,
					 const struct address *application);

/* plan_authorizer.c: once the workload's policy and identity are known; NULL: none is named. */
const struct authorizer *plan_authorizer(struct plan_build *build,
					 const struct local_workload *workload);

/* plan_routes.c */
struct route_table *plan_inbound_routes(struct plan_build *build, struct cluster *application);
struct route_table *plan_outbound_routes(struct plan_build *build,
					 const struct local_workload *workload,
					 const struct sidecar_egress *egress);
/* plan_egress.c: what becomes of hosts that the table does not have. sidecar NULL: there is none.
 */
void plan_unknown_hosts(struct plan_build *build, const struct local_workload *workload,
			const struct sidecar *sidecar, struct route_table *table);
/* The same as a route. */
void plan_unknown_route(struct plan_build *build, const struct local_workload *workload,
			const struct sidecar *sidecar, struct route *out);
/* plan_gateway_routes.c: the routes of a gateway's server: VirtualServices bound to it, for the
 * hosts they share with it. Adds to `table`, so that plain HTTP servers of one port share one.
 * `wants_https`: its hosts, bound or not, are only redirected. */
void plan_gateway_routes(struct plan_build *build, const struct local_workload *workload,
			 const struct gateway *gateway, const struct gateway_server *server,
			 bool wants_https, struct route_table *table);
/* The VirtualService that speaks for a service of the mesh; NULL: none does. */
const struct virtual_service *plan_service_rules(const struct plan_build *build,
						 const struct local_workload *workload,
						 const struct mesh_service *service);
/* Does a Sidecar's egress listener let its workload see the service? */
bool plan_may_see(const struct sidecar_egress *egress, const struct local_workload *workload,
		  const struct mesh_service *service);
/* Is the VirtualService bound to the gateway ("ns/name"), with hosts that the server has too? */
bool plan_serves(const struct gateway *gateway, const struct gateway_server *server,
		 const struct virtual_service *rules, struct text name);
/* plan_tcp.c: where connections go whose bytes are passed on unread. */
const struct tcp_table *plan_inbound_tcp(struct plan_build *build,
					 const struct cluster *application);
const struct tcp_table *plan_outbound_tcp(struct plan_build *build,
					  const struct local_workload *workload,
					  const struct sidecar *sidecar,
					  const struct sidecar_egress *egress);
/* Of captured connections, whose destination is known. */
const struct tcp_table *plan_captured_tcp(struct plan_build *build,
					  const struct local_workload *workload,
					  const struct sidecar *sidecar,
					  const struct sidecar_egress *egress);
const struct tcp_table *plan_gateway_tcp(struct plan_build *build,
					 const struct local_workload *workload,
					 const struct gateway *gateway,
					 const struct gateway_server *server);
/* plan_route.c: one HTTP route of a VirtualService, as `workload` sees it; `gateway` is "ns/name",
 * or absent for the mesh. False where it does not apply there at all. */
bool plan_route(struct plan_build *build, const struct local_workload *workload,
		const struct virtual_service *service, const struct http_route *from,
		struct text gateway, uint32_t listener_port, struct route *out);

/* plan_retry.c: how often a request is tried. from NULL: the mesh's default, or Istio's. */
const struct retry_policy *plan_retry(struct plan_build *build, const struct http_retry *from);
const struct retry_policy *plan_inbound_retry(void);

uint32_t plan_chance(double per_cent); /* of CHANCE_CERTAIN */
const struct fault_policy *plan_fault(struct plan_build *build, const struct http_fault *from);
const struct cors_rules *plan_cors(struct plan_build *build, const struct cors_policy *from);

/* plan_unenforced.c: says what DestinationRules ask for in vain. */
void plan_warn_unenforced(struct plan_build *build);
/* plan_shadowed.c: says which routes of VirtualServices can never be reached. */
void plan_warn_shadowed(struct plan_build *build);

/* plan_tracing.c: fills plan->tracing. */
void plan_tracing(struct plan_build *build);
/* plan_capture.c: where the kernel brings the workload's connections. sidecar NULL: it has none. */
void plan_capture(struct plan_build *build, const struct local_workload *workload,
		  const struct sidecar *sidecar);
/* Says whose capture was asked for in vain. */
void plan_warn_uncaptured(struct plan_build *build);

/* plan_listeners.c: fills plan->listeners. */
int plan_listeners(struct plan_build *build, struct error *err);

enum listener_speech listener_speech_of(enum app_protocol protocol);

/* plan_gateways.c: the listeners of a gateway workload, added to plan->listeners. */
int plan_gateways(struct plan_build *build, const struct local_workload *workload,
		  struct error *err);
struct listener_plan *plan_add_listener(struct plan_build *build, const struct address *address,
					struct source_pos at);
