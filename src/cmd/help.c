/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"

#include "base/base.h"

#include <stdio.h>

static void print_overview(FILE *out)
{
	fputs("mangrove: zero trust for microservices, in one program.\n\nUsage: mangrove COMMAND "
	      "…\n\n",
	      out);
	for (size_t i = 0; commands[i] != NULL; i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n'mangrove help COMMAND' tells more.\n"
	      "Exit status: 0 fine, 1 the answer is no, 2 bad input or usage, 3 not permitted "
	      "here.\n",
	      out);
}

static int run(int argc, char **argv)
{
	if (argc < 2) {
		print_overview(stdout);
		return STATUS_FINE;
	}

	const struct command *command = command_find(argv[1]);

	if (command == NULL)
		return command_usage(&help_command, "there is no command '%s'", argv[1]);
	printf("Usage: mangrove %s %s\n\n%s\n%s", command->name, command->arguments,
	       command->summary, command->help);
	return STATUS_FINE;
}

const struct command help_command = {
	.name = "help",
	.arguments = "[COMMAND]",
	.summary = "Explain a command, or list them all.",
	.help = "",
	.run = run,
};
