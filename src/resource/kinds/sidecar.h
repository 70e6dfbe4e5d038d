/* SPDX-License-Identifier: Apache-2.0 */
/* sidecar.h — networking.istio.io Sidecar: which port goes to which application, and what a
 * workload may call.  Source: istio/api networking/v1alpha3/sidecar.proto. */
#pragma once

#include "resource/kinds/destination_rule.h"
#include "resource/kinds/gateway.h"

enum capture_mode { CAPTURE_DEFAULT = 0, CAPTURE_IPTABLES, CAPTURE_NONE };

struct sidecar_ingress {
	struct source_pos at;
	const struct network_port *port;
	struct text bind;
	enum capture_mode capture_mode;
	struct text default_endpoint; /* "127.0.0.1:PORT", "0.0.0.0:PORT", "unix:///path"; absent:
					 same port */
	const struct server_tls *tls;
	const struct connection_pool_settings *connection_pool;
};

struct sidecar_egress {
	struct source_pos at;
	const struct network_port *port; /* NULL: for every port */
	struct text bind;
	enum capture_mode capture_mode;
	struct text_list hosts; /* "namespace/name" */
};

enum outbound_traffic_mode { OUTBOUND_REGISTRY_ONLY = 0, OUTBOUND_ALLOW_ANY };

struct sidecar_outbound_policy {
	struct source_pos at;
	enum outbound_traffic_mode mode;
	const struct value *egress_proxy;
};

struct sidecar {
	struct resource meta;
	const struct workload_selector *workload_selector;
	LIST_OF(struct sidecar_ingress) ingress;
	LIST_OF(struct sidecar_egress) egress;
	const struct sidecar_outbound_policy *outbound_traffic_policy;
	const struct connection_pool_settings *inbound_connection_pool;
};

static inline const struct sidecar *sidecar_of(const struct resource *resource)
{
	return (const struct sidecar *)resource;
}
