/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/kinds.h"
#include "resource/kinds/runtime_policy.h"

static const struct word severity_words[] = {
	{ "INFO", CHECK_INFO, NULL },         { "LOW", CHECK_LOW, NULL },
	{ "MEDIUM", CHECK_MEDIUM, NULL },     { "HIGH", CHECK_HIGH, NULL },
	{ "CRITICAL", CHECK_CRITICAL, NULL }, { NULL, 0, NULL },
};

static const struct field setting_fields[] = {
	FIELD("id", FIELD_TEXT, struct check_setting, id, .flags = FIELD_REQUIRED),
	FIELD("enabled", FIELD_OPTIONAL_BOOL, struct check_setting, enabled),
	FIELD("severity", FIELD_ENUM, struct check_setting, severity, .words = severity_words),
};
static const struct schema setting_schema =
	SCHEMA("an item of checks", struct check_setting, setting_fields);

static const struct field exception_fields[] = {
	FIELD("check", FIELD_TEXT, struct check_exception, check, .flags = FIELD_REQUIRED),
	FIELD("path", FIELD_TEXT, struct check_exception, path),
	FIELD("reason", FIELD_TEXT, struct check_exception, reason, .flags = FIELD_REQUIRED),
	FIELD("expires", FIELD_TIME, struct check_exception, expires_ns, .flags = FIELD_REQUIRED),
};
static const struct schema exception_schema =
	SCHEMA("an exception", struct check_exception, exception_fields);

static const struct field spec_fields[] = {
	FIELD("failOn", FIELD_ENUM, struct check_policy, fail_on, .words = severity_words),
	FIELD("checks", FIELD_MESSAGE_LIST, struct check_policy, checks, .schema = &setting_schema),
	FIELD("exceptions", FIELD_MESSAGE_LIST, struct check_policy, exceptions,
	      .schema = &exception_schema),
	FIELD("trustedRegistries", FIELD_TEXT_LIST, struct check_policy, trusted_registries),
	FIELD("ignoredPaths", FIELD_TEXT_LIST, struct check_policy, ignored_paths),
};
static const struct schema spec_schema =
	SCHEMA("CheckPolicy", struct check_policy, spec_fields, .is_inline = true);
static const struct schema document =
	SPEC_DOCUMENT(struct check_policy, spec_schema, FIELD_REQUIRED);

const struct kind_info check_policy_kind = {
	.kind = KIND_CHECK_POLICY,
	.name = "CheckPolicy",
	.group = "mangrove.dev",
	.versions = version_1,
	.size = sizeof(struct check_policy),
	.is_namespaced = true,
	.document = &document,
};
