/* SPDX-License-Identifier: Apache-2.0 */
/* config_policy.c — CheckPolicy resources: checks on or off, severities, exceptions that end. */
#include "check/config_add.h"
#include "resource/resource.h"

#include "check/catalog.h"

#include <errno.h>

static enum finding_severity severity_of(enum check_severity severity)
{
	switch (severity) {
	case CHECK_CRITICAL:
	case CHECK_HIGH:
		return FINDING_ERROR;
	case CHECK_MEDIUM:
		return FINDING_WARNING;
	case CHECK_LOW:
		return FINDING_INFO;
	case CHECK_INFO:
		return FINDING_STYLE;
	default:
		return FINDING_OFF;
	}
}

static bool is_known(const char *selector)
{
	for (size_t i = 0; families[i] != NULL; i++)
		for (size_t j = 0; j < families[i]->count; j++)
			if (check_matches(&families[i]->checks[j], selector))
				return true;
	return false;
}

static int add_setting(struct check_config *config, const struct check_setting *setting,
		       struct error *err)
{
	const char *selector = arena_strndup(&config->arena, setting->id.ptr, setting->id.len);
	struct override override = { .selector = selector,
				     .severity = severity_of(setting->severity),
				     .reason = "turned off by the CheckPolicy" };

	if (!is_known(selector))
		return error_at(err, -EINVAL, setting->at,
				"there is no check '%s'; 'mangrove check --list' shows all",
				selector);
	if (setting->enabled.is_set && !setting->enabled.value)
		override.severity = FINDING_OFF;
	else if (override.severity == FINDING_OFF)
		return 0;
	config_add_override(config, override);
	return 0;
}

/* Past its day an exception no longer excuses. */
static int add_exception(struct check_config *config, const struct check_exception *exception,
			 int64_t now_ns, struct error *err)
{
	struct arena *arena = &config->arena;
	const char *selector = arena_strndup(arena, exception->check.ptr, exception->check.len);

	if (!is_known(selector))
		return error_at(err, -EINVAL, exception->at,
				"there is no check '%s'; 'mangrove check --list' shows all",
				selector);
	if (exception->expires_ns < now_ns)
		return 0;
	config_add_override(config,
			    (struct override){
				    .selector = selector,
				    .severity = FINDING_OFF,
				    .path = exception->path.len > 0 ? arena_printf(
						    arena, "%.*s*", TEXT_ARGS(exception->path))
								    : NULL,
				    .reason = arena_strndup(arena, exception->reason.ptr,
							    exception->reason.len),
			    });
	return 0;
}

static int add_policy(struct check_config *config, const struct check_policy *policy,
		      int64_t now_ns, struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < policy->checks.count && result == 0; i++)
		result = add_setting(config, &policy->checks.items[i], err);
	for (size_t i = 0; i < policy->exceptions.count && result == 0; i++)
		result = add_exception(config, &policy->exceptions.items[i], now_ns, err);
	for (size_t i = 0; i < policy->trusted_registries.count; i++)
		config_add_registry(config, policy->trusted_registries.items[i]);
	for (size_t i = 0; i < policy->ignored_paths.count; i++)
		config_add_override(
			config,
			(struct override){
				.selector = "*",
				.severity = FINDING_OFF,
				.path = arena_printf(&config->arena, "%.*s*",
						     TEXT_ARGS(policy->ignored_paths.items[i])),
				.reason = "the CheckPolicy ignores the path",
			});
	if (policy->fail_on != CHECK_SEVERITY_UNSET)
		config->fail_from = severity_of(policy->fail_on);
	return result;
}

int check_config_policy(struct check_config *config, const char *path, int64_t now_ns,
			struct error *err)
{
	const struct resource_options options = { .strict = true };
	AUTO_DIAGNOSTICS struct diagnostics diagnostics;
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	struct resource_list policies;
	int result;

	diagnostics_init(&diagnostics);
	result = resource_set_load(&path, 1, &options, &diagnostics, &set, err);
	if (result != 0)
		return result;
	policies = resource_set_list(set, KIND_CHECK_POLICY);
	if (policies.count == 0)
		return error_set(err, -EINVAL, "%s holds no CheckPolicy", path);
	for (size_t i = 0; i < policies.count && result == 0; i++)
		result = add_policy(config, check_policy_of(policies.items[i]), now_ns, err);
	return result;
}
