/* SPDX-License-Identifier: Apache-2.0 */
/* policy_reference.h — authorization once more, slow and obvious: random policies and requests from
 * bytes, the policies as YAML, and a verdict by walking everything, sharing no code with
 * src/policy. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ref_field {
	REF_PRINCIPAL,
	REF_NAMESPACE,
	REF_IP,
	REF_HOST,
	REF_METHOD,
	REF_PATH,
	REF_PORT,
	REF_HEADER, /* x-a, in a condition */
	REF_FIELDS,
};

#define REF_LIST_MAX 12

struct ref_term {
	enum ref_field field;
	const char *values[REF_LIST_MAX], *not_values[REF_LIST_MAX];
	size_t value_count, not_value_count;
};

struct ref_clause {
	struct ref_term terms[4];
	size_t count;
};

struct ref_rule {
	struct ref_clause sources[2], operations[2], conditions;
	size_t source_count, operation_count;
};

enum ref_action { REF_ALLOW, REF_DENY, REF_AUDIT };

struct ref_policy {
	enum ref_action action;
	bool dry_run;
	const char *namespace, *app; /* app NULL: no selector */
	struct ref_rule rules[4];
	size_t rule_count;
};

struct ref_policies {
	struct ref_policy items[5];
	size_t count;
};

struct ref_request {
	const char *namespace, *app;
	const char *values[REF_FIELDS]; /* NULL: unknown */
	bool is_tcp;
};

struct ref_bytes {
	const uint8_t *data;
	size_t size;
};

void ref_make_policies(struct ref_bytes *bytes, struct ref_policies *out);
void ref_make_request(struct ref_bytes *bytes, struct ref_request *out);

struct buffer;
void ref_write(const struct ref_policies *policies, struct buffer *out);

struct ref_verdict {
	bool allowed, has_allow, some_allow_matches, some_deny_matches;
};
struct ref_verdict ref_judge(const struct ref_policies *policies,
			     const struct ref_request *request);
