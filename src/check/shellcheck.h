/* SPDX-License-Identifier: Apache-2.0 */
/* shellcheck.h — ShellCheck, where it is installed, asked about scripts; a child process.
 *
 * The scripts lie in memory (memfd), the child gets a bare environment, reads no other file
 * (--norc, no -x), and is killed after ten seconds. One child for all scripts of a file. */
#pragma once

#include "base/base.h"
#include "check/finding.h"

struct shell_source {
	const char *dialect; /* "sh", "bash", "dash", "ksh" */
	struct text text;
};

struct shell_remark {
	size_t script;         /* which of the sources */
	unsigned line, column; /* of its text, counted from 1, columns in bytes */
	unsigned code;         /* of SC2086 */
	enum finding_severity severity;
	const char *message; /* in the arena */
};

struct shell_remarks {
	struct shell_remark *items; /* in the arena */
	size_t count, capacity;
};

#define SHELLCHECK_SCRIPTS_MAX 128 /* more are not looked at */

/* Where the program is, by PATH; false: it is not installed. */
bool shellcheck_find(char *out, size_t size);
int shellcheck_run(const char *program, const struct shell_source *sources, size_t count,
		   struct arena *arena, struct shell_remarks *out, struct error *err);
