/* SPDX-License-Identifier: Apache-2.0 */
/* report_markdown.c — a summary for a pull request: totals, then a table of findings. */
#include "check/catalog.h"
#include "check/report.h"

#include <string.h>

/* A cell: nothing of an examined file can end it or become markup. */
static void add_cell(struct buffer *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("|\\`*_<>[]", *text) != NULL)
			buffer_add_char(out, '\\');
		buffer_add_char(out, *text == '\n' || *text == '\r' ? ' ' : *text);
	}
}

void report_markdown(const struct report_input *input, struct buffer *out)
{
	const struct findings *findings = input->findings;
	size_t counts[FINDING_ERROR + 1] = { 0 }, suppressed = 0;

	for (size_t i = 0; i < findings->count; i++) {
		if (findings->items[i].suppressed != NULL)
			suppressed++;
		else
			counts[findings->items[i].severity]++;
	}
	buffer_printf(out,
		      "## mangrove check\n\n%zu files: **%zu errors**, %zu warnings, %zu infos, "
		      "%zu style, %zu ignored.\n",
		      input->files, counts[FINDING_ERROR], counts[FINDING_WARNING],
		      counts[FINDING_INFO], counts[FINDING_STYLE], suppressed);
	if (findings->count == suppressed)
		return;
	buffer_add_text(out, "\n| severity | where | what | check |\n|---|---|---|---|\n");
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		if (finding->suppressed != NULL)
			continue;
		buffer_printf(out, "| %s | ", finding_severity_name(finding->severity));
		add_cell(out, finding->file);
		buffer_printf(out, ":%u | ", finding->at.line);
		add_cell(out, finding->message);
		buffer_printf(out, " | %s |\n", finding->check->id);
	}
}
