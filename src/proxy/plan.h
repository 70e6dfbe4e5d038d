/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h — what the proxy is to do, worked out once from resources and identities.
 *
 *	resources, identities -> registry.c  which services there are, and where
 *	                      -> plan_workloads.c  whom this proxy stands for
 *	                      -> plan_clusters.c   how each destination is reached
 *	                      -> plan_routes.c     which request goes where
 *	                      -> plan_listeners.c  what is listened on
 *
 * A plan never changes once built; workers share it by reference and a reload swaps the whole. All
 *of it lies in one arena and borrows from the resource set and identity set that it holds
 *references of. */
#pragma once

#include "identity/identity.h"
#include "net/net.h"
#include "policy/policy.h"
#include "proxy/cluster.h"
#include "proxy/mesh_tls.h"
#include "proxy/registry.h"
#include "proxy/route.h"
#include "proxy/tcp_route.h"
#include "resource/resource.h"

#include <stdatomic.h>

struct authorizer;
struct capture;
struct captured_workload;

enum listener_role { LISTENER_INBOUND = 0, LISTENER_OUTBOUND, LISTENER_GATEWAY };
const char *listener_role_name(enum listener_role role);

/* Whom this proxy stands for. */
struct local_workload {
	const struct workload_instance *instance;
	const char *spiffe_id;
	struct svid *svid; /* borrowed from the identity set; NULL: not there (yet) */
	struct workload_policy *policy;
	struct tls_context *client_tls; /* towards the mesh; NULL without an identity */
	struct tls_context *server_tls[MESH_SERVER_KINDS];
	const struct authorizer *authorizer; /* that CUSTOM policies name; NULL: none */
	bool is_gateway;
};

enum listener_speech { SPEECH_HTTP = 0, SPEECH_TCP, SPEECH_UNKNOWN };

/* One set of host names behind one certificate (a server of a Gateway), or all of an ordinary
 * listener. */
struct client_demand {  /* what a gateway's server wants of clients' certificates */
	uint64_t terms; /* what they are checked by; 0: by nothing */
	bool is_required, is_mesh;
};

struct listener_server {
	struct text_list hosts;  /* gateways over TLS: who is served by this certificate (SNI) */
	struct tls_context *tls; /* NULL: plain, or the workload's */
	enum listener_speech speech;
	struct route_table *routes;  /* HTTP */
	const struct tcp_table *tcp; /* TCP */
	struct client_demand demand; /* gateways over TLS */
	bool is_passthrough;         /* TLS that is not ours to open */
};

struct listener_plan {
	const char *key; /* the address as text: what a running listener is known by */
	struct address address;
	enum listener_role role;
	struct source_pos at; /* the resource that wants it */
	const struct local_workload *workload;
	uint16_t port; /* the workload's: what policies mean by a port */
	enum mtls_mode mtls;
	struct tls_context *tls; /* NULL: plain only */
	const struct capture
		*capture; /* the kernel brings what comes here; NULL: who will may come */
	/* How a connection begins (downstream_open.c) */
	bool wants_proxy_header; /* PROXY protocol comes first */
	bool tells_tls;          /* the first byte tells TLS from plain bytes */
	bool takes_plain;        /* of tells_tls: plain bytes are welcome */
	bool reads_hello; /* of tells_tls: what the ClientHello asks for decides whose TLS it is */
	bool by_name;     /* servers are told apart by SNI */
	uint64_t detection_ns; /* who has said nothing for so long is waited for no longer; 0: is */
	struct listener_server *servers;
	size_t server_count;
};

struct health_check;
struct plan_file;

/* What a gateway does with x-forwarded-client-cert; a sidecar appends. */
enum client_cert_details {
	CLIENT_CERT_SANITIZE = 0,        /* removed */
	CLIENT_CERT_SANITIZE_SET,        /* what is proven replaces what came; the default */
	CLIENT_CERT_APPEND_FORWARD,      /* what is proven is added */
	CLIENT_CERT_FORWARD_ONLY,        /* what came is passed on, if a certificate was shown */
	CLIENT_CERT_ALWAYS_FORWARD_ONLY, /* what came is passed on */
};

struct plan {
	atomic_int references;
	uint64_t generation; /* of the resources */
	struct arena arena;
	struct resource_set *resources;
	struct identity_set *identities;
	struct policy *policy;
	struct registry registry;
	struct workload_instances instances;
	const char *trust_domain;
	enum path_mode path_mode;
	/* MeshConfig's gatewayTopology */
	unsigned trusted_proxies;
	enum client_cert_details client_cert_details;
	const struct trace_plan *tracing;    /* NULL: no spans are made */
	const struct log_format *log_format; /* NULL: access_log_line.c's own */
	struct local_workload *workloads;
	size_t workload_count;
	struct upstream **upstreams;
	size_t upstream_count, upstream_capacity;
	struct map upstream_by_key;
	struct map client_contexts; /* client_tls.c: key -> struct tls_context, a reference */
	struct health_check *health_checks; /* the first */
	struct plan_file *files;            /* that it was made from, beside the resources */
	struct map clusters;                /* "SPIFFE ID|name" -> struct cluster */
	struct listener_plan *listeners;
	size_t listener_count, listener_capacity;
	struct regex **regexes; /* that routes use; owned */
	size_t regex_count, regex_capacity;
	size_t waiting_for_names;    /* that were asked for and not answered yet */
	size_t waiting_for_identity; /* workloads whose listeners are missing for want of an SVID */
};

struct plan_options {
	/* "NAMESPACE/NAME" of the workloads to stand for; count 0: all whose address is this
	 * machine's */
	const char *const *workloads;
	size_t workload_count;
	struct resolver *resolver;                /* of names; NULL: they have no addresses */
	const struct captured_workload *captured; /* borrowed, for as long as plans live */
	size_t captured_count;
	/* the plan in force, whose state of clusters goes on; NULL: none */
	const struct plan *before;
};

/* Takes references of its own. identities may be NULL: only plain listeners then. Warnings go to
 * diagnostics; -EINVAL where the resources make no usable plan. */
int plan_build(const struct plan_options *options, struct resource_set *resources,
	       struct identity_set *identities, struct diagnostics *diagnostics, struct plan **out,
	       struct error *err);
struct plan *plan_ref(struct plan *plan);
void plan_unref(struct plan *plan);
DEFINE_AUTO(struct plan, plan_unref)
