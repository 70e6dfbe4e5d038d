/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/validate.h"

#include <stdarg.h>
#include <stdio.h>

#define TARGET_REFS_MAX 16

void problem_add(const struct problem_sink *sink, enum severity severity, struct source_pos at,
		 const char *fmt, ...)
{
	char text[sizeof(((struct error *)0)->text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	sink->report(sink->context, severity, at, text);
}

static void validate_selector(const struct problem_sink *sink,
			      const struct workload_selector *selector)
{
	const struct text_map *labels = &selector->match_labels;

	if (labels->count == 0)
		problem_add(sink, SEVERITY_WARNING, selector->at,
			    "this selector has no labels and selects every workload; leave it out, "
			    "or say which");
	for (size_t i = 0; i < labels->count; i++) {
		const struct text_pair *label = &labels->items[i];

		if (label->key.len == 0)
			problem_add(sink, SEVERITY_ERROR, label->at,
				    "a selector's label has an empty key");
		if (text_find_char(label->key, '*') != TEXT_NONE
		    || text_find_char(label->value, '*') != TEXT_NONE)
			problem_add(sink, SEVERITY_ERROR, label->at,
				    "'%.*s: %.*s': a selector knows no wildcards; labels are "
				    "compared exactly",
				    TEXT_ARGS(label->key), TEXT_ARGS(label->value));
	}
}

void scope_validate(const struct problem_sink *sink, const struct workload_selector *selector,
		    const struct policy_target_reference *target_ref,
		    const struct policy_target_reference *target_refs, size_t target_ref_count)
{
	if (selector != NULL)
		validate_selector(sink, selector);
	if ((selector != NULL) + (target_ref != NULL) + (target_ref_count > 0) > 1)
		problem_add(sink, SEVERITY_ERROR,
			    target_ref != NULL ? target_ref->at : target_refs[0].at,
			    "only one of 'selector', 'targetRef' and 'targetRefs' may be given");
	if (target_ref_count > TARGET_REFS_MAX)
		problem_add(sink, SEVERITY_ERROR, target_refs[TARGET_REFS_MAX].at,
			    "%zu targetRefs; at most %d are allowed", target_ref_count,
			    TARGET_REFS_MAX);
	for (size_t i = 0; i < target_ref_count; i++)
		if (target_refs[i].kind.len == 0 || target_refs[i].name.len == 0)
			problem_add(sink, SEVERITY_ERROR, target_refs[i].at,
				    "a targetRef needs 'kind' and 'name'");
}

void peer_authentication_validate(const struct peer_authentication *policy, problem_fn *report,
				  void *context)
{
	const struct problem_sink sink = { report, context };
	bool selects = policy->selector != NULL && policy->selector->match_labels.count > 0;

	scope_validate(&sink, policy->selector, NULL, NULL, 0);
	if (policy->port_level_mtls.items != NULL && policy->port_level_mtls.count == 0)
		problem_add(&sink, SEVERITY_ERROR, policy->meta.at,
			    "'portLevelMtls' is empty; name at least one port or leave it out");
	for (size_t i = 0; i < policy->port_level_mtls.count; i++) {
		const struct peer_authentication_port *port = &policy->port_level_mtls.items[i];

		if (!selects)
			problem_add(&sink, SEVERITY_ERROR, port->at,
				    "'portLevelMtls' needs a 'selector' with labels: ports belong "
				    "to workloads");
		if (port->port < 1 || port->port > UINT16_MAX)
			problem_add(&sink, SEVERITY_ERROR, port->at,
				    "'%.*s' is no port; ports are numbers from 1 to 65535",
				    TEXT_ARGS(port->key));
	}
}
