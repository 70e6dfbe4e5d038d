/* SPDX-License-Identifier: Apache-2.0 */
/* role.h — the identity role: the authority, the identities that the resources speak of, and the
 * Workload API that hands them out, in one process and on one event loop. */
#pragma once

#include "identity/ca.h"

#include <sys/types.h>

struct identity_role {
	const char *state;         /* STATE/ca holds the authority */
	const char *socket;        /* NULL: STATE/workload-api.sock */
	const char *trust_domain;  /* NULL: MeshConfig's, or what the authority has */
	struct ca_options ca;      /* its audit is the role's own: STATE/audit */
	uid_t proxy_uid;           /* processes of this user get every identity */
	const char *docker_socket; /* NULL: /var/run/docker.sock */
	bool strict;               /* resources: what warns is an error */
	const char *const *paths;
	size_t path_count;
};

/* Runs until SIGTERM or SIGINT. Fails only at the start: the first resources must load. */
int identity_role_run(const struct identity_role *options, struct error *err);
