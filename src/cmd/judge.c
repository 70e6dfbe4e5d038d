/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/judge.h"

#include "cmd/alert_repeats.h"

#include <stdio.h>
#include <unistd.h>

#define MATCHED_MAX 64

struct judge {
	struct fields *fields;
	struct host_names *hosts;
	struct rules_evaluator *evaluator;
	struct alert_options options;
	const struct alert_outputs *outputs;
	struct alert_repeats *repeats; /* NULL: each is told */
	struct judge_counts counts;
	const struct ruleset *rules; /* held by the evaluator */
	uint64_t *alerts;            /* of each rule, by its number */
	struct buffer line, message; /* of the alert at hand */
	bool json;
	const struct rule *matched[MATCHED_MAX]; /* by the event last judged */
	size_t matched_count;
	char hostname[256];
};

static void set_hostname(struct judge *judge, const char *hostname)
{
	if (hostname != NULL && hostname[0] != '\0')
		snprintf(judge->hostname, sizeof(judge->hostname), "%s", hostname);
	else if (gethostname(judge->hostname, sizeof(judge->hostname) - 1) != 0)
		memcpy(judge->hostname, "localhost", sizeof("localhost"));
}

static void push(void *context, const struct alert *alert)
{
	const struct judge *judge = context;

	alert_outputs_push(judge->outputs, alert);
}

struct judge *judge_new(const struct judge_options *options)
{
	struct judge *judge = MEM_NEW(struct judge);
	size_t count;
	const struct text *hosts;

	judge->rules = options->rules;
	ruleset_rules(judge->rules, &count);
	judge->alerts = mem_alloc_array(count + 1, sizeof(*judge->alerts));
	set_hostname(judge, options->hostname);
	judge->options.hostname = judge->hostname;
	judge->json = options->json;
	judge->outputs = options->outputs;
	if (options->repeat_window_ns > 0)
		judge->repeats = alert_repeats_new(options->repeat_window_ns, push, judge);
	hosts = ruleset_hosts(options->rules, &count);
	judge->hosts = options->resolves_hosts ? host_names_new(hosts, count) : NULL;
	judge->fields = fields_new(&(struct fields_options){
		.hostname = judge->hostname, .users = options->users, .hosts = judge->hosts });
	judge->evaluator = rules_evaluator_new(options->rules);
	return judge;
}

void judge_free(struct judge *judge)
{
	if (judge == NULL)
		return;
	alert_repeats_free(judge->repeats);
	rules_evaluator_free(judge->evaluator);
	fields_free(judge->fields);
	host_names_free(judge->hosts);
	buffer_done(&judge->line);
	buffer_done(&judge->message);
	mem_free(judge->alerts);
	mem_free(judge);
}

/* Whoever names a file or an argument must not be able to write lines of his own. */
static void keep_one_line(struct buffer *line)
{
	for (size_t i = 0; i < line->len; i++)
		if ((unsigned char)line->data[i] < ' ' || line->data[i] == 0x7f)
			line->data[i] = ' ';
}

/* Identical: the same rule says the same. 0: for the first time. */
static uint64_t count_repeats(struct judge *judge, const struct rule *rule)
{
	uint64_t repeated;

	judge->counts.alerts++;
	judge->alerts[rule->number]++;
	if (judge->repeats == NULL)
		return 0;
	buffer_clear(&judge->message);
	alert_message(judge->evaluator, rule, &judge->message);
	repeated = alert_repeats_see(judge->repeats, rule->name, buffer_text(&judge->message),
				     clock_monotonic_ns());
	judge->counts.repeats += repeated > 0;
	return repeated;
}

static void tell(struct judge *judge, const struct rule *rule)
{
	struct alert alert = { .priority = rule->priority };

	judge->options.repeated = count_repeats(judge, rule);
	buffer_clear(&judge->line);
	if (judge->json)
		alert_json(judge->evaluator, rule, &judge->options, &judge->line);
	else
		alert_text(judge->evaluator, rule, &judge->options, &judge->line);
	keep_one_line(&judge->line);
	alert.line = buffer_text(&judge->line);
	if (judge->options.repeated > 0)
		alert_repeats_keep(judge->repeats, &alert);
	else
		push(judge, &alert);
}

void judge_tell_repeats(struct judge *judge)
{
	if (judge->repeats != NULL)
		alert_repeats_tell(judge->repeats, clock_monotonic_ns());
}

struct judge_counts judge_counts(const struct judge *judge)
{
	return judge->counts;
}

const struct ruleset *judge_rules(const struct judge *judge)
{
	return judge->rules;
}

uint64_t judge_alerts_of(const struct judge *judge, const struct rule *rule)
{
	return judge->alerts[rule->number];
}

static bool has_matched(const struct judge *judge, const struct rule *rule)
{
	for (size_t i = 0; i < judge->matched_count; i++)
		if (judge->matched[i] == rule)
			return true;
	return false;
}

size_t judge_again(struct judge *judge, const struct sensor_view *view)
{
	const struct rule *const *matched;
	size_t count, told = 0;

	matched = rules_evaluate(judge->evaluator, fields_take(judge->fields, view), &count);
	for (size_t i = 0; i < count; i++) {
		if (has_matched(judge, matched[i]))
			continue;
		tell(judge, matched[i]);
		if (judge->matched_count < MATCHED_MAX)
			judge->matched[judge->matched_count++] = matched[i];
		told++;
	}
	return told;
}

size_t judge_event(struct judge *judge, const struct sensor_view *view)
{
	judge->matched_count = 0;
	return judge_again(judge, view);
}
