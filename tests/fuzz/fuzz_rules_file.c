/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a rule file says, it is loaded or refused with a reason; what was loaded prints as
 * conditions that parse, and can be evaluated. */
#include "rules/rules.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void get_text(const struct rule_event *event, const struct field_use *use,
		     struct field_value *out)
{
	(void)event;
	if (field_of(use->id)->type == FIELD_TEXT)
		*out = field_value_text(TEXT("/etc/shadow"));
}

static void evaluate_all_types(struct ruleset *set)
{
	AUTO(rules_evaluator_free) struct rules_evaluator *evaluator = rules_evaluator_new(set);
	const struct alert_options options = { 0 };
	AUTO_BUFFER struct buffer out = { 0 };

	for (unsigned type = 0; type < event_type_count(); type += 7) {
		const struct rule_event event = { .type = type, .get = get_text };
		size_t count;
		const struct rule *const *rules = rules_evaluate(evaluator, &event, &count);

		if (count > 0 && type != EVENT_TYPE_UNKNOWN && !ruleset_wants_type(set, type))
			abort();
		for (size_t i = 0; i < count; i++)
			alert_json(evaluator, rules[i], &options, &out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rule_file file = { .name = "fuzz", .text = { (const char *)data, size } };
	AUTO(ruleset_unref) struct ruleset *set = NULL;
	AUTO_BUFFER struct buffer text = { 0 };
	struct rules_report report;
	const int result = ruleset_load(&file, 1, NULL, &set, &report);

	if ((result == 0) != (report.errors == 0) || (result == 0) != (set != NULL))
		abort();
	rules_report_json(&report, &text);
	rules_report_done(&report);
	if (set == NULL)
		return 0;
	ruleset_describe(set, NULL, true, &text);
	evaluate_all_types(set);
	return 0;
}
