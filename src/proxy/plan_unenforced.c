/* SPDX-License-Identifier: Apache-2.0 */
/* plan_unenforced.c — what a DestinationRule asks for and this version does not do yet: said once a
 * plan, with its line, so that nobody relies on it. */
#include "proxy/plan_parts.h"

static void warn_at(struct plan_build *build, const struct source_pos *at, const char *field)
{
	if (at != NULL)
		plan_warn(build, *at, "'%s' is read but not acted upon yet", field);
}

static void warn_policy(struct plan_build *build, const struct traffic_policy *policy)
{
	if (policy == NULL)
		return;
	warn_at(build, policy->tunnel != NULL ? &policy->tunnel->at : NULL, "tunnel");
}

void plan_warn_unenforced(struct plan_build *build)
{
	const struct resource_list rules =
		resource_set_list(build->plan->resources, KIND_DESTINATION_RULE);

	for (size_t i = 0; i < rules.count; i++) {
		const struct destination_rule *rule = destination_rule_of(rules.items[i]);

		warn_policy(build, rule->traffic_policy);
		for (size_t s = 0; s < rule->subsets.count; s++)
			warn_policy(build, rule->subsets.items[s].traffic_policy);
	}
}
