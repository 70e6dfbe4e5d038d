/* SPDX-License-Identifier: Apache-2.0 */
/* scope.c — which policies are for a workload: those of its namespace and of the root namespace
 * whose selector its labels satisfy; with targetRefs, only gateways of the Gateway API. */
#include "policy/compiled.h"

/* GatewayClass names all gateways of the mesh, from the root namespace; Gateway one beside the
 * policy. Services and ServiceEntries are reached through waypoints, which there are none of here.
 */
static bool target_names_gateway(const struct policy_target_reference *reference,
				 const struct policy *policy, const struct resource *meta,
				 const struct policy_target *target)
{
	if (text_is(reference->kind, "Gateway"))
		return text_equal(meta->namespace, target->namespace)
		       && text_equal(reference->name, target->gateway);
	return text_is(reference->kind, "GatewayClass")
	       && text_equal(meta->namespace, policy->root_namespace);
}

bool scope_selects(const struct policy *policy, const struct resource *meta,
		   const struct workload_selector *selector,
		   const struct policy_target_reference *target_refs, size_t target_ref_count,
		   const struct policy_target *target)
{
	static const struct text_map no_labels = { 0 };

	if (!text_equal(meta->namespace, target->namespace)
	    && !text_equal(meta->namespace, policy->root_namespace))
		return false;
	if (target_ref_count > 0) {
		for (size_t i = 0; i < target_ref_count; i++)
			if (target->gateway.ptr != NULL
			    && target_names_gateway(&target_refs[i], policy, meta, target))
				return true;
		return false;
	}
	return resource_selector_matches(selector,
					 target->labels != NULL ? target->labels : &no_labels);
}
