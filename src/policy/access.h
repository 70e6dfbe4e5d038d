/* SPDX-License-Identifier: Apache-2.0 */
/* access.h — AccessPolicy: rules in order of priority, the first that matches decides, none denies.
 *
 * Where both kinds select a workload, a request must pass both. Names of services are service
 * accounts or Workloads; a plain one is of the policy's namespace, "NS/NAME" of another. What only
 * HTTP has makes an ALLOW rule match nothing over TCP, and a DENY rule match more. */
#pragma once

#include "policy/decision.h"
#include "policy/facts.h"
#include "policy/pattern.h"
#include "resource/resource.h"

/* Who an identity is, beyond its SPIFFE ID: Workloads by "NAMESPACE/SERVICEACCOUNT". */
struct access_identity {
	struct text_list names, roles, permissions; /* of all its Workloads */
};

struct access_directory {
	struct map identities; /* "NS/SA" -> struct access_identity */
};

void access_directory_build(struct access_directory *directory, struct arena *arena,
			    const struct resource_set *set);
void access_directory_done(struct access_directory *directory);
/* NULL: no Workload has this identity. Allocates nothing. */
const struct access_identity *access_identity_of(const struct access_directory *directory,
						 struct text spiffe_id);

enum access_field {
	ACCESS_FIELD_NONE = 0,
	ACCESS_SOURCE_NAMESPACE,
	ACCESS_SOURCE_SERVICE,
	ACCESS_SOURCE_PRINCIPAL,
	ACCESS_SOURCE_ROLE,
	ACCESS_SOURCE_PERMISSION,
	ACCESS_TIME_HOUR,
	ACCESS_TIME_DAY,
	ACCESS_FINGERPRINT,
	ACCESS_METHOD,
	ACCESS_PATH,
	ACCESS_HOST,
	ACCESS_HEADER,
};

struct access_test { /* a condition */
	const struct access_condition *source;
	enum access_field field;
	struct text header; /* ACCESS_HEADER: its name, lower case */
	int64_t low, high;  /* ACCESS_BETWEEN */
};

struct access_request { /* an operation of a rule: any method of these at any path of these */
	struct text_list methods;
	struct pattern *paths;
	size_t path_count;
	struct text method; /* of "METHOD PATH"; absent: `methods` */
};

struct access_source {
	struct text namespace; /* absent: any */
	struct pattern name;
};

struct access_rule_compiled {
	struct rule_origin origin;
	const struct access_rule *source;
	const struct access_policy *policy;
	struct access_source *sources;
	size_t source_count;
	struct access_request *operations;
	size_t operation_count;
	struct access_test *tests;
	size_t test_count;
};

struct compiled_access {
	const struct access_policy *source;
	struct access_rule_compiled *rules;
	size_t rule_count;
};

/* The rules for one workload, highest priority first. */
struct access_stage {
	size_t policy_count;
	const struct access_rule_compiled **rules;
	size_t rule_count;
	const struct access_index *index;
};

struct access_outcome {
	enum verdict verdict;
	const struct rule_origin *by; /* NULL: no rule matched */
};

void access_compile(struct arena *arena, const struct access_policy *source,
		    struct compiled_access *out);
/* Whether a rule is for a service by these names, of this namespace. */
bool access_targets(const struct access_rule_compiled *rule, struct text namespace,
		    struct text name, struct text service_account);

/* What of a rule matches; `failed` (may be NULL) names the first part that does not. */
enum access_part {
	ACCESS_PART_NONE = 0,
	ACCESS_PART_SOURCE,
	ACCESS_PART_OPERATION,
	ACCESS_PART_CONDITION,
};
struct access_mismatch {
	enum access_part part;
	const struct access_test *test; /* of ACCESS_PART_CONDITION */
};
bool access_rule_matches(const struct access_rule_compiled *rule,
			 const struct access_directory *directory,
			 const struct request_facts *facts, struct access_mismatch *failed);
struct access_outcome access_decide(const struct access_stage *stage,
				    const struct access_directory *directory,
				    const struct request_facts *facts);

/* A condition's field by its name; `header` as it is written in brackets. */
enum access_field access_field_of(struct text name, struct text *header);

/* Every mistake in a policy, to `report`. */
typedef void problem_fn(void *context, enum severity severity, struct source_pos at,
			const char *text);
void access_validate(const struct access_policy *policy, problem_fn *report, void *context);
