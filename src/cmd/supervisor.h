/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.h — runs roles, each a process of this same program, and starts again what dies.
 *
 * A role that dies is started again after a pause that grows from 0.1 to 5 seconds while it keeps
 * dying. One that ends with "bad input" (exit status 2) would do so again: then all is stopped.
 * So it is with "the machine does not permit it" (3), but for roles that a node can do without:
 * those are left alone. Roles die with the supervisor.
 *
 * SIGUSR2 upgrades: the supervisor becomes the program that now lies where it was started from
 * (upgrade.h) and starts each role anew. A role that can take over from its predecessor does so,
 * and the old one ends when the new one is ready; others are stopped first. */
#pragma once

#include "base/base.h"

#define ROLE_ARGUMENTS_MAX 64

struct role {
	const char *name;    /* the command: "identity" */
	bool takes_over;     /* understands --take-over */
	bool ignores_hangup; /* has no log to open again */
	bool is_dispensable; /* where it is not permitted, all else runs */
	const char *arguments[ROLE_ARGUMENTS_MAX + 1]; /* after the command; NULL ends them */
};

/* Runs until SIGTERM or SIGINT, or until a role cannot run. Roles are started in order and stopped
 * in the reverse. Returns the exit status. */
int supervisor_run(const struct role *roles, size_t count);
