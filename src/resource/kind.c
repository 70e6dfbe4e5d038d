/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/resource.h"

static const char *const names[KIND_COUNT] = {
	[KIND_NONE] = "none",
	[KIND_PEER_AUTHENTICATION] = "PeerAuthentication",
	[KIND_REQUEST_AUTHENTICATION] = "RequestAuthentication",
	[KIND_AUTHORIZATION_POLICY] = "AuthorizationPolicy",
	[KIND_GATEWAY] = "Gateway",
	[KIND_VIRTUAL_SERVICE] = "VirtualService",
	[KIND_DESTINATION_RULE] = "DestinationRule",
	[KIND_SERVICE_ENTRY] = "ServiceEntry",
	[KIND_WORKLOAD_ENTRY] = "WorkloadEntry",
	[KIND_WORKLOAD_GROUP] = "WorkloadGroup",
	[KIND_SIDECAR] = "Sidecar",
	[KIND_MESH_CONFIG] = "MeshConfig",
	[KIND_NAMESPACE] = "Namespace",
	[KIND_SERVICE] = "Service",
	[KIND_ENDPOINTS] = "Endpoints",
	[KIND_ENDPOINT_SLICE] = "EndpointSlice",
	[KIND_POD] = "Pod",
	[KIND_SERVICE_ACCOUNT] = "ServiceAccount",
	[KIND_CONFIG_MAP] = "ConfigMap",
	[KIND_SECRET] = "Secret",
	[KIND_NETWORK_POLICY] = "NetworkPolicy",
	[KIND_WORKLOAD] = "Workload",
	[KIND_ACCESS_POLICY] = "AccessPolicy",
	[KIND_EDGE_POLICY] = "EdgePolicy",
	[KIND_RUNTIME_POLICY] = "RuntimePolicy",
	[KIND_QUARANTINE] = "Quarantine",
	[KIND_CHECK_POLICY] = "CheckPolicy",
	[KIND_FALCO_RULES] = "Falco rules",
	[KIND_UNTYPED] = "untyped",
};

const char *resource_kind_name(enum resource_kind kind)
{
	return kind < KIND_COUNT ? names[kind] : "none";
}
