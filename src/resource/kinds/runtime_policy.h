/* SPDX-License-Identifier: Apache-2.0 */
/* runtime_policy.h — mangrove.dev RuntimePolicy, Quarantine and CheckPolicy: what is watched, what
 * follows, and what is checked before anything runs. */
#pragma once

#include "resource/kinds/common.h"

/* RuntimePolicy:
 *
 *	spec:
 *	  ruleFiles: [/etc/falco/falco_rules.yaml]
 *	  protectedPaths: [/etc/passwd, /app/certs]
 *	  suspiciousProcesses: [nc, ncat]
 *	  thresholds: { confirmScore: 7, cpuPercent: 90, memoryPercent: 90 }
 *	  responses:
 *	  - { score: 9, actions: [ISOLATE, KILL, ALERT] }
 *	  - { score: 5, actions: [WATCH] }
 *	  dryRun: false */
enum runtime_action {
	RUNTIME_LOG = 0,
	RUNTIME_WATCH,    /* record more of it */
	RUNTIME_ALERT,    /* tell the webhooks */
	RUNTIME_THROTTLE, /* less CPU and network */
	RUNTIME_ISOLATE,  /* a Quarantine: no network, no identity, no open connections */
	RUNTIME_KILL,
};

struct runtime_thresholds {
	struct source_pos at;
	struct optional_int confirm_score; /* 0 to 10: from here on there are responses */
	struct optional_int network_score, cpu_percent, memory_percent;
	struct optional_int repeats;         /* events of a kind … */
	struct optional_duration repeats_in; /* … within this time raise the score */
};

struct runtime_response {
	struct source_pos at;
	int32_t score; /* from this score on; the highest that fits answers */
	struct text_list action_names;
	uint32_t actions; /* 1 << enum runtime_action, or-ed */
};

struct runtime_webhook {
	struct source_pos at;
	struct text url;
	struct text token_secret; /* a Secret of this namespace, key `token` */
};

struct runtime_policy {
	struct resource meta;
	const struct workload_selector *selector;
	struct text_list rule_files, protected_paths, suspicious_processes, suspicious_calls;
	struct text_list enabled_tags, disabled_rules;
	const struct runtime_thresholds *thresholds;
	LIST_OF(struct runtime_response) responses;
	LIST_OF(struct runtime_webhook) webhooks;
	bool dry_run; /* say what would be done */
};

/* Quarantine:
 *
 *	spec:
 *	  workload: voice-terminal        # of this namespace; or containerID
 *	  reason: read /etc/shadow
 *	  since: 2026-11-21T09:30:00Z
 *	  until: 2026-11-21T10:30:00Z     # absent: until it is released */
struct quarantine {
	struct resource meta;
	struct text workload, container_id;
	struct text reason;
	struct text_list evidence;
	int64_t since_ns, until_ns; /* 0: absent */
	int32_t score;
};

/* CheckPolicy:
 *
 *	spec:
 *	  failOn: HIGH
 *	  checks: [{ id: DF-001, severity: LOW }, { id: NGX-004, enabled: false }]
 *	  exceptions:
 *	  - { check: DF-007, path: images/legacy, reason: replaced in May, expires:
 *2027-05-31T00:00:00Z } */
enum check_severity {
	CHECK_SEVERITY_UNSET = 0,
	CHECK_INFO,
	CHECK_LOW,
	CHECK_MEDIUM,
	CHECK_HIGH,
	CHECK_CRITICAL,
};

struct check_setting {
	struct source_pos at;
	struct text id; /* `*` at the end: all that start so */
	struct optional_bool enabled;
	enum check_severity severity;
};

struct check_exception {
	struct source_pos at;
	struct text check, path, reason;
	int64_t expires_ns;
};

struct check_policy {
	struct resource meta;
	enum check_severity fail_on;
	LIST_OF(struct check_setting) checks;
	LIST_OF(struct check_exception) exceptions;
	struct text_list trusted_registries, ignored_paths;
};

static inline const struct runtime_policy *runtime_policy_of(const struct resource *resource)
{
	return (const struct runtime_policy *)resource;
}

static inline const struct quarantine *quarantine_of(const struct resource *resource)
{
	return (const struct quarantine *)resource;
}

static inline const struct check_policy *check_policy_of(const struct resource *resource)
{
	return (const struct check_policy *)resource;
}
