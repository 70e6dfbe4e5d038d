/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/container.h"

struct container_table {
	struct map by_id; /* full id -> struct container; not owned */
};

struct container_table *container_table_new(void)
{
	return MEM_NEW(struct container_table);
}

void container_table_free(struct container_table *table)
{
	if (table == NULL)
		return;
	map_done(&table->by_id);
	mem_free(table);
}

size_t container_table_count(const struct container_table *table)
{
	return table->by_id.count;
}

struct container *container_ref(struct container *container)
{
	if (container != NULL)
		container->references++;
	return container;
}

void container_unref(struct container *container)
{
	if (container == NULL || --container->references > 0)
		return;
	map_remove(&container->table->by_id, text_of(container->id));
	mem_free(container);
}

/* One reference for the caller. */
static struct container *find_or_add(struct container_table *table, enum container_engine engine,
				     struct text id)
{
	struct container *container = map_get(&table->by_id, id);

	if (container != NULL)
		return container_ref(container);
	container = MEM_NEW(struct container);
	container->references = 1;
	container->engine = (uint8_t)engine;
	container->table = table;
	memcpy(container->id, id.ptr, MIN_OF(id.len, (size_t)CONTAINER_ID_MAX));
	map_put(&table->by_id, text_of(container->id), container);
	return container;
}

void container_assign(struct container_table *table, struct process *process)
{
	struct text rest = shared_text_view(process->cgroups);
	enum container_engine engine;
	struct container *container = NULL;
	struct text id;

	if (process->cgroups == process->container_cgroups)
		return;
	process->container_cgroups = process->cgroups;
	while (rest.ptr != NULL && container == NULL) {
		struct text cgroup = text_split(&rest, '\0'); /* "subsystem=path" */

		text_split(&cgroup, '=');
		if (cgroup.ptr != NULL && container_of_cgroup(cgroup, &engine, &id))
			container = find_or_add(table, engine, id);
	}
	container_unref(process->container);
	process->container = container;
}
