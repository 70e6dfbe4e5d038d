/* SPDX-License-Identifier: Apache-2.0 */
/* plan_upstreams.h — how the endpoints of a cluster are spoken to: with which identity and TLS, and
 * whom we expect there. */
#pragma once

#include "proxy/plan_traffic.h"

enum http_choice {                     /* which HTTP endpoints are spoken to in */
		   HTTP_AS_AGREED = 0, /* over TLS as ALPN says, else HTTP/1.1 */
		   HTTP_ONLY_1,
		   HTTP_ONLY_2,    /* plain: at once (RFC 9113 3.3) */
		   HTTP_AS_CLIENT, /* as the client of the request does */
};

struct reach {
	const struct local_workload *workload;
	struct tls_context *tls; /* for endpoints that get it; borrowed, or `owned` */
	struct tls_context *owned;
	const char *tls_key; /* tells contexts of different settings apart */
	bool always_tls, never_tls;
	bool leaves_mesh; /* the context is one of client_tls.h */
	enum http_choice http;
	unsigned proxy_version; /* PROXY protocol, said first; 0: none */
	const char *server_name;
	const char **server_ids;
	size_t server_id_count;
	const char *cluster_name;
	struct cluster_state *counters;
	struct connection_terms terms;
};

/* server_name: what is sent as SNI unless a rule says otherwise. */
struct reach plan_reach(struct plan_build *build, const struct local_workload *workload,
			const struct mesh_service *service, const struct mesh_service_port *port,
			const struct traffic *traffic, const struct cluster *cluster,
			const char *server_name);
/* To an application behind us: plain, no rules. */
struct reach plan_reach_plain(const struct plan_build *build, const struct local_workload *workload,
			      const struct cluster *cluster);
void plan_reach_done(struct reach *reach);

/* Auto mutual TLS: to who has a proxy, unless the workload over there takes plain text alone. */
bool plan_reach_wants_tls(struct plan_build *build, const struct reach *reach,
			  const struct service_endpoint *endpoint);
/* http: that of the reach, or for HTTP_AS_CLIENT one of the versions. */
struct upstream *plan_upstream(struct plan_build *build, const struct reach *reach,
			       const struct address *address, bool tls, enum http_choice http);

/* One that has no address until a request names it (dynamic.h). */
const struct upstream *plan_dynamic_upstream(struct plan_build *build, const struct reach *reach,
					     bool tls);
/* plan_clusters.c: one of no service. The same each time it is asked for. */
struct cluster *plan_named_cluster(struct plan_build *build, const struct local_workload *workload,
				   const char *name);

/* plan_health.c: its endpoints are checked; `from` NULL: they are not. */
void plan_health(struct plan_build *build, struct cluster *cluster, const struct reach *reach,
		 const struct upstream_health_check *from);

/* ---- plan_terms.c ---- */

struct connection_terms plan_terms(const struct plan_build *build,
				   const struct connection_pool_settings *pool);
enum http_choice plan_http_choice(const struct plan_build *build,
				  const struct connection_pool_settings *pool,
				  enum app_protocol protocol);
