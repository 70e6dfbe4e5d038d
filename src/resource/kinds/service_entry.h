/* SPDX-License-Identifier: Apache-2.0 */
/* service_entry.h — networking.istio.io ServiceEntry, WorkloadEntry, WorkloadGroup: services and
 * endpoints that are written down instead of discovered; on a plain host, all of them.
 * Source: istio/api networking/v1alpha3/{service_entry,workload_entry,workload_group}.proto. */
#pragma once

#include "resource/kinds/common.h"

struct named_port {
	struct source_pos at;
	struct text key; /* the name of the service's port */
	uint32_t port;
};

struct workload_endpoint { /* WorkloadEntry's spec; also inline in a ServiceEntry */
	struct source_pos at;
	struct text address; /* IP, "unix:///path", or a name with DNS resolution */
	LIST_OF(struct named_port) ports;
	struct text_map labels;
	struct text network, locality;
	uint32_t weight; /* 0: absent, counts as 1 */
	struct text service_account;
};

struct workload_entry {
	struct resource meta;
	struct workload_endpoint endpoint;
};

enum service_location { SERVICE_MESH_EXTERNAL = 0, SERVICE_MESH_INTERNAL };

enum service_resolution {
	RESOLUTION_NONE = 0,
	RESOLUTION_STATIC,
	RESOLUTION_DNS,
	RESOLUTION_DNS_ROUND_ROBIN,
	RESOLUTION_DYNAMIC_DNS,
};

struct service_entry {
	struct resource meta;
	struct text_list hosts, addresses;
	LIST_OF(struct network_port) ports;
	enum service_location location;
	enum service_resolution resolution;
	LIST_OF(struct workload_endpoint) endpoints;
	const struct workload_selector *workload_selector;
	struct text_list export_to, subject_alt_names;
};

struct workload_group_metadata {
	struct source_pos at;
	struct text_map labels, annotations;
};

struct workload_group {
	struct resource meta;
	const struct workload_group_metadata *metadata;
	const struct workload_endpoint *template;
	const struct value *probe;
};

static inline const struct service_entry *service_entry_of(const struct resource *resource)
{
	return (const struct service_entry *)resource;
}

static inline const struct workload_entry *workload_entry_of(const struct resource *resource)
{
	return (const struct workload_entry *)resource;
}

static inline const struct workload_group *workload_group_of(const struct resource *resource)
{
	return (const struct workload_group *)resource;
}
