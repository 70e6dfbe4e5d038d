/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/explain_print.h"

#define BOLD  "\033[1m"
#define RED   "\033[31m"
#define GREEN "\033[32m"
#define FAINT "\033[2m"
#define PLAIN "\033[0m"

const char *explain_reason(const struct decision *decision)
{
	if (decision->verdict == VERDICT_DENY)
		return decision->detail;
	return decision->by != NULL ? "a rule allows it" : "no ALLOW policy selects the workload";
}

/* ---- JSON ---- */

static void write_id(struct json_writer *json, const struct explain_request *request)
{
	if (request->id_is_number) {
		json_key(json, "id");
		buffer_add(json->out, request->id.ptr, request->id.len);
		json->needs_comma = true;
	} else {
		json_key(json, "id");
		json_text(json, request->id);
	}
}

static void write_rule(struct json_writer *json, const struct rule_origin *rule)
{
	struct buffer *out = json->out;

	json_key(json, "policy");
	if (rule == NULL) {
		json_nothing(json);
	} else {
		buffer_add_char(out, '"');
		json_escape(out, text_of(rule->namespace));
		buffer_add_char(out, '/');
		json_escape(out, text_of(rule->policy));
		buffer_add_char(out, '"');
		json->needs_comma = true;
	}
	json_key(json, "rule");
	if (rule != NULL)
		json_number(json, rule->rule);
	else
		json_nothing(json);
	json_key(json, "file");
	json_cstring(json, rule != NULL ? rule->at.file : NULL);
	json_key(json, "line");
	if (rule != NULL)
		json_number(json, rule->at.line);
	else
		json_nothing(json);
}

static void write_members(struct json_writer *json, const struct explain_request *request,
			  const struct decision *decision)
{
	write_id(json, request);
	json_key(json, "decision");
	json_cstring(json, decision->verdict == VERDICT_ALLOW ? "allow" : "deny");
	json_key(json, "status");
	json_number(json, decision->status);
	json_key(json, "stage");
	json_cstring(json, decision_stage_name(decision->stage));
	write_rule(json, decision->by);
	json_key(json, "reason");
	json_cstring(json, explain_reason(decision));
}

void explain_write_answer(struct buffer *out, const struct explain_request *request,
			  const struct decision *decision)
{
	struct json_writer json = { .out = out };

	json_begin_object(&json);
	write_members(&json, request, decision);
	json_end_object(&json);
	buffer_add_char(out, '\n');
}

void explain_write_problem(struct buffer *out, const struct explain_request *request,
			   const struct error *err)
{
	struct json_writer json = { .out = out };

	json_begin_object(&json);
	write_id(&json, request);
	json_key(&json, "error");
	json_cstring(&json, err->text);
	json_end_object(&json);
	buffer_add_char(out, '\n');
}

static const char *outcome_name(enum stage_outcome outcome)
{
	static const char *const names[] = {
		[OUTCOME_NOTHING] = "nothing",
		[OUTCOME_PASSED] = "passed",
		[OUTCOME_NOTED] = "noted",
		[OUTCOME_STOPPED] = "stopped",
		[OUTCOME_NOT_REACHED] = "not-reached",
	};

	return names[outcome];
}

static void write_stages(struct json_writer *json, const struct explanation *explanation)
{
	json_key(json, "stages");
	json_begin_array(json);
	for (size_t i = 0; i < explanation->stage_count; i++) {
		const struct explained_stage *stage = &explanation->stages[i];

		json_begin_object(json);
		json_key(json, "stage");
		json_cstring(json, stage->name);
		json_key(json, "outcome");
		json_cstring(json, outcome_name(stage->outcome));
		json_key(json, "text");
		json_cstring(json, stage->text);
		if (stage->by != NULL)
			write_rule(json, stage->by);
		json_end_object(json);
	}
	json_end_array(json);
}

static void write_misses(struct json_writer *json, const struct explanation *explanation)
{
	json_key(json, "near_misses");
	json_begin_array(json);
	for (size_t i = 0; i < explanation->miss_count; i++) {
		const struct near_miss *miss = &explanation->misses[i];

		json_begin_object(json);
		write_rule(json, miss->rule);
		json_key(json, "mismatches");
		json_begin_array(json);
		for (size_t j = 0; j < miss->count; j++) {
			json_begin_object(json);
			json_key(json, "line");
			json_number(json, miss->mismatches[j].at.line);
			json_key(json, "column");
			json_number(json, miss->mismatches[j].at.column);
			json_key(json, "text");
			json_cstring(json, miss->mismatches[j].text);
			json_end_object(json);
		}
		json_end_array(json);
		json_end_object(json);
	}
	json_end_array(json);
}

void explain_write_json(struct buffer *out, const struct explain_request *request,
			const struct explanation *explanation)
{
	struct json_writer json = { .out = out };

	json_begin_object(&json);
	write_members(&json, request, &explanation->evaluation.decision);
	write_stages(&json, explanation);
	write_misses(&json, explanation);
	json_end_object(&json);
	buffer_add_char(out, '\n');
}

/* ---- for people ---- */

struct page {
	struct buffer *out;
	bool colour;
};

static const char *in(const struct page *page, const char *colour)
{
	return page->colour ? colour : "";
}

static void write_position(const struct page *page, struct source_pos at)
{
	if (at.line > 0)
		buffer_printf(page->out, "%s%s:%u%s", in(page, FAINT), at.file, at.line,
			      in(page, PLAIN));
}

static void write_rule_text(const struct page *page, const struct rule_origin *rule)
{
	buffer_printf(page->out, "%s %s/%s, rule %u", rule->kind, rule->namespace, rule->policy,
		      rule->rule);
	if (rule->rule_name != NULL)
		buffer_printf(page->out, " '%s'", rule->rule_name);
	buffer_add_text(page->out, "  ");
	write_position(page, rule->at);
}

static const char *what_client_sees(const struct decision *decision,
				    const struct explanation *explanation)
{
	if (decision->status == 0)
		return decision->verdict == VERDICT_ALLOW ? "the connection is open"
							  : "the connection is closed";
	if (decision->stage == STAGE_REQUEST_AUTHENTICATION)
		return explanation->evaluation.authentication.body;
	return decision->verdict == VERDICT_ALLOW ? "it reaches the workload" : DENIED_BODY;
}

static const char *reason_for_people(const struct decision *decision)
{
	if (decision->verdict == VERDICT_ALLOW)
		return explain_reason(decision);
	switch (decision->stage) {
	case STAGE_ALLOW:
		return "ALLOW policies select the workload, and none of their rules matches";
	case STAGE_ACCESS_POLICY:
		return "an AccessPolicy guards the workload, and none of its rules matches";
	default:
		return decision->detail;
	}
}

static void write_verdict(const struct page *page, const struct explain_request *request,
			  const struct explain_workload *workload,
			  const struct explanation *explanation)
{
	const struct decision *decision = &explanation->evaluation.decision;
	bool allowed = decision->verdict == VERDICT_ALLOW;

	buffer_printf(page->out, "%s%s%s%s", in(page, BOLD), in(page, allowed ? GREEN : RED),
		      allowed ? "ALLOW" : "DENY", in(page, PLAIN));
	if (decision->status != 0)
		buffer_printf(page->out, "  %u", decision->status);
	buffer_printf(page->out, "  %s\n\n", what_client_sees(decision, explanation));
	if (decision->by != NULL) {
		buffer_add_text(page->out, "  by  ");
		write_rule_text(page, decision->by);
		buffer_add_text(page->out, "\n\n");
	} else {
		buffer_printf(page->out, "  %s\n\n", reason_for_people(decision));
	}
	if (!workload->is_known && text_find_char(request->workload, '=') == TEXT_NONE)
		buffer_printf(
			page->out,
			"  no Workload, WorkloadEntry, Pod or Service is named %.*s/%.*s: it is "
			"taken to have the label app=%.*s\n\n",
			TEXT_ARGS(request->namespace), TEXT_ARGS(request->workload),
			TEXT_ARGS(request->workload));
}

static void write_stage(const struct page *page, const struct explained_stage *stage)
{
	static const struct {
		const char *mark, *colour;
	} marks[] = {
		[OUTCOME_NOTHING] = { "-", FAINT },     [OUTCOME_PASSED] = { "passed", GREEN },
		[OUTCOME_NOTED] = { "noted", BOLD },    [OUTCOME_STOPPED] = { "STOPPED", RED },
		[OUTCOME_NOT_REACHED] = { "-", FAINT },
	};

	buffer_printf(page->out, "  %-20s %s%-8s%s %s", stage->name,
		      in(page, marks[stage->outcome].colour), marks[stage->outcome].mark,
		      in(page, PLAIN), stage->text);
	if (stage->by != NULL) {
		buffer_add_text(page->out, ": ");
		write_rule_text(page, stage->by);
	} else if (stage->at.line > 0) {
		buffer_add_text(page->out, "  ");
		write_position(page, stage->at);
	}
	buffer_add_char(page->out, '\n');
}

static void write_near_misses(const struct page *page, const struct explanation *explanation)
{
	if (explanation->miss_count > 0)
		buffer_printf(page->out, "\n%snearest rules%s\n", in(page, BOLD), in(page, PLAIN));
	for (size_t i = 0; i < explanation->miss_count; i++) {
		const struct near_miss *miss = &explanation->misses[i];

		buffer_add_text(page->out, "  ");
		write_rule_text(page, miss->rule);
		buffer_add_char(page->out, '\n');
		for (size_t j = 0; j < miss->count; j++) {
			buffer_printf(page->out, "    %s%u:%u%s  %s\n", in(page, FAINT),
				      miss->mismatches[j].at.line, miss->mismatches[j].at.column,
				      in(page, PLAIN), miss->mismatches[j].text);
		}
	}
}

static void write_shadows(const struct page *page, const struct decision *decision)
{
	if (decision->shadow_deny != NULL) {
		buffer_add_text(page->out, "\n  dry run: this would be denied by ");
		write_rule_text(page, decision->shadow_deny);
		buffer_add_char(page->out, '\n');
	}
	if (decision->shadow_allow_denies)
		buffer_add_text(page->out,
				"\n  dry run: no ALLOW rule on trial matches; this would be "
				"denied\n");
}

void explain_write_text(struct buffer *out, const struct explain_request *request,
			const struct explain_workload *workload,
			const struct explanation *explanation, bool colour)
{
	const struct page page = { out, colour };

	write_verdict(&page, request, workload, explanation);
	for (size_t i = 0; i < explanation->stage_count; i++)
		write_stage(&page, &explanation->stages[i]);
	write_near_misses(&page, explanation);
	write_shadows(&page, &explanation->evaluation.decision);
}
