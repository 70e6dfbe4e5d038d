/* SPDX-License-Identifier: Apache-2.0 */
/* proxy.h — the data plane: mutual TLS, authorization and routing between services and at the edge.
 *
 * One process; a control thread that reads resources and identities, makes plans (plan.h) and
 * answers the admin port; and a worker thread a core, each with its own listeners, connections and
 * counters. How a request walks through is told in docs/ARCHITECTURE.md. */
#pragma once

#include "net/net.h"

struct proxy_identity_files { /* see struct identity_files */
	const char *certificate, *key, *bundle, *directory;
};

struct proxy_capture { /* capture.h */
	const char *cgroup, *workload;
	struct address proxy;
};

struct proxy_options {
	const char *const *paths; /* of resources */
	size_t path_count;
	bool strict;              /* what warns is an error */
	const char *trust_domain; /* NULL: MeshConfig's */
	const char *const
		*workloads; /* "NAMESPACE/NAME" to stand for; count 0: those at home here */
	size_t workload_count;
	const char
		*workload_api; /* endpoint; NULL: SPIFFE_ENDPOINT_SOCKET, unless files are given */
	const struct proxy_identity_files *files;
	size_t file_count;
	unsigned workers;       /* 0: one a core */
	const char *access_log; /* path, "-" for standard output, "none"; NULL: MeshConfig's, else
				   "-" */
	const char *dns;        /* servers, "IP:PORT,…"; NULL: those of /etc/resolv.conf */
	struct address admin;   /* len 0: no admin port */
	const char *handover;   /* unix socket at which the next proxy can take over; NULL: none */
	bool take_over;         /* from the proxy that is there */
	const struct proxy_capture *captures; /* whose connections the kernel brings here */
	size_t capture_count;
	const char *jwks_ca; /* PEM file: whom key sets are fetched from by https; NULL: the
				system's roots */
	uint64_t jwks_refresh_ns;
	uint64_t drain_ns; /* how long a stop waits for requests in progress */
};

#define PROXY_JWKS_REFRESH_NS (300 * NS_PER_SEC) /* Envoy's cache, as Istio sets it */

/* Runs until SIGTERM or SIGINT. 0, or -Exxx where it could not start. */
int proxy_run(const struct proxy_options *options, struct error *err);
