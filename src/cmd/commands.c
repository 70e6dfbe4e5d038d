/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */ /* a line each */
const struct command *const commands[] = {
	&help_command,
	&up_command,
	&check_command,
	&admit_command,
	&explain_command,
	&identity_command,
	&id_command,
	&init_command,
	&rules_command,
	&watch_command,
	&replay_command,
	&proxy_command,
	&call_command,
	&wait_ready_command,
	&version_command,
	NULL,
};
/* clang-format on */

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

int command_usage(const struct command *command, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "mangrove %s: ", command->name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n'mangrove help %s' tells its use.\n", command->name);
	return STATUS_USAGE;
}
