/* SPDX-License-Identifier: Apache-2.0 */
/* container_info.h — what an engine knows of a container, in one form whichever engine it is.
 *
 * Made by one reader each: Docker's and Podman's answer to an inspection, the bundle that
 * containerd and cri-o start a container from, and the events of captures. Never changes once it is
 * made. */
#pragma once

#include "base/base.h"

struct container_label {
	struct text key, value;
};

struct container_mount {
	struct text source, destination, mode, propagation;
	bool writable;
};

struct container_info {
	struct arena arena; /* of all texts and lists */
	struct text name, image, image_id, repository, tag, digest, ip;
	struct text pod, pod_namespace, pod_uid, sandbox; /* Kubernetes */
	bool privileged, host_pid, host_network, host_ipc;
	int64_t started_ns; /* since 1970; 0: not known */
	struct container_label *labels;
	size_t label_count;
	struct container_mount *mounts;
	size_t mount_count;
};

struct container_info *container_info_new(void);
void container_info_free(struct container_info *info); /* NULL is fine */
DEFINE_AUTO(struct container_info, container_info_free)

struct text container_info_label(const struct container_info *info, struct text key);

/* Each NULL where the text is not what it should be. */
struct container_info *container_info_of_docker(struct text json); /* GET /containers/ID/json */
struct container_info *container_info_of_bundle(struct text json); /* config.json of the OCI */
/* {"container": {"id": ..., "name": ...}}, as recorders put into captures; *id is a view of the
 * info. */
struct container_info *container_info_of_event(struct text json, struct text *id);
