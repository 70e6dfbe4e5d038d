/* SPDX-License-Identifier: Apache-2.0 */
/* shell.h — a POSIX shell script, parsed well enough to know its commands, words and pipes.
 *
 * Finds every simple command wherever it stands: in lists, pipes, groups, loops, functions and
 * command substitutions. Quoting is resolved; an expansion in a word reads as "${VAR}", so a word
 * that is not constant never equals one that is. Nothing is executed or expanded. Depth and count
 * are bounded; what lies beyond is left out and said (`truncated`). */
#pragma once

#include "base/base.h"

#include <stdbool.h>

struct shell_word {
	struct text text;  /* quotes removed, expansions as ${VAR} */
	size_t start, end; /* in the script */
	bool has_expansion;
};

struct shell_command {
	struct text name;               /* absent where it is not constant */
	const struct shell_word *words; /* words[0] is the command word; assignments left out */
	size_t count;
	size_t start, end;
	bool piped; /* its output goes into a pipe */
};

struct shell_script {
	struct text text;
	const struct shell_command *commands;
	size_t count;
	bool has_pipe;
	bool truncated;
};

void shell_parse(struct shell_script *out, struct text text, struct arena *arena);

/* Questions about one command, as hadolint asks them. */
bool command_has_arg(const struct shell_command *command, const char *arg);
/* Name and any of the arguments (NULL ends them). */
bool command_is(const struct shell_command *command, const char *name, const char *const *args);
/* "--name", "--name=…", or a letter of "-abc". */
bool command_has_flag(const struct shell_command *command, const char *flag);
bool command_has_any_flag(const struct shell_command *command, const char *const *flags);
/* The arguments that are no flags, without the values of the flags listed. */
size_t command_operands(const struct shell_command *command, const char *const *flags_with_value,
			struct text *out, size_t max);
/* The word behind a flag, absent where there is none. */
struct text command_flag_value(const struct shell_command *command, const char *flag);
struct text command_base_name(struct text name); /* "/usr/bin/bash" -> "bash" */
