/* SPDX-License-Identifier: Apache-2.0 */
#include "check/pod_security.h"

#include "check/families.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const level_names[] = { [POD_SECURITY_PRIVILEGED] = "privileged",
					   [POD_SECURITY_BASELINE] = "baseline",
					   [POD_SECURITY_RESTRICTED] = "restricted" };

int pod_security_parse_level(struct text name, enum pod_security_level *out)
{
	*out = POD_SECURITY_RESTRICTED;
	for (size_t i = POD_SECURITY_PRIVILEGED; i < COUNT_OF(level_names); i++) {
		if (text_is(name, level_names[i])) {
			*out = (enum pod_security_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

int pod_security_parse_version(struct text version, unsigned *minor)
{
	uint64_t number;

	*minor = POD_SECURITY_LATEST;
	if (text_is(version, "latest"))
		return 0;
	if (!text_starts_with(version, TEXT("v1."))
	    || !text_parse_number(text_from(version, 3), POD_SECURITY_LATEST - 1, &number))
		return -EINVAL;
	*minor = (unsigned)number;
	return 0;
}

int pod_security_parse(const char *text, struct pod_security *out, struct error *err)
{
	struct text rest = text_of(text);
	const struct text level = text_split(&rest, ':');

	if (pod_security_parse_level(level, &out->level) != 0)
		return error_set(
			err, -EINVAL,
			"there is no level '%.*s'; privileged, baseline and restricted are",
			TEXT_ARGS(level));
	out->minor = POD_SECURITY_LATEST;
	if (rest.ptr != NULL && pod_security_parse_version(rest, &out->minor) != 0)
		return error_set(err, -EINVAL, "'%.*s' is no version; write latest or v1.32",
				 TEXT_ARGS(rest));
	return 0;
}

const char *pod_security_format(struct pod_security standard, char out[POD_SECURITY_TEXT_MAX])
{
	if (standard.minor == POD_SECURITY_LATEST)
		snprintf(out, POD_SECURITY_TEXT_MAX, "%s:latest", level_names[standard.level]);
	else
		snprintf(out, POD_SECURITY_TEXT_MAX, "%s:v1.%u", level_names[standard.level],
			 standard.minor);
	return out;
}

const struct pod_control *pod_control_of(const struct check *check)
{
	for (size_t i = 0; i < pod_control_count; i++)
		if (strcmp(pod_controls[i].id, check->id) == 0)
			return &pod_controls[i];
	return NULL;
}

static bool is_active(const struct pod_control *control, const struct judged_pod *pod,
		      enum pod_security_level level)
{
	return control->level <= level && control->since <= pod->minor;
}

/* A stricter control takes the place of the baseline one, where it is in force itself. */
static bool is_overridden(const struct pod_control *control, const struct judged_pod *pod,
			  enum pod_security_level level)
{
	for (size_t i = 0; i < pod_control_count; i++)
		if (pod_controls[i].overrides != NULL
		    && strcmp(pod_controls[i].overrides, control->id) == 0
		    && is_active(&pod_controls[i], pod, level))
			return true;
	return false;
}

static bool is_exempt(const struct pod_control *control, const struct judged_pod *pod)
{
	return pod->is_windows && control->windows_exempt_since != 0
	       && pod->minor >= control->windows_exempt_since;
}

static bool has_own_users(const struct value *spec)
{
	const struct value *host_users = value_get(spec, "hostUsers");
	bool value;

	return host_users != NULL && value_as_bool(host_users, &value) && !value;
}

/* Both tables have a row a control, in the same order. */
static const struct check *check_of(size_t control)
{
	const struct check *check = &pod_security_family.checks[control];

	assert(strcmp(check->id, pod_controls[control].id) == 0);
	return check;
}

void pod_judge(struct examination *exam, const struct manifest_object *object,
	       struct pod_security standard)
{
	const struct judged_pod pod = {
		.exam = exam,
		.object = object,
		.spec = object->pod_spec,
		.metadata = object->pod_metadata,
		.minor = standard.minor,
		.host_users = !has_own_users(object->pod_spec),
		.is_windows = text_is(manifest_text(object->pod_spec, "os.name"), "windows"),
	};

	for (size_t i = 0; i < pod_control_count; i++) {
		const struct pod_control *control = &pod_controls[i];

		if (!is_active(control, &pod, standard.level)
		    || is_overridden(control, &pod, standard.level) || is_exempt(control, &pod))
			continue;
		exam->check = check_of(i);
		if (exam_wants(exam, exam->check))
			control->judge(&pod);
	}
}

struct finding *pod_report(const struct judged_pod *pod, const struct value *at, const char *fmt,
			   ...)
{
	char message[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	return manifest_report(pod->exam, pod->object, at, "%s", message);
}
