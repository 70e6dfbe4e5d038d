/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.h — one table row for each kind that is typed, defined beside its schema. Inside the room.
 */
#pragma once

#include "resource/kind.h"
#include "resource/schema.h"

struct kind_info {
	enum resource_kind kind;
	const char *name;
	const char *group;           /* "" for core */
	const char *const *versions; /* ends with NULL */
	size_t size;
	bool is_namespaced;
	bool is_secret; /* its lines are never quoted */
	const struct schema *document;
};

extern const struct kind_info *const kind_infos[]; /* ends with NULL */

/* What kubectl and istioctl know of, but nobody here reads. */
bool kind_is_known_elsewhere(struct text group, struct text name);
/* The nearest name of any kind we know, or NULL. */
const char *kind_closest(struct text name);

/* What every document has beside its own fields. */
#define DOCUMENT_FIELDS                                                                            \
	FIELD_NAMED("apiVersion"), FIELD_NAMED("kind"), FIELD_NAMED("metadata"),                   \
		FIELD_NAMED("status")
/* The document of a kind whose fields lie in `spec`; `presence` is FIELD_REQUIRED or 0. */
#define SPEC_DOCUMENT(owner, spec, presence)                                                       \
	{                                                                                          \
		.name = "the document", .size = sizeof(owner), .is_inline = true,                  \
		.fields = (const struct field[]){ DOCUMENT_FIELDS,                                 \
						  FIELD("spec", FIELD_INLINE, owner, meta,         \
							.schema = &(spec), .flags = (presence)) }, \
		.field_count = 5                                                                   \
	}

extern const char *const istio_security_versions[];   /* v1, v1beta1 */
extern const char *const istio_networking_versions[]; /* v1, v1beta1, v1alpha3 */
extern const char *const version_1[];                 /* v1 */

extern const struct kind_info peer_authentication_kind, request_authentication_kind,
	authorization_policy_kind;
extern const struct kind_info gateway_kind, virtual_service_kind, destination_rule_kind,
	service_entry_kind, workload_entry_kind, workload_group_kind, sidecar_kind;
extern const struct kind_info namespace_kind, service_kind, endpoints_kind, endpoint_slice_kind,
	pod_kind, service_account_kind, config_map_kind, secret_kind, network_policy_kind;
extern const struct kind_info workload_kind, access_policy_kind, edge_policy_kind,
	runtime_policy_kind, quarantine_kind, check_policy_kind, revocation_kind;

/* Messages that several kinds share (common.c). */
extern const struct schema workload_selector_schema; /* { matchLabels } */
extern const struct schema labels_selector_schema;   /* { labels }, networking's spelling */
extern const struct schema policy_target_reference_schema;
extern const struct schema string_match_schema;
extern const struct schema network_port_schema;
extern const struct schema port_number_schema; /* { number } into a uint32_t */
extern const struct schema percentage_schema;  /* { value } into a struct optional_double */
extern const struct word tls_version_words[];

extern const struct schema server_tls_schema;               /* gateway.c */
extern const struct schema workload_endpoint_schema;        /* workload_entry.c */
extern const struct schema connection_pool_settings_schema; /* traffic_policy.c */
extern const struct schema tcp_keepalive_schema;            /* traffic_policy.c */
extern const struct schema upstream_health_check_schema;    /* health_check.c */
extern const struct schema traffic_policy_schema;           /* traffic_policy.c */
extern const struct schema locality_lb_setting_schema;      /* load_balancer.c */
extern const struct schema load_balancer_schema;            /* load_balancer.c */
extern const struct schema virtual_destination_schema;      /* virtual_service.c */
extern const struct schema http_route_schema;               /* http_route.c */
extern const struct schema http_match_request_schema;       /* http_match.c */
extern const struct schema http_retry_schema;               /* http_action.c */
extern const struct schema http_redirect_schema, http_direct_response_schema, http_rewrite_schema,
	http_fault_schema, cors_policy_schema;        /* http_action.c */
extern const struct schema mesh_config_schema;        /* mesh_config.c */
extern const struct schema extension_provider_schema; /* extension_provider.c */
extern const struct schema proxy_config_schema;       /* proxy_config.c */

/* Any case; as Istio names them. */
bool protocol_is_known(struct text protocol);
