/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/watch_metrics.h"

static void add_head(struct buffer *out, const char *name, const char *help)
{
	buffer_printf(out, "# HELP mangrove_%s %s\n# TYPE mangrove_%s counter\n", name, help, name);
}

/* Escaped as the exposition format wants it: backslash, quote and line feed. */
static void add_label(struct buffer *out, const char *name, struct text value)
{
	buffer_printf(out, "%s=\"", name);
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '\\' || value.ptr[i] == '"')
			buffer_add_char(out, '\\');
		if (value.ptr[i] == '\n')
			buffer_add_text(out, "\\n");
		else
			buffer_add_char(out, value.ptr[i]);
	}
	buffer_add_char(out, '"');
}

static void add_events(const struct live *live, struct buffer *out)
{
	struct live_count counts[LIVE_RINGS];

	live_counts(live, counts);
	add_head(out, "sensor_events_total", "Events that left the kernel, by class.");
	for (size_t i = 0; i < LIVE_RINGS; i++)
		buffer_printf(out, "mangrove_sensor_events_total{class=\"%s\"} %llu\n",
			      counts[i].ring, (unsigned long long)counts[i].written);
	add_head(out, "sensor_events_dropped_total", "Events that found no room, by class.");
	for (size_t i = 0; i < LIVE_RINGS; i++)
		buffer_printf(out, "mangrove_sensor_events_dropped_total{class=\"%s\"} %llu\n",
			      counts[i].ring, (unsigned long long)counts[i].dropped);
}

/* Rules that never matched have no line: there are hundreds. */
static void add_rules(const struct judge *judge, struct buffer *out)
{
	size_t count;
	const struct rule *rules = ruleset_rules(judge_rules(judge), &count);

	add_head(out, "alerts_total", "Alerts, repeated ones too, by rule and priority.");
	for (size_t i = 0; i < count; i++) {
		const uint64_t alerts = judge_alerts_of(judge, &rules[i]);

		if (alerts == 0)
			continue;
		buffer_add_text(out, "mangrove_alerts_total{");
		add_label(out, "rule", rules[i].name);
		buffer_printf(out, ",priority=\"%s\"} %llu\n",
			      rule_priority_name(rules[i].priority), (unsigned long long)alerts);
	}
	add_head(out, "alerts_repeated_total", "Alerts that were counted instead of told.");
	buffer_printf(out, "mangrove_alerts_repeated_total %llu\n",
		      (unsigned long long)judge_counts(judge).repeats);
}

static void add_output(struct alert_output *output, struct buffer *out)
{
	const struct alert_output_counts counts = alert_output_counts(output);
	const struct {
		const char *result;
		uint64_t count;
	} rows[] = { { "written", counts.written },
		     { "dropped", counts.dropped },
		     { "refused", counts.refused } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		buffer_add_text(out, "mangrove_output_alerts_total{");
		add_label(out, "output", text_of(alert_output_name(output)));
		buffer_printf(out, ",result=\"%s\"} %llu\n", rows[i].result,
			      (unsigned long long)rows[i].count);
	}
}

void watch_metrics(const struct live *live, const struct judge *judge,
		   const struct alert_outputs *outputs, struct buffer *out)
{
	add_events(live, out);
	if (judge != NULL)
		add_rules(judge, out);
	add_head(out, "output_alerts_total", "What became of alerts, by output.");
	for (size_t i = 0; i < outputs->count; i++)
		add_output(outputs->items[i], out);
}
