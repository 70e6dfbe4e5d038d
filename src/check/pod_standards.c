/* SPDX-License-Identifier: Apache-2.0 */
#include "check/pod_standards.h"

#include "check/pod_security.h"

#include <errno.h>

#define PREFIX "pod-security.kubernetes.io/"

static void note_fault(struct error *fault, const char *label, struct text value)
{
	if (fault != NULL && fault->code == 0)
		error_set(fault, -EINVAL,
			  "label %s: '%.*s' is neither privileged, baseline nor restricted, nor a "
			  "version such as v1.32 or latest",
			  label, TEXT_ARGS(value));
}

struct mode_labels {
	const char *level, *version;
};

/* Returns whether the label of the level is there and right. */
static bool read_mode(struct pod_security *mode, const struct mode_labels *names, label_fn label,
		      const void *labels, struct error *fault)
{
	const struct text level = label(labels, names->level);
	const struct text version = label(labels, names->version);
	bool is_right = level.ptr != NULL;

	if (level.ptr != NULL && pod_security_parse_level(level, &mode->level) != 0) {
		is_right = false;
		note_fault(fault, names->level, level);
	}
	if (version.ptr != NULL && pod_security_parse_version(version, &mode->minor) != 0)
		note_fault(fault, names->version, version);
	return is_right;
}

struct pod_standards pod_standards_of(const struct pod_standards *defaults, label_fn label,
				      const void *labels, struct error *fault)
{
	static const struct mode_labels enforce = { PREFIX "enforce", PREFIX "enforce-version" };
	static const struct mode_labels audit = { PREFIX "audit", PREFIX "audit-version" };
	static const struct mode_labels warn = { PREFIX "warn", PREFIX "warn-version" };
	struct pod_standards result = *defaults;
	const bool has_enforce = read_mode(&result.enforce, &enforce, label, labels, fault);
	const bool has_audit = label(labels, audit.level).ptr != NULL;
	const bool has_warn = label(labels, warn.level).ptr != NULL;

	/* what cannot be read must not drown people in warnings: it opens where enforce closes */
	if (!read_mode(&result.audit, &audit, label, labels, fault) && has_audit)
		result.audit.level = POD_SECURITY_PRIVILEGED;
	if (!read_mode(&result.warn, &warn, label, labels, fault) && has_warn)
		result.warn.level = POD_SECURITY_PRIVILEGED;
	if (!has_warn && has_enforce && result.enforce.level > result.warn.level) {
		result.warn.level = result.enforce.level;
		if (label(labels, warn.version).ptr == NULL)
			result.warn.minor = result.enforce.minor;
	}
	return result;
}

struct text label_of_value(const void *labels, const char *name)
{
	const struct value *value = value_get(labels, name);

	return value != NULL && value->type == VALUE_SCALAR ? value->text : (struct text){ 0 };
}

struct text label_of_map(const void *labels, const char *name)
{
	return text_map_get(labels, text_of(name));
}
