/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/container.h"

#include "sensor/inspector.h"

struct container_table {
	struct map by_id;            /* full id -> struct container; not owned */
	struct inspector *inspector; /* borrowed; NULL: nobody is asked */
	struct map told; /* short id -> struct container_info, owned: of captures, before the
			  * container is seen */
};

struct container_table *container_table_new(struct inspector *inspector)
{
	struct container_table *table = MEM_NEW(struct container_table);

	table->inspector = inspector;
	return table;
}

void container_table_free(struct container_table *table)
{
	if (table == NULL)
		return;
	MAP_FOR_EACH (&table->told, entry)
		container_info_free(entry->value);
	map_done(&table->told);
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
	if (container->owns_info)
		container_info_free(container->info);
	mem_free(container);
}

static struct text short_id(struct text id)
{
	return text_until(id, MIN_OF(id.len, (size_t)CONTAINER_ID_SHORT));
}

void container_table_update(struct container_table *table)
{
	char id[CONTAINER_ID_MAX + 1];
	struct container_info *info;

	while (table->inspector != NULL && (info = inspector_take(table->inspector, id)) != NULL) {
		struct container *container = map_get(&table->by_id, text_of(id));

		if (container == NULL || container->info != NULL) {
			container_info_free(info); /* it is gone, or was asked about twice */
			continue;
		}
		container->info = info;
		container->owns_info = true;
	}
}

#define TOLD_MAX 4096

void container_table_learn(struct container_table *table, struct text id,
			   struct container_info *info)
{
	struct container_info *before = map_get(&table->told, short_id(id));

	if (before != NULL || table->told.count >= TOLD_MAX) { /* recorders repeat themselves */
		container_info_free(info);
		return;
	}
	map_put(&table->told, short_id(id), info); /* the id is a text of the info */
	MAP_FOR_EACH (&table->by_id, entry) {
		struct container *container = entry->value;

		if (container->info == NULL && text_starts_with(entry->key, short_id(id)))
			container->info = info;
	}
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
	container->info = map_get(&table->told, short_id(id));
	if (container->info == NULL && table->inspector != NULL)
		inspector_ask(table->inspector, container->id, engine);
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
