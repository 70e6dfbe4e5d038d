/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/plan_traffic.h"

struct viewer { /* who looks for rules about what */
	const struct plan_build *build;
	const struct local_workload *workload;
	const struct mesh_service *service;
};

/* ---- which rules ---- */

static bool host_covers(struct text rule_host, const struct mesh_service *service,
			struct text namespace)
{
	if (rule_host.len > 0 && rule_host.ptr[0] == '*')
		return text_ends_with_nocase(service->host, text_from(rule_host, 1));
	if (text_equal_nocase(rule_host, service->host))
		return true;
	/* a short name is one of the rule's own namespace */
	return service->is_kubernetes && text_equal(service->namespace, namespace)
	       && text_equal_nocase(rule_host, service->name);
}

static bool selects(const struct destination_rule *rule, const struct local_workload *workload)
{
	if (rule->workload_selector == NULL)
		return true;
	return text_equal(rule->meta.namespace, workload->instance->namespace)
	       && resource_selector_matches(rule->workload_selector, workload->instance->labels);
}

static bool is_exported(const struct destination_rule *rule, struct text to)
{
	if (rule->export_to.count == 0 || text_list_has(&rule->export_to, TEXT("*")))
		return true;
	return text_list_has(&rule->export_to, to)
	       || (text_list_has(&rule->export_to, TEXT("."))
		   && text_equal(rule->meta.namespace, to));
}

static bool applies(const struct viewer *viewer, const struct destination_rule *rule,
		    struct text namespace)
{
	return text_equal(rule->meta.namespace, namespace)
	       && host_covers(rule->host, viewer->service, namespace)
	       && selects(rule, viewer->workload)
	       && is_exported(rule, viewer->workload->instance->namespace);
}

/* The most specific rule of one namespace: exact host, then the longest wildcard. */
static const struct destination_rule *rule_in(const struct viewer *viewer, struct text namespace)
{
	const struct resource_list rules =
		resource_set_list(viewer->build->plan->resources, KIND_DESTINATION_RULE);
	const struct destination_rule *best = NULL;

	for (size_t i = 0; i < rules.count; i++) {
		const struct destination_rule *rule = destination_rule_of(rules.items[i]);

		if (!applies(viewer, rule, namespace))
			continue;
		if (rule->host.ptr[0] != '*')
			return rule;
		if (best == NULL || rule->host.len > best->host.len)
			best = rule;
	}
	return best;
}

static const struct destination_rule *find_rule(const struct viewer *viewer)
{
	const struct text namespaces[] = {
		viewer->workload->instance->namespace,
		viewer->service->namespace,
		resource_set_root_namespace(viewer->build->plan->resources),
	};

	for (size_t i = 0; i < COUNT_OF(namespaces); i++) {
		const struct destination_rule *rule = rule_in(viewer, namespaces[i]);

		if (rule != NULL)
			return rule;
	}
	return NULL;
}

/* The same as `first`, as far as hosts go: exact ones may be written short or in full. */
static bool is_twin(const struct viewer *viewer, const struct destination_rule *first,
		    const struct destination_rule *other)
{
	const bool is_wildcard = first->host.ptr[0] == '*';

	return applies(viewer, other, first->meta.namespace)
	       && (is_wildcard ? text_equal_nocase(first->host, other->host)
			       : other->host.ptr[0] != '*');
}

/* ---- what they say together ---- */

struct merged {
	const struct traffic_policy *policy;
	const struct destination_subset *subset;
};

static struct merged merge(const struct viewer *viewer, const struct destination_rule *first,
			   struct text subset)
{
	const struct resource_list rules =
		resource_set_list(viewer->build->plan->resources, KIND_DESTINATION_RULE);
	struct merged merged = { 0 };

	for (size_t i = 0; first != NULL && i < rules.count; i++) {
		const struct destination_rule *rule = destination_rule_of(rules.items[i]);

		if (!is_twin(viewer, first, rule))
			continue;
		if (merged.policy == NULL)
			merged.policy = rule->traffic_policy;
		for (size_t s = 0; s < rule->subsets.count && merged.subset == NULL; s++)
			if (subset.len > 0 && text_equal(rule->subsets.items[s].name, subset))
				merged.subset = &rule->subsets.items[s];
	}
	return merged;
}

static struct traffic traffic_of(const struct traffic_policy *policy, uint32_t port)
{
	if (policy == NULL)
		return (struct traffic){ 0 };
	for (size_t i = 0; i < policy->port_level_settings.count; i++) {
		const struct port_traffic_policy *own = &policy->port_level_settings.items[i];

		if (own->port == port) /* replaces everything: what it omits is not inherited */
			return (struct traffic){ own->tls,
						 own->connection_pool,
						 own->load_balancer,
						 own->outlier_detection,
						 NULL,
						 own->health_check,
						 policy->proxy_protocol };
	}
	return (struct traffic){ policy->tls,           policy->connection_pool,
				 policy->load_balancer, policy->outlier_detection,
				 policy->retry_budget,  policy->health_check,
				 policy->proxy_protocol };
}

/* Whole blocks of a subset replace those of the rule. */
static struct traffic override(struct traffic base, struct traffic own)
{
	return (struct traffic){
		.tls = own.tls != NULL ? own.tls : base.tls,
		.pool = own.pool != NULL ? own.pool : base.pool,
		.balancer = own.balancer != NULL ? own.balancer : base.balancer,
		.outliers = own.outliers != NULL ? own.outliers : base.outliers,
		.retry_budget = own.retry_budget != NULL ? own.retry_budget : base.retry_budget,
		.health = own.health != NULL ? own.health : base.health,
		.proxy = own.proxy != NULL ? own.proxy : base.proxy,
	};
}

struct traffic_choice plan_traffic(const struct plan_build *build,
				   const struct local_workload *workload,
				   const struct mesh_service *service, uint32_t port,
				   struct text subset)
{
	const struct viewer viewer = { build, workload, service };
	const struct merged merged = merge(&viewer, find_rule(&viewer), subset);
	struct traffic_choice choice = { .traffic = traffic_of(merged.policy, port),
					 .subset = merged.subset,
					 .is_declared = subset.len == 0 || merged.subset != NULL };

	if (merged.subset != NULL)
		choice.traffic =
			override(choice.traffic, traffic_of(merged.subset->traffic_policy, port));
	return choice;
}
