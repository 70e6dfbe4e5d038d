/* SPDX-License-Identifier: Apache-2.0 */
/* inspector.h — asks the engines about containers, on a thread of its own: an event never waits.
 *
 * Docker and Podman are asked by their sockets; of containerd and cri-o the bundle is read that a
 * container was started from, which has the same facts as their gRPC and cannot hang. A question is
 * tried a few times, as a process may be seen before its container is written down. */
#pragma once

#include "sensor/container.h"

struct inspector;

struct inspector_options { /* borrowed; NULL: where they are by default */
	const char *docker_socket, *podman_socket;
	const char *root; /* before the folders of bundles; "" by default */
};

struct inspector *inspector_new(const struct inspector_options *options);
void inspector_free(
	struct inspector *inspector); /* waits for the thread: a question lasts 2 s at most */
DEFINE_AUTO(struct inspector, inspector_free)

/* From the state's thread. What is too much at once is not asked: the table asks again later. */
void inspector_ask(struct inspector *inspector, const char *id, enum container_engine engine);
/* One answer, and whose it is; NULL where there is none. The caller's. Costs nothing when idle. */
struct container_info *inspector_take(struct inspector *inspector, char id[CONTAINER_ID_MAX + 1]);
