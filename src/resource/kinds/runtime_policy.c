/* SPDX-License-Identifier: Apache-2.0 */
/* runtime_policy.c — RuntimePolicy and Quarantine. */
#include "resource/kinds/runtime_policy.h"

#include "resource/kinds/kinds.h"

#define SCORE_RANGE   .min = 0, .max = 10
#define PERCENT_RANGE .min = 1, .max = 100

static const struct field thresholds_fields[] = {
	FIELD("confirmScore", FIELD_OPTIONAL_INT, struct runtime_thresholds, confirm_score,
	      SCORE_RANGE),
	FIELD("networkScore", FIELD_OPTIONAL_INT, struct runtime_thresholds, network_score,
	      SCORE_RANGE),
	FIELD("cpuPercent", FIELD_OPTIONAL_INT, struct runtime_thresholds, cpu_percent,
	      PERCENT_RANGE),
	FIELD("memoryPercent", FIELD_OPTIONAL_INT, struct runtime_thresholds, memory_percent,
	      PERCENT_RANGE),
	FIELD("repeats", FIELD_OPTIONAL_INT, struct runtime_thresholds, repeats, .min = 1,
	      .max = 1000000),
	FIELD("repeatsIn", FIELD_DURATION, struct runtime_thresholds, repeats_in),
};
static const struct schema thresholds_schema =
	SCHEMA("thresholds", struct runtime_thresholds, thresholds_fields);

static const struct word action_words[] = {
	{ "LOG", RUNTIME_LOG, NULL },
	{ "WATCH", RUNTIME_WATCH, NULL },
	{ "ALERT", RUNTIME_ALERT, NULL },
	{ "THROTTLE", RUNTIME_THROTTLE, NULL },
	{ "ISOLATE", RUNTIME_ISOLATE, NULL },
	{ "KILL", RUNTIME_KILL, NULL },
	{ NULL, 0, NULL },
};

static void read_actions(struct decoder *decoder, const struct value *value, void *message)
{
	struct runtime_response *response = message;

	(void)value;
	for (size_t i = 0; i < response->action_names.count; i++) {
		const struct word *word = action_words;

		while (word->name != NULL && !text_is(response->action_names.items[i], word->name))
			word++;
		if (word->name != NULL)
			response->actions |= 1u << word->value;
		else
			decode_error(decoder, response->action_names.at[i],
				     "'actions' cannot have '%.*s'; allowed: LOG, WATCH, ALERT, "
				     "THROTTLE, ISOLATE, KILL",
				     TEXT_ARGS(response->action_names.items[i]));
	}
}

static const struct field response_fields[] = {
	FIELD("score", FIELD_INT32, struct runtime_response, score, SCORE_RANGE,
	      .flags = FIELD_REQUIRED),
	FIELD("actions", FIELD_TEXT_LIST, struct runtime_response, action_names,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
};
static const struct schema response_schema =
	SCHEMA("a response", struct runtime_response, response_fields, .validate = read_actions);

static const struct field webhook_fields[] = {
	FIELD("url", FIELD_TEXT, struct runtime_webhook, url, .format = FORMAT_URL,
	      .flags = FIELD_REQUIRED),
	FIELD("tokenSecret", FIELD_TEXT, struct runtime_webhook, token_secret),
};
static const struct schema webhook_schema =
	SCHEMA("a webhook", struct runtime_webhook, webhook_fields);

static const struct field spec_fields[] = {
	FIELD("selector", FIELD_MESSAGE, struct runtime_policy, selector,
	      .schema = &workload_selector_schema),
	FIELD("ruleFiles", FIELD_TEXT_LIST, struct runtime_policy, rule_files,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("protectedPaths", FIELD_TEXT_LIST, struct runtime_policy, protected_paths,
	      .format = FORMAT_ABSOLUTE_PATH),
	FIELD("suspiciousProcesses", FIELD_TEXT_LIST, struct runtime_policy, suspicious_processes,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("suspiciousCalls", FIELD_TEXT_LIST, struct runtime_policy, suspicious_calls,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("enabledTags", FIELD_TEXT_LIST, struct runtime_policy, enabled_tags),
	FIELD("disabledRules", FIELD_TEXT_LIST, struct runtime_policy, disabled_rules),
	FIELD("thresholds", FIELD_MESSAGE, struct runtime_policy, thresholds,
	      .schema = &thresholds_schema),
	FIELD("responses", FIELD_MESSAGE_LIST, struct runtime_policy, responses,
	      .schema = &response_schema),
	FIELD("webhooks", FIELD_MESSAGE_LIST, struct runtime_policy, webhooks,
	      .schema = &webhook_schema),
	FIELD("dryRun", FIELD_BOOL, struct runtime_policy, dry_run),
};
static const struct schema spec_schema =
	SCHEMA("RuntimePolicy", struct runtime_policy, spec_fields, .is_inline = true);
static const struct schema document =
	SPEC_DOCUMENT(struct runtime_policy, spec_schema, FIELD_REQUIRED);

const struct kind_info runtime_policy_kind = {
	.kind = KIND_RUNTIME_POLICY,
	.name = "RuntimePolicy",
	.group = "mangrove.dev",
	.versions = version_1,
	.size = sizeof(struct runtime_policy),
	.is_namespaced = true,
	.document = &document,
};

static void check_quarantine(struct decoder *decoder, const struct value *value, void *message)
{
	const struct quarantine *quarantine = message;

	if (quarantine->workload.len == 0 && quarantine->container_id.len == 0)
		decode_error(decoder, value->at, "a Quarantine needs 'workload' or 'containerID'");
	if (quarantine->until_ns != 0 && quarantine->until_ns <= quarantine->since_ns)
		decode_error(decoder, decode_place(value, "until"), "'until' is not after 'since'");
}

static const struct field quarantine_fields[] = {
	FIELD("workload", FIELD_TEXT, struct quarantine, workload, .group = 1),
	FIELD("containerID", FIELD_TEXT, struct quarantine, container_id, .group = 1),
	FIELD("reason", FIELD_TEXT, struct quarantine, reason, .flags = FIELD_REQUIRED),
	FIELD("evidence", FIELD_TEXT_LIST, struct quarantine, evidence),
	FIELD("since", FIELD_TIME, struct quarantine, since_ns),
	FIELD("until", FIELD_TIME, struct quarantine, until_ns),
	FIELD("score", FIELD_INT32, struct quarantine, score, SCORE_RANGE),
};
static const struct schema quarantine_schema =
	SCHEMA("Quarantine", struct quarantine, quarantine_fields, .is_inline = true,
	       .validate = check_quarantine);
static const struct schema quarantine_document =
	SPEC_DOCUMENT(struct quarantine, quarantine_schema, FIELD_REQUIRED);

const struct kind_info quarantine_kind = {
	.kind = KIND_QUARANTINE,
	.name = "Quarantine",
	.group = "mangrove.dev",
	.versions = version_1,
	.size = sizeof(struct quarantine),
	.is_namespaced = true,
	.document = &quarantine_document,
};
