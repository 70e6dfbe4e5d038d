/* SPDX-License-Identifier: Apache-2.0 */
/* alert.c — what a rule says about an event, in Falco's text and JSON shapes. */
#include "rules/evaluator.h"
#include "rules/transform.h"

#include <stdio.h>
#include <time.h>

static void add_padded(struct buffer *out, const struct field_value *value, uint32_t width)
{
	const size_t start = out->len;

	if (value->kind == FIELD_VALUE_NONE)
		buffer_add_text(out, "<NA>");
	else
		field_value_print(value, out);
	if (width == 0)
		return;
	while (out->len - start < width)
		buffer_add_char(out, ' ');
	out->len = start + width;
	out->data[out->len] = '\0';
}

void alert_message(struct rules_evaluator *evaluator, const struct rule *rule, struct buffer *out)
{
	const struct output *output = &evaluator->set->compiled[rule->number].output;

	for (size_t i = 0; i < output->part_count; i++) {
		const struct output_part *part = &output->parts[i];

		buffer_add(out, part->literal.ptr, part->literal.len);
		if (part->subject != NO_SUBJECT)
			add_padded(out, evaluator_value(evaluator, part->subject), part->width);
	}
}

/* "09:30:00.123456789", or "2026-11-21T09:30:00.123456789+0100". */
static void add_local_time(struct buffer *out, int64_t time_ns, enum alert_time how)
{
	const time_t seconds = (time_t)(time_ns / (int64_t)NS_PER_SEC);
	const int64_t nanoseconds = time_ns % (int64_t)NS_PER_SEC;
	char text[40];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), how == ALERT_TIME_ISO8601 ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S",
		 &tm);
	buffer_printf(out, "%s.%09lld", text, (long long)nanoseconds);
	if (how == ALERT_TIME_ISO8601) {
		strftime(text, sizeof(text), "%z", &tm);
		buffer_add_text(out, text);
	}
}

void alert_text(struct rules_evaluator *evaluator, const struct rule *rule,
		const struct alert_options *options, struct buffer *out)
{
	add_local_time(out, evaluator->event->time_ns, options->time);
	buffer_printf(out, ": %s ", rule_priority_name(rule->priority));
	alert_message(evaluator, rule, out);
	if (options->repeated > 0)
		buffer_printf(out, " (repeated %llu times)", (unsigned long long)options->repeated);
}

/* --- JSON -------------------------------------------------------------------------------- */

static void write_item(struct json_writer *json, enum field_value_kind kind,
		       const union field_item *item)
{
	char address[IP_TEXT_MAX];

	switch (kind) {
	case FIELD_VALUE_TEXT:
		json_text(json, item->text);
		return;
	case FIELD_VALUE_NUMBER:
		json_number(json, item->number);
		return;
	case FIELD_VALUE_BOOL:
		json_bool(json, item->number != 0);
		return;
	case FIELD_VALUE_ADDRESS:
		json_cstring(json, ip_format(address, item->address));
		return;
	case FIELD_VALUE_NONE:
		json_nothing(json);
		return;
	}
}

static void write_value(struct json_writer *json, const struct field_value *value)
{
	if (value->kind == FIELD_VALUE_NONE || value->count == 0) {
		json_nothing(json);
		return;
	}
	if (value->count == 1) {
		write_item(json, value->kind, &value->one);
		return;
	}
	json_begin_array(json);
	for (uint32_t i = 0; i < value->count; i++)
		write_item(json, value->kind, &value->many[i]);
	json_end_array(json);
}

/* The fields of the output and the time of its prefix, by name; last what Falco does not have. */
static void write_fields(struct json_writer *json, struct rules_evaluator *evaluator,
			 const struct rule *rule, const struct alert_options *options)
{
	const struct output *output = &evaluator->set->compiled[rule->number].output;
	const char *time_key =
		options->time == ALERT_TIME_ISO8601 ? "evt.time.iso8601" : "evt.time";
	bool time_written = false;

	json_begin_object(json);
	for (size_t i = 0; i <= output->key_count; i++) {
		const int order =
			i < output->key_count ? strcmp(output->keys[i].name, time_key) : 1;

		if (order >= 0 && !time_written) {
			json_key(json, time_key);
			json_number(json, evaluator->event->time_ns);
			time_written = true;
		}
		if (i == output->key_count || order == 0)
			continue;
		json_key(json, output->keys[i].name);
		write_value(json, evaluator_value(evaluator, output->keys[i].subject));
	}
	if (options->repeated > 0) {
		json_key(json, "mangrove.repeated");
		json_number(json, (int64_t)options->repeated);
	}
	json_end_object(json);
}

/* "2026-11-21T09:30:00.123456789Z" */
static void write_utc(struct json_writer *json, int64_t time_ns)
{
	const time_t seconds = (time_t)(time_ns / (int64_t)NS_PER_SEC);
	char text[64];
	struct tm tm;

	gmtime_r(&seconds, &tm);

	const size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);

	snprintf(text + len, sizeof(text) - len, ".%09lldZ",
		 (long long)(time_ns % (int64_t)NS_PER_SEC));
	json_cstring(json, text);
}

static void write_tags(struct json_writer *json, const struct rule *rule)
{
	json_begin_array(json);
	for (size_t i = 0; i < rule->tag_count; i++)
		json_text(json, rule->tags[i]);
	json_end_array(json);
}

static void write_message(struct json_writer *json, const char *key,
			  struct rules_evaluator *evaluator, const struct rule *rule,
			  const struct alert_options *prefix)
{
	AUTO_BUFFER struct buffer text = { 0 };

	if (prefix != NULL)
		alert_text(evaluator, rule, prefix, &text);
	else
		alert_message(evaluator, rule, &text);
	json_key(json, key);
	json_text(json, (struct text){ text.data != NULL ? text.data : "", text.len });
}

void alert_json(struct rules_evaluator *evaluator, const struct rule *rule,
		const struct alert_options *options, struct buffer *out)
{
	struct json_writer json = { .out = out };

	json_begin_object(&json);
	if (options->hostname != NULL) {
		json_key(&json, "hostname");
		json_cstring(&json, options->hostname);
	}
	if (options->with_message)
		write_message(&json, "message", evaluator, rule, NULL);
	if (!options->without_output)
		write_message(&json, "output", evaluator, rule, options);
	if (!options->without_fields) {
		json_key(&json, "output_fields");
		write_fields(&json, evaluator, rule, options);
	}
	json_key(&json, "priority");
	json_cstring(&json, rule_priority_name(rule->priority));
	json_key(&json, "rule");
	json_text(&json, rule->name);
	json_key(&json, "source");
	json_text(&json, rule->source);
	if (!options->without_tags) {
		json_key(&json, "tags");
		write_tags(&json, rule);
	}
	json_key(&json, "time");
	write_utc(&json, evaluator->event->time_ns);
	json_end_object(&json);
}
