/* SPDX-License-Identifier: Apache-2.0 */
/* kubernetes.h — the kinds of Kubernetes that a mesh reads. Parts nobody here enforces stay value
 * trees.  Source: kubernetes/api core/v1, discovery/v1, networking/v1. */
#pragma once

#include "resource/kinds/common.h"

struct namespace_resource {
	struct resource meta;
};

struct service_port {
	struct source_pos at;
	struct text name, protocol, app_protocol;
	uint32_t port;
	struct port_or_name target_port; /* neither: as port */
	uint32_t node_port;
};

struct service {
	struct resource meta;
	struct text_map selector;
	LIST_OF(struct service_port) ports;
	struct text cluster_ip; /* "None": headless */
	struct text_list cluster_ips, external_ips;
	struct text type, external_name;
	struct text session_affinity, internal_traffic_policy, external_traffic_policy;
	struct text traffic_distribution;
	bool publish_not_ready_addresses;
};

struct endpoint_address {
	struct source_pos at;
	struct text ip, hostname, node_name, target_name, target_namespace;
};

struct endpoint_port {
	struct source_pos at;
	struct text name, protocol, app_protocol;
	struct optional_int port;
};

struct endpoint_subset {
	struct source_pos at;
	LIST_OF(struct endpoint_address) addresses, not_ready_addresses;
	LIST_OF(struct endpoint_port) ports;
};

struct endpoints {
	struct resource meta;
	LIST_OF(struct endpoint_subset) subsets;
};

struct zone_hint {
	struct source_pos at;
	struct text name;
};

struct endpoint {
	struct source_pos at;
	struct text_list addresses;
	struct optional_bool ready, serving, terminating;
	struct text hostname, node_name, zone;
	struct text target_name, target_namespace; /* the Pod */
	LIST_OF(struct zone_hint) zone_hints;
};

enum endpoint_address_type {
	ENDPOINT_ADDRESS_IPV4 = 1,
	ENDPOINT_ADDRESS_IPV6,
	ENDPOINT_ADDRESS_FQDN,
};

struct endpoint_slice { /* its service: label kubernetes.io/service-name */
	struct resource meta;
	enum endpoint_address_type address_type;
	LIST_OF(struct endpoint) endpoints;
	LIST_OF(struct endpoint_port) ports;
};

struct container_port {
	struct source_pos at;
	struct text name, protocol, host_ip;
	uint32_t container_port, host_port;
};

struct pod_container {
	struct source_pos at;
	struct text name, image;
	LIST_OF(struct container_port) ports;
	const struct value *rest; /* the whole container */
};

struct pod_ip {
	struct source_pos at;
	struct text ip;
};

struct pod {
	struct resource meta;
	struct text service_account_name; /* "default" where absent */
	struct text node_name, hostname, subdomain;
	bool host_network;
	LIST_OF(struct pod_container) containers, init_containers;
	struct text phase, pod_ip, host_ip; /* status */
	LIST_OF(struct pod_ip) pod_ips;
	bool is_ready;
	const struct value *spec; /* the whole of it */
};

struct service_account {
	struct resource meta;
	struct optional_bool automount_token;
};

struct config_map {
	struct resource meta;
	struct text_map data;
	struct optional_bool immutable;
};

/* Bytes that must never appear in an error, a log or an answer. */
struct secret_item {
	struct source_pos at;
	struct text key;
	struct text bytes; /* decoded; may hold NULs */
};

struct secret {
	struct resource meta;
	struct text type;
	LIST_OF(struct secret_item) data, string_data; /* ask secret_get: the latter wins */
	struct optional_bool immutable;
};

struct text secret_get(const struct secret *secret, const char *key); /* absent if missing */

enum label_operator { LABEL_IN = 1, LABEL_NOT_IN, LABEL_EXISTS, LABEL_DOES_NOT_EXIST };

struct label_expression {
	struct source_pos at;
	struct text key;
	enum label_operator operator;
	struct text_list values;
};

struct label_selector {
	struct source_pos at;
	struct text_map match_labels;
	LIST_OF(struct label_expression) match_expressions;
};

bool label_selector_matches(const struct label_selector *selector, const struct text_map *labels);

enum network_protocol { NETWORK_TCP = 0, NETWORK_UDP, NETWORK_SCTP };

struct network_policy_port {
	struct source_pos at;
	enum network_protocol protocol;
	struct port_or_name port;
	uint32_t end_port;
};

struct ip_block {
	struct source_pos at;
	struct text cidr;
	struct text_list except;
};

struct network_policy_peer {
	struct source_pos at;
	const struct label_selector *pod_selector, *namespace_selector;
	const struct ip_block *ip_block;
};

struct network_policy_rule {
	struct source_pos at;
	LIST_OF(struct network_policy_peer) peers; /* from or to; none: everyone */
	LIST_OF(struct network_policy_port) ports; /* none: all */
};

struct network_policy {
	struct resource meta;
	const struct label_selector *pod_selector;
	struct text_list policy_types;
	bool isolates_ingress, isolates_egress; /* policyTypes, or their default */
	LIST_OF(struct network_policy_rule) ingress, egress;
};

static inline const struct service *service_of(const struct resource *resource)
{
	return (const struct service *)resource;
}

static inline const struct endpoints *endpoints_of(const struct resource *resource)
{
	return (const struct endpoints *)resource;
}

static inline const struct endpoint_slice *endpoint_slice_of(const struct resource *resource)
{
	return (const struct endpoint_slice *)resource;
}

static inline const struct pod *pod_of(const struct resource *resource)
{
	return (const struct pod *)resource;
}

static inline const struct service_account *service_account_of(const struct resource *resource)
{
	return (const struct service_account *)resource;
}

static inline const struct config_map *config_map_of(const struct resource *resource)
{
	return (const struct config_map *)resource;
}

static inline const struct secret *secret_of(const struct resource *resource)
{
	return (const struct secret *)resource;
}

static inline const struct network_policy *network_policy_of(const struct resource *resource)
{
	return (const struct network_policy *)resource;
}
