/* SPDX-License-Identifier: Apache-2.0 */
/* access_policy.h — mangrove.dev AccessPolicy: rules in order of priority, highest first, the first
 * that matches decides; default deny.
 *
 *	spec:
 *	  operations:                        # names that rules may use
 *	  - name: create_session
 *	    methods: [POST]
 *	    paths: ["/session"]
 *	  rules:
 *	  - name: gateway-by-day
 *	    priority: 200
 *	    sources: [api-gateway]           # service names; "*" and "prefix*"
 *	    target: session-manager          # service name; absent or "*": every service
 *	    operations: [create_session, "GET /status"]     # absent: everything
 *	    conditions:
 *	    - { field: time.hour, operator: between, value: [6, 22] }
 *	    action: ALLOW
 *
 * Fields of conditions: source.namespace, source.service, source.principal, time.hour,
 * time.day_of_week (0 is Sunday), certificate.fingerprint, request.method, request.path,
 * request.host, request.headers[NAME]. */
#pragma once

#include "resource/kinds/common.h"

enum access_action {
	ACCESS_DENY = 0,
	ACCESS_ALLOW,
};

enum access_operator {
	ACCESS_OPERATOR_NONE = 0,
	ACCESS_EQUALS,
	ACCESS_NOT_EQUALS,
	ACCESS_CONTAINS,
	ACCESS_IN,
	ACCESS_BETWEEN, /* both ends count */
};

struct access_operation {
	struct source_pos at;
	struct text name;
	struct text_list methods; /* absent: all */
	struct text_list
		paths; /* absent: all; `prefix*`, `*suffix` and templates as Istio has them */
};

struct access_condition {
	struct source_pos at;
	struct text field;
	enum access_operator comparison;
	struct text_list values; /* `value`: a scalar is a list of one; numbers stay text */
};

struct access_rule {
	struct source_pos at;
	struct text name;
	int32_t priority; /* 0 where absent */
	struct text_list sources;
	struct text target;
	struct text_list operations; /* names, or "METHOD PATH" */
	LIST_OF(struct access_condition) conditions;
	enum access_action action;
};

struct access_policy {
	struct resource meta;
	const struct workload_selector
		*selector; /* workloads it guards; NULL: all of the namespace */
	bool dry_run;      /* evaluate and log, never deny */
	LIST_OF(struct access_operation) operations;
	LIST_OF(struct access_rule) rules;
};

static inline const struct access_policy *access_policy_of(const struct resource *resource)
{
	return (const struct access_policy *)resource;
}
