/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"

#include <stdio.h>

static int run(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("mangrove " MANGROVE_VERSION);
	return STATUS_FINE;
}

const struct command version_command = {
	.name = "version",
	.arguments = "",
	.summary = "Print the version.",
	.help = "",
	.run = run,
};
