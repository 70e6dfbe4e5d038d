/* SPDX-License-Identifier: Apache-2.0 */
/* workload.h — mangrove.dev Workload: which processes of this host are a workload, and who they are
 * then.
 *
 *	metadata: { name: voice-terminal, namespace: alphanumeric-system }
 *	spec:
 *	  serviceAccount: voice-terminal-service
 *	  labels: { app: voice-terminal }
 *	  processes:                 # any of these, each with all that it says
 *	  - { user: voice, path: /usr/bin/voice-terminal }
 *	  - systemdUnit: voice-terminal.service
 *	  ports:
 *	  - { name: http, number: 3001, protocol: HTTP }
 *	  roles: [internal-service]
 *	  permissions: [process_voice] */
#pragma once

#include "resource/kinds/common.h"

struct workload_docker {
	struct source_pos at;
	struct text image; /* "registry/name:tag"; `*` at the end matches any rest */
	struct text_map labels;
};

struct workload_pod {
	struct source_pos at;
	struct text namespace, name, service_account;
	struct text_map labels;
};

struct workload_process {
	struct source_pos at;
	struct optional_int uid, gid;
	struct text user, group; /* names, looked up on this host */
	struct text path;        /* of the executable; absolute */
	struct text sha256;      /* of the executable; 64 hex digits */
	struct text systemd_unit;
	const struct workload_docker *docker;
	const struct workload_pod *pod;
};

struct workload {
	struct resource meta;
	struct text service_account; /* "default" where absent */
	struct text_map labels;      /* what selectors see; metadata.labels where absent */
	LIST_OF(struct workload_process) processes;
	struct text address; /* where it listens; absent: this host */
	LIST_OF(struct network_port) ports;
	struct text_list roles, permissions;
};

static inline const struct workload *workload_of(const struct resource *resource)
{
	return (const struct workload *)resource;
}
