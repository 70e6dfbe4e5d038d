/* SPDX-License-Identifier: Apache-2.0 */
/* main.c — picks the command and runs it. */
#include "cmd/command.h"

#include "base/base.h"

#include <stdio.h>

static const char *closest_command(const char *word)
{
	const char *names[64];
	size_t count = 0;

	for (size_t i = 0; commands[i] != NULL && count < COUNT_OF(names); i++)
		names[count++] = commands[i]->name;
	return text_closest(text_of(word), names, count);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return help_command.run(1, argv);
	if (strcmp(argv[1], "--version") == 0)
		return version_command.run(1, argv + 1);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help_command.run(argc - 1, argv + 1);

	const struct command *command = command_find(argv[1]);

	if (command == NULL) {
		const char *near = closest_command(argv[1]);

		fprintf(stderr,
			"mangrove: there is no command '%s'%s%s%s; 'mangrove help' lists them.\n",
			argv[1], near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
			near != NULL ? "'?" : "");
		return STATUS_USAGE;
	}
	if (argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0))
		return help_command.run(2, (char *[]){ argv[0], argv[1], NULL });
	return command->run(argc - 1, argv + 1);
}
