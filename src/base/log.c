/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/clock.h"
#include "base/json_write.h"
#include "base/ownership.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *role = "mangrove";
static atomic_int level_now = LOG_LEVEL_INFO;

static const struct {
	const char *name, *colour;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", "\033[31m" },
	[LOG_LEVEL_WARN] = { "warn", "\033[33m" },
	[LOG_LEVEL_INFO] = { "info", "" },
	[LOG_LEVEL_DEBUG] = { "debug", "\033[2m" },
};

void log_set_role(const char *name)
{
	role = name;
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&level_now, (int)level, memory_order_relaxed);
}

enum log_level log_level(void)
{
	return (enum log_level)atomic_load_explicit(&level_now, memory_order_relaxed);
}

const char *log_level_name(enum log_level level)
{
	return levels[level].name;
}

bool log_level_parse(const char *name, enum log_level *out)
{
	for (size_t i = LOG_LEVEL_ERROR; i < COUNT_OF(levels); i++) {
		if (strcmp(levels[i].name, name) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

bool terminal_has_colour(FILE *stream)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fileno(stream)) && (no_colour == NULL || no_colour[0] == '\0')
	       && (term == NULL || strcmp(term, "dumb") != 0);
}

static void format_for_people(struct buffer *line, enum log_level level, struct text message)
{
	const bool colour = terminal_has_colour(stderr);
	char now[CLOCK_TEXT_MAX];

	clock_format_utc(now, clock_wall_ns());
	buffer_printf(line, "%s%.12s %-5s %-8s %.*s%s\n", colour ? levels[level].colour : "",
		      now + 11, levels[level].name, role, TEXT_ARGS(message),
		      colour && levels[level].colour[0] != '\0' ? "\033[0m" : "");
}

static void format_for_machines(struct buffer *line, enum log_level level, struct text message)
{
	struct json_writer json = { .out = line };
	char now[CLOCK_TEXT_MAX];

	clock_format_utc(now, clock_wall_ns());
	json_begin_object(&json);
	json_key(&json, "time");
	json_cstring(&json, now);
	json_key(&json, "level");
	json_cstring(&json, levels[level].name);
	json_key(&json, "role");
	json_cstring(&json, role);
	json_key(&json, "message");
	json_text(&json, message);
	json_end_object(&json);
	buffer_add_char(line, '\n');
}

void log_line(enum log_level level, const char *fmt, ...)
{
	AUTO_BUFFER struct buffer message = { 0 }, line = { 0 };
	va_list args;

	if (level > log_level())
		return;
	va_start(args, fmt);
	buffer_vprintf(&message, fmt, args);
	va_end(args);
	if (isatty(STDERR_FILENO))
		format_for_people(&line, level, buffer_text(&message));
	else
		format_for_machines(&line, level, buffer_text(&message));
	(void)!write(STDERR_FILENO, line.data, line.len);
}

void log_problem(enum log_level level, const char *doing, const struct error *err)
{
	char text[sizeof(err->text) + 256];

	log_line(level, "%s: %s", doing, error_format(err, text, sizeof(text)));
}
