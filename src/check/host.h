/* SPDX-License-Identifier: Apache-2.0 */
/* host.h — the host's Docker, examined as it runs: the checks of the CIS Docker benchmark that need
 * no judgement. Files are looked at, the daemon is asked over its socket; nothing is changed.
 *
 * What could not be seen (no socket, no right to it) is told, never taken for fine. */
#pragma once

#include "check/run.h"

struct host_options {
	const char *root;   /* "" : this host; a directory: its files, for tests */
	const char *socket; /* of the daemon */
};

/* Returns 0, or -EACCES where something could not be looked at: the problems of the run say what.
 */
int check_docker_host(struct check_run *run, const struct check_options *options,
		      const struct host_options *host, struct error *err);
