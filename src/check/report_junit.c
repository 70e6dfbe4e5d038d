/* SPDX-License-Identifier: Apache-2.0 */
/* report_junit.c — JUnit XML, as build servers read it: a suite, a failed case a finding. */
#include "check/catalog.h"
#include "check/report.h"

static void add_escaped(struct buffer *out, const char *text)
{
	for (; *text != '\0'; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '&')
			buffer_add_text(out, "&amp;");
		else if (c == '<')
			buffer_add_text(out, "&lt;");
		else if (c == '>')
			buffer_add_text(out, "&gt;");
		else if (c == '"')
			buffer_add_text(out, "&quot;");
		else if (c >= 0x20 || c == '\t')
			buffer_add_char(out, (char)c);
		else
			buffer_add_char(out, ' ');
	}
}

static void write_case(const struct finding *finding, struct buffer *out)
{
	buffer_printf(out, "  <testcase classname=\"%s\" name=\"", finding->check->id);
	add_escaped(out, finding->file);
	buffer_printf(out, ":%u:%u %s\"><failure type=\"%s\" message=\"", finding->at.line,
		      finding->at.column, finding->check->name,
		      finding_severity_name(finding->severity));
	add_escaped(out, finding->message);
	buffer_add_text(out, "\">");
	add_escaped(out, finding->check->mend);
	buffer_add_text(out, "</failure></testcase>\n");
}

void report_junit(const struct report_input *input, struct buffer *out)
{
	const struct findings *findings = input->findings;
	const size_t failures = findings_counted(findings, FINDING_STYLE);

	buffer_printf(out,
		      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		      " <testsuite name=\"mangrove check\" tests=\"%zu\" failures=\"%zu\">\n",
		      failures, failures);
	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].suppressed == NULL)
			write_case(&findings->items[i], out);
	buffer_add_text(out, " </testsuite>\n</testsuites>\n");
}
