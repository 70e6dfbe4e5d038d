/* SPDX-License-Identifier: Apache-2.0 */
/* cluster.h — a destination as one workload sees it: its endpoints, how each is spoken to, and how
 * one is chosen.
 *
 * Part of a plan: it lies in the plan's arena and never changes. What does change (who is ejected,
 * whose turn it is, how many requests wait) is in cluster_state.h, which outlives plans.
 * Source: api:networking/v1alpha3/destination_rule.proto (facts 1.5). */
#pragma once

#include "net/net.h"
#include "proxy/registry.h"

struct balancer;
struct cluster_state;
struct health_settings;
struct host_state;
struct outlier_settings;
struct retry_budget;

#define UNLIMITED UINT32_MAX

/* What a connectionPool says about connections to an upstream. */
struct connection_terms {
	uint64_t connect_timeout_ns;
	uint64_t idle_ns;     /* then it is closed */
	uint64_t duration_ns; /* the longest it may be used; 0: for ever */
	uint32_t keepalive_s, keepalive_interval_s, keepalive_probes; /* of TCP; 0: not set */
	uint32_t requests_each, streams_each; /* a connection's, in all and at a time */
	/* of the cluster, in the whole process */
	uint32_t max_connections, max_waiting, max_requests, max_retries;
};

/* One address, spoken to in one way, by one identity. */
struct upstream {
	size_t index;    /* in plan.upstreams: a worker finds its pool by it */
	const char *key; /* equal keys in two plans mean that connections can be kept */
	struct address address;
	const char *address_text;
	struct tls_context *tls; /* NULL: plain */
	bool plain_http2;        /* HTTP/2 at once (RFC 9113 3.3); over TLS, ALPN decides */
	bool leaves_mesh;        /* over TLS: the server is verified by its name (client_tls.h) */
	struct text offers;      /* ALPN, instead of its context's; absent: as that has it */
	unsigned proxy_version;  /* PROXY protocol comes first; 0: none */
	const char *server_name; /* SNI; NULL: none */
	const char *const
		*server_ids; /* SPIFFE IDs the server may have; count 0: any of the mesh */
	size_t server_id_count;
	struct connection_terms terms;
	struct cluster_state *counters; /* the cluster's; borrowed */
};

struct cluster_endpoint {
	struct upstream *upstream;
	struct upstream *for_http2; /* for clients that speak it (useClientProtocol); else NULL */
	struct upstream *for_grpc;  /* for gRPC, where nothing is known of the port; else NULL */
	struct host_state *state;   /* a reference, released with the plan */
	uint32_t weight;
	uint32_t priority; /* 0: nearest; of a cluster that fails over between localities */
	struct text locality;
	const struct text_map *labels;
	struct text workload, namespace; /* for logs and metrics; may be absent */
};

struct ring_point {
	uint64_t hash;
	uint32_t endpoint;
};

/* Endpoints that are equally near: one is chosen among them. */
struct endpoint_group {
	const struct cluster_endpoint *endpoints; /* a part of the cluster's */
	size_t count;
	uint64_t total_weight;
	bool is_even;   /* all weights are the same */
	uint32_t share; /* of the cluster's requests, where a locality's are distributed */
	/* what the cluster's balancer prepared: indices of endpoints, in order or by slot */
	const uint32_t *turns;
	size_t turn_count;
	const struct ring_point *ring; /* by hash */
	size_t ring_count;
};

struct warm_up {              /* a new endpoint gets its share little by little */
	uint64_t duration_ns; /* 0: at once */
	double aggression;    /* 1: linear */
	double least;         /* of its weight, from the first moment; 0.1 is a tenth */
};

/* A destination as one workload sees it. */
struct cluster {
	const char *name; /* Istio's: "outbound|8080|v1|host", "inbound|8080||" */
	struct text service_name, service_namespace, service_host;
	enum app_protocol protocol;
	struct cluster_endpoint *endpoints;
	size_t endpoint_count;
	struct endpoint_group *groups; /* by priority, or with shares; never without endpoints */
	size_t group_count;
	bool has_shares; /* a group is drawn by share; else the first that is healthy */
	const struct balancer *balancer;
	const struct consistent_hash *hash; /* by what requests are told apart; NULL: not at all */
	struct warm_up warm_up;
	const struct outlier_settings *outliers; /* NULL: nobody is ejected */
	const struct health_settings *health;    /* NULL: nobody is asked how it is */
	const struct retry_budget *retry_budget; /* NULL: maxRetries counts */
	struct cluster_state *state;             /* a reference, released with the plan */
	uint64_t tcp_idle_ns, tcp_duration_ns;   /* of raw connections; 0: Istio's hour, for ever */
	/* Endpoints are what requests name (dynamic.h): how they are spoken to; NULL: no such. */
	const struct upstream *dynamic;
	uint16_t dynamic_port; /* 0: as the request says */
	bool is_passthrough;   /* of hosts nobody declared: where captured ones were going */
	bool is_black_hole;    /* nothing may be sent there: 502 */
	bool is_known;         /* false: a subset or service that nobody declared: 503 */
};
