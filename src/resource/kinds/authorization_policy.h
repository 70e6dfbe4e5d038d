/* SPDX-License-Identifier: Apache-2.0 */
/* authorization_policy.h — security.istio.io AuthorizationPolicy: who may do what.
 * Source: istio/api security/v1beta1/authorization_policy.proto. */
#pragma once

#include "resource/kinds/common.h"

enum authorization_action {
	AUTHORIZATION_ALLOW = 0,
	AUTHORIZATION_DENY,
	AUTHORIZATION_AUDIT,
	AUTHORIZATION_CUSTOM,
};

struct authorization_source {
	struct source_pos at;
	struct text_list principals, not_principals;
	struct text_list request_principals, not_request_principals;
	struct text_list namespaces, not_namespaces;
	struct text_list service_accounts, not_service_accounts;
	struct text_list trust_domains, not_trust_domains;
	struct text_list ip_blocks, not_ip_blocks;
	struct text_list remote_ip_blocks, not_remote_ip_blocks;
};

struct authorization_operation {
	struct source_pos at;
	struct text_list hosts, not_hosts;
	struct text_list ports, not_ports;
	struct text_list methods, not_methods;
	struct text_list paths, not_paths;
};

struct authorization_from {
	struct source_pos at;
	const struct authorization_source *source;
};

struct authorization_to {
	struct source_pos at;
	const struct authorization_operation *operation;
};

struct authorization_condition {
	struct source_pos at;
	struct text key;
	struct text_list values, not_values;
};

struct authorization_rule {
	struct source_pos at;
	/* An absent list does not constrain; one that is present but empty is invalid. */
	LIST_OF(struct authorization_from) from;
	LIST_OF(struct authorization_to) to;
	LIST_OF(struct authorization_condition) when;
};

struct authorization_provider {
	struct source_pos at;
	struct text name;
};

struct authorization_policy {
	struct resource meta;
	const struct workload_selector *selector;
	const struct policy_target_reference *target_ref;
	LIST_OF(struct policy_target_reference) target_refs;
	enum authorization_action action;
	const struct authorization_provider *provider; /* of AUTHORIZATION_CUSTOM */
	LIST_OF(struct authorization_rule) rules;
};

static inline const struct authorization_policy *
authorization_policy_of(const struct resource *resource)
{
	return (const struct authorization_policy *)resource;
}
