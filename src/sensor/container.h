/* SPDX-License-Identifier: Apache-2.0 */
/* container.h — which container a process runs in, and what is known of that container.
 *
 * The identity comes from the path of its cgroup, at once; names, image and labels from the engine,
 * later: until then they are absent. A container is shared by its processes and let go with the
 * last of them. */
#pragma once

#include "sensor/container_info.h"
#include "sensor/process.h"

#define CONTAINER_ID_MAX   64
#define CONTAINER_ID_SHORT 12 /* digits of container.id */

enum container_engine {
	CONTAINER_ENGINE_NONE,
	CONTAINER_ENGINE_DOCKER,
	CONTAINER_ENGINE_PODMAN,
	CONTAINER_ENGINE_CONTAINERD,
	CONTAINER_ENGINE_CRIO,
	CONTAINER_ENGINE_LXC,
	CONTAINER_ENGINE_COUNT,
};

const char *container_engine_name(unsigned engine); /* "docker", as in container.type */

/* The container that a cgroup path is one of. The id is a view of the path. False for the host, and
 * for what only looks like an id: a directory of that name that no engine makes. */
bool container_of_cgroup(struct text path, enum container_engine *engine, struct text *id);

struct container {
	uint32_t references;
	uint8_t engine; /* enum container_engine */
	char id[CONTAINER_ID_MAX + 1];
	struct container_table *table;
	struct container_info *info; /* NULL: not known yet */
	bool owns_info;              /* else it is the table's */
};

struct container *container_ref(struct container *container); /* NULL is fine */
void container_unref(struct container *container);            /* NULL is fine */

/* --- all of them ------------------------------------------------------------------------- */

struct container_table;
struct inspector;

/* inspector: borrowed; NULL: nobody is asked. */
struct container_table *container_table_new(struct inspector *inspector);
void container_table_free(struct container_table *table); /* after the last container */
size_t container_table_count(const struct container_table *table);

/* What the inspector found out since, for containers that are still there. */
void container_table_update(struct container_table *table);
/* Takes the info. The id may be the first digits alone, as captures have it. */
void container_table_learn(struct container_table *table, struct text id,
			   struct container_info *info);

/* Gives the process the container that its cgroups say. */
void container_assign(struct container_table *table, struct process *process);
