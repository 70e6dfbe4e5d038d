/* SPDX-License-Identifier: Apache-2.0 */
/* log.h — what the program says about itself, one line an event, to standard error.
 *
 * On a terminal for people, elsewhere one JSON object a line. Every line carries the role
 * ("proxy"). Any thread; a line is one write(2). Never from a request's steady path: that has the
 * access log. Secrets are never passed in. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

enum log_level { LOG_LEVEL_ERROR = 1, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_role(const char *role); /* borrowed; before threads start */
void log_set_level(enum log_level level);
enum log_level log_level(void);
const char *log_level_name(enum log_level level);
bool log_level_parse(const char *name, enum log_level *out); /* error, warn, info, debug */

void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_problem(enum log_level level, const char *doing,
		 const struct error *err); /* "doing: file:line:column: text" */

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* A terminal that wants colour (NO_COLOR and TERM=dumb are honoured). */
bool terminal_has_colour(FILE *stream);
