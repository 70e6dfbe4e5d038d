/* SPDX-License-Identifier: Apache-2.0 */
/* report_terminal.c — for people: the place, the sentence, the line with a caret, how to mend. */
#include "check/catalog.h"
#include "check/report.h"

static const char *colour_of(enum finding_severity severity)
{
	switch (severity) {
	case FINDING_ERROR:
		return "\033[1;31m";
	case FINDING_WARNING:
		return "\033[1;33m";
	case FINDING_INFO:
		return "\033[1;36m";
	default:
		return "\033[2m";
	}
}

/* Control bytes of an examined file never reach the terminal. */
static void add_printable(struct buffer *out, struct text text)
{
	for (size_t i = 0; i < text.len; i++) {
		const unsigned char c = (unsigned char)text.ptr[i];

		buffer_add_char(out, c == '\t' ? ' ' : (c < 0x20 || c == 0x7F) ? '?' : (char)c);
	}
}

static void write_source(const struct finding *finding, struct buffer *out)
{
	const struct text line = text_of(finding->source);
	const size_t from = finding->at.column - 1;
	size_t to =
		finding->at.end_line == finding->at.line ? finding->at.end_column - 1 : line.len;

	if (text_trim(line).len == 0)
		return;
	buffer_printf(out, "  %5u | ", finding->at.line);
	add_printable(out, line);
	buffer_add_char(out, '\n');
	if (from > line.len)
		return;
	to = MIN_OF(to, line.len);
	buffer_add_text(out, "        | ");
	for (size_t i = 0; i < from; i++)
		if (((unsigned char)line.ptr[i] & 0xC0) != 0x80) /* a caret a character */
			buffer_add_char(out, ' ');
	buffer_add_char(out, '^');
	for (size_t i = from + 1; i < to; i++)
		if (((unsigned char)line.ptr[i] & 0xC0) != 0x80)
			buffer_add_char(out, '~');
	buffer_add_char(out, '\n');
}

static void write_finding(const struct report_input *input, const struct finding *finding,
			  struct buffer *out)
{
	const char *colour = input->colour ? colour_of(finding->severity) : "";
	const char *plain = input->colour ? "\033[0m" : "";

	add_printable(out, text_of(finding->file));
	buffer_printf(out, ":%u:%u: %s%s%s: ", finding->at.line, finding->at.column, colour,
		      finding_severity_name(finding->severity), plain);
	add_printable(out, text_of(finding->message));
	buffer_printf(out, " [%s %s]\n", finding->check->id, finding->check->name);
	write_source(finding, out);
	if (finding->suppressed != NULL) {
		buffer_add_text(out, "        = ignored: ");
		add_printable(out, text_of(finding->suppressed));
		buffer_add_char(out, '\n');
	} else {
		buffer_printf(out, "        = %s%s\n", finding->check->mend,
			      finding->edit_count > 0 ? " (--fix does it)" : "");
	}
}

static void write_totals(const struct report_input *input, size_t shown, struct buffer *out)
{
	size_t suppressed = 0, fixable = 0;

	for (size_t i = 0; i < input->findings->count; i++) {
		suppressed += input->findings->items[i].suppressed != NULL;
		fixable += input->findings->items[i].suppressed == NULL
			   && input->findings->items[i].edit_count > 0;
	}
	buffer_printf(out, "%zu finding%s in %zu file%s", shown, shown == 1 ? "" : "s",
		      input->files, input->files == 1 ? "" : "s");
	if (fixable > 0)
		buffer_printf(out, ", %zu that --fix mends", fixable);
	if (suppressed > 0)
		buffer_printf(out, ", %zu ignored", suppressed);
	buffer_add_text(out, ". 'mangrove check --explain ID' tells more.\n");
}

void report_terminal(const struct report_input *input, struct buffer *out)
{
	size_t shown = 0;

	for (size_t i = 0; i < input->findings->count; i++) {
		const struct finding *finding = &input->findings->items[i];

		shown += finding->suppressed == NULL;
		if (finding->suppressed == NULL || input->show_suppressed)
			write_finding(input, finding, out);
	}
	write_totals(input, shown, out);
}
