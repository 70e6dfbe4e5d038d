/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h — the services of the mesh and where they are, whatever kind of resource says so.
 *
 * A service comes from a Kubernetes Service (its endpoints from Pods, WorkloadEntries and Workloads
 * by selector, or from Endpoints and EndpointSlices) or from a ServiceEntry (inline endpoints, or
 * by workloadSelector). Each gets host names, ports and, per port, endpoints. Semantics: facts of
 * istio:pilot/pkg/serviceregistry; api:networking/v1alpha3/service_entry.proto. */
#pragma once

#include "net/net.h"
#include "resource/resource.h"

enum app_protocol { /* what is spoken on a port */
		    PROTOCOL_HTTP = 0,
		    PROTOCOL_HTTP2, /* http2, grpc */
		    PROTOCOL_HTTPS,
		    PROTOCOL_TLS,
		    PROTOCOL_TCP,
		    PROTOCOL_UNKNOWN, /* to be told by the first bytes */
};

struct service_endpoint {
	struct address address; /* with the port that belongs to the service's port */
	struct text name;       /* of a host, whose addresses are to be looked up; else absent */
	uint16_t port;          /* with the name */
	const struct text_map *labels;
	struct text namespace, workload, service_account;
	struct text locality; /* "region/zone/subzone"; may be absent or shorter */
	uint32_t weight;
	bool speaks_mtls; /* a proxy of the mesh is in front of it */
};

struct mesh_service_port {
	uint32_t number;
	struct text name;
	enum app_protocol protocol;
	struct service_endpoint *endpoints;
	size_t endpoint_count;
};

struct mesh_service {
	struct source_pos at;
	struct text name, namespace;
	struct text host;   /* the full name: "web.shop.svc.cluster.local" or the entry's host */
	bool is_kubernetes; /* has the short names too */
	bool is_external;   /* MESH_EXTERNAL: never mutual TLS by itself */
	enum service_resolution resolution;
	const struct text_list *subject_alt_names; /* NULL: those of the endpoints */
	struct text *addresses; /* its own: cluster IPs, VIPs or blocks of them */
	size_t address_count;
	struct mesh_service_port *ports;
	size_t port_count;
};

struct registry { /* everything lies in the arena and borrows from the resource set */
	struct mesh_service *services;
	size_t count;
	struct map by_host; /* full host -> struct mesh_service; wildcards as they are written */
};

/* What this machine runs itself, whatever kind says so: WorkloadEntry, Workload or Pod. */
struct workload_instance {
	struct source_pos at;
	struct text name, namespace, service_account;
	const struct text_map *labels;
	struct text locality; /* "region/zone/subzone"; may be absent or shorter */
	struct text address;  /* "" for a Workload without one: this host, as an application */
	const struct named_port *ports;
	size_t port_count;
	bool speaks_mtls;
	bool is_ready;
	uint32_t weight;
};

struct workload_instances {
	struct workload_instance *items;
	size_t count;
};

void registry_instances(const struct resource_set *set, struct arena *arena,
			struct workload_instances *out);
void registry_build(const struct resource_set *set, const struct workload_instances *instances,
		    struct arena *arena, struct registry *out);
void registry_done(struct registry *registry); /* the map; the arena has the rest */

/* The service a workload of `namespace` means by `host` (lower case, no port): as Kubernetes'
 * search path resolves short names; then exact hosts, then the longest wildcard. NULL: none. */
const struct mesh_service *registry_find(const struct registry *registry, struct text host,
					 struct text namespace);
/* port 0: the only one it has. NULL: none such. */
const struct mesh_service_port *mesh_service_port(const struct mesh_service *service,
						  uint32_t port);

/* Istio's rules: appProtocol, else what is written, else the port name's prefix, else the port's
 * number where servers are known to speak first on it (facts 1.7). */
enum app_protocol app_protocol_of(struct text app_protocol, struct text port_name,
				  struct text written_protocol, uint32_t number);
