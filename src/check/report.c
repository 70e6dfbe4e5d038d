/* SPDX-License-Identifier: Apache-2.0 */
#include "check/report.h"

#include <string.h>

const struct report_format report_formats[] = {
	{ "terminal", report_terminal }, { "json", report_json },   { "sarif", report_sarif },
	{ "markdown", report_markdown }, { "junit", report_junit }, { NULL, NULL },
};

const struct report_format *report_format_find(const char *name)
{
	for (const struct report_format *format = report_formats; format->name != NULL; format++)
		if (strcmp(format->name, name) == 0)
			return format;
	return NULL;
}
