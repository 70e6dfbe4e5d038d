/* SPDX-License-Identifier: Apache-2.0 */
/* kind.h — the kinds of resources this program types. */
#pragma once

enum resource_kind {
	KIND_NONE = 0,
	/* security.istio.io */
	KIND_PEER_AUTHENTICATION,
	KIND_REQUEST_AUTHENTICATION,
	KIND_AUTHORIZATION_POLICY,
	/* networking.istio.io */
	KIND_GATEWAY,
	KIND_VIRTUAL_SERVICE,
	KIND_DESTINATION_RULE,
	KIND_SERVICE_ENTRY,
	KIND_WORKLOAD_ENTRY,
	KIND_WORKLOAD_GROUP,
	KIND_SIDECAR,
	/* mesh.istio.io: ConfigMap `istio` of the root namespace, key `mesh`; at most one */
	KIND_MESH_CONFIG,
	/* Kubernetes */
	KIND_NAMESPACE,
	KIND_SERVICE,
	KIND_ENDPOINTS,
	KIND_ENDPOINT_SLICE,
	KIND_POD,
	KIND_SERVICE_ACCOUNT,
	KIND_CONFIG_MAP,
	KIND_SECRET,
	KIND_NETWORK_POLICY,
	/* mangrove.dev/v1 */
	KIND_WORKLOAD,
	KIND_ACCESS_POLICY,
	KIND_EDGE_POLICY,
	KIND_RUNTIME_POLICY,
	KIND_QUARANTINE,
	KIND_CHECK_POLICY,
	KIND_REVOCATION,
	/* kept as they are, for others to read */
	KIND_FALCO_RULES, /* a document that is a list of rules, macros and lists */
	KIND_UNTYPED, /* a kind we know of but that the mesh does not type: Deployment, Role, … */
	KIND_COUNT,
};
