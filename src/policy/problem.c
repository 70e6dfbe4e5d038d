/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/validate.h"

#include <stdarg.h>
#include <stdio.h>

void problem_add(const struct problem_sink *sink, enum severity severity, struct source_pos at,
		 const char *fmt, ...)
{
	char text[sizeof(((struct error *)0)->text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	sink->report(sink->context, severity, at, text);
}
