/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void error_fill(struct error *err, int code, struct source_pos at, const char *fmt, ...)
{
	va_list args;

	if (err == NULL)
		return;
	err->code = code;
	err->at = at;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
}

int error_prefix(struct error *err, const char *fmt, ...)
{
	char rest[ERROR_TEXT_MAX];
	va_list args;

	if (err == NULL)
		return -EINVAL;
	memcpy(rest, err->text, sizeof(rest));
	va_start(args, fmt);
	const int len = vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	if (len >= 0 && (size_t)len < sizeof(err->text))
		snprintf(err->text + len, sizeof(err->text) - (size_t)len, ": %s", rest);
	return err->code;
}

const char *error_format(const struct error *err, char *out, size_t size)
{
	if (err->at.file != NULL && err->at.line > 0)
		snprintf(out, size, "%s:%u:%u: %s", err->at.file, err->at.line, err->at.column,
			 err->text);
	else if (err->at.file != NULL)
		snprintf(out, size, "%s: %s", err->at.file, err->text);
	else
		snprintf(out, size, "%s", err->text);
	return out;
}
