/* SPDX-License-Identifier: Apache-2.0 */
/* report_json.c — {"findings": [...], "summary": {...}}, one object. */
#include "check/catalog.h"
#include "check/report.h"

static void write_finding(struct json_writer *json, const struct finding *finding)
{
	json_begin_object(json);
	json_key(json, "id");
	json_cstring(json, finding->check->id);
	json_key(json, "severity");
	json_cstring(json, finding_severity_name(finding->severity));
	json_key(json, "file");
	json_cstring(json, finding->file);
	json_key(json, "line");
	json_number(json, finding->at.line);
	json_key(json, "column");
	json_number(json, finding->at.column);
	json_key(json, "endLine");
	json_number(json, finding->at.end_line);
	json_key(json, "endColumn");
	json_number(json, finding->at.end_column);
	json_key(json, "message");
	json_cstring(json, finding->message);
	json_key(json, "check");
	json_cstring(json, finding->check->name);
	json_key(json, "fixable");
	json_bool(json, finding->edit_count > 0);
	json_key(json, "mend");
	json_cstring(json, finding->check->mend);
	if (finding->object != NULL) {
		json_key(json, "object");
		json_cstring(json, finding->object);
	}
	if (finding->suppressed != NULL) {
		json_key(json, "suppressed");
		json_cstring(json, finding->suppressed);
	}
	json_end_object(json);
}

static void write_summary(struct json_writer *json, const struct report_input *input)
{
	size_t counts[FINDING_ERROR + 1] = { 0 }, suppressed = 0;

	for (size_t i = 0; i < input->findings->count; i++) {
		const struct finding *finding = &input->findings->items[i];

		if (finding->suppressed != NULL)
			suppressed++;
		else
			counts[finding->severity]++;
	}
	json_begin_object(json);
	json_key(json, "files");
	json_number(json, (int64_t)input->files);
	for (size_t severity = FINDING_ERROR; severity > FINDING_OFF; severity--) {
		json_key(json, finding_severity_name((enum finding_severity)severity));
		json_number(json, (int64_t)counts[severity]);
	}
	json_key(json, "suppressed");
	json_number(json, (int64_t)suppressed);
	json_end_object(json);
}

void report_json(const struct report_input *input, struct buffer *out)
{
	struct json_writer json = { .out = out };

	json_begin_object(&json);
	json_key(&json, "findings");
	json_begin_array(&json);
	for (size_t i = 0; i < input->findings->count; i++)
		if (input->findings->items[i].suppressed == NULL || input->show_suppressed)
			write_finding(&json, &input->findings->items[i]);
	json_end_array(&json);
	json_key(&json, "summary");
	write_summary(&json, input);
	json_end_object(&json);
	buffer_add_char(out, '\n');
}
