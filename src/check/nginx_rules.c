/* SPDX-License-Identifier: Apache-2.0 */
#include "check/nginx_rules.h"

#include <stdarg.h>
#include <stdio.h>

/* An included file has its own name and lines: the examination looks at it for this one finding. */
static struct finding *report(struct examination *exam, const struct nginx_source *source,
			      struct range at, const char *fmt, va_list args)
{
	const struct line_index lines = exam->lines;
	const char *file = exam->file;
	char message[1024];
	struct finding *finding;

	vsnprintf(message, sizeof(message), fmt, args);
	exam->lines = source->lines;
	exam->file = arena_strdup(&exam->findings->arena, source->file);
	finding = exam_report(exam, at, "%s", message);
	exam->lines = lines;
	exam->file = file;
	return finding;
}

struct finding *nginx_report(struct examination *exam, const struct nginx_directive *directive,
			     const char *fmt, ...)
{
	struct finding *finding;
	va_list args;

	va_start(args, fmt);
	finding = report(exam, directive->source, directive->name_at, fmt, args);
	va_end(args);
	return finding;
}

struct finding *nginx_report_at(struct examination *exam, const struct nginx_source *source,
				struct range at, const char *fmt, ...)
{
	struct finding *finding;
	va_list args;

	va_start(args, fmt);
	finding = report(exam, source, at, fmt, args);
	va_end(args);
	return finding;
}

const struct nginx_directive *nginx_http(const struct examination *exam)
{
	return nginx_child(&exam->nginx->root, "http");
}
