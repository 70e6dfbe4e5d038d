/* SPDX-License-Identifier: Apache-2.0 */
/* report.h — findings as people and programs read them; one writer a format, one file each. */
#pragma once

#include "check/finding.h"

struct report_input {
	const struct findings *findings; /* sorted */
	size_t files;
	bool colour;
	bool show_suppressed;
};

typedef void (*report_fn)(const struct report_input *input, struct buffer *out);

struct report_format {
	const char *name; /* as --format takes it */
	report_fn write;
};

extern const struct report_format report_formats[]; /* name NULL ends it */
const struct report_format *report_format_find(const char *name);

void report_terminal(const struct report_input *input, struct buffer *out);
void report_json(const struct report_input *input, struct buffer *out);
void report_sarif(const struct report_input *input, struct buffer *out);
void report_markdown(const struct report_input *input, struct buffer *out);
void report_junit(const struct report_input *input, struct buffer *out);
