/* SPDX-License-Identifier: Apache-2.0 */
/* command.h — the commands of the one binary, a file each (`cmd/NAME.c`), listed in commands.c.
 *
 * A command gets its own arguments (argv[0] is its name), prints, and returns the exit status. */
#pragma once

#include <stddef.h>

enum exit_status {
	STATUS_FINE = 0,      /* done; the answer is yes */
	STATUS_NO = 1,        /* the answer is no: denied, findings, an invalid signature */
	STATUS_USAGE = 2,     /* bad input or usage */
	STATUS_FORBIDDEN = 3, /* the machine does not permit it */
};

struct command {
	const char *name;
	const char *arguments; /* as the usage line shows them */
	const char *summary;   /* one line, for the list */
	const char *help;      /* the rest of its page; options one a line */
	int (*run)(int argc, char **argv);
};

extern const struct command *const commands[]; /* in the order that teaches; NULL ends it */

const struct command *command_find(const char *name);

/* Prints "mangrove NAME: message" and how to get help. Returns STATUS_USAGE. */
int command_usage(const struct command *command, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

extern const struct command admit_command;
extern const struct command call_command;
extern const struct command check_command;
extern const struct command explain_command;
extern const struct command help_command;
extern const struct command init_command;
extern const struct command id_command;
extern const struct command identity_command;
extern const struct command proxy_command;
extern const struct command rules_command;
extern const struct command up_command;
extern const struct command version_command;
extern const struct command wait_ready_command;
extern const struct command watch_command;
extern const struct command replay_command;
