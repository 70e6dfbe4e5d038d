/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/workload_index.h"

struct uid_workloads {
	int64_t uid; /* the map's key */
	struct workload_list list;
};

static void add(struct workload_list *list, const struct workload *workload)
{
	if (list->count > 0 && list->items[list->count - 1] == workload)
		return;                             /* another entry of it */
	if ((list->count & (list->count - 1)) == 0) /* a power of two: it is full */
		list->items = mem_realloc_array((void *)list->items,
						list->count > 0 ? 2 * list->count : 1,
						sizeof(const struct workload *));
	list->items[list->count++] = workload;
}

static struct text key_of(const int64_t *uid)
{
	return (struct text){ (const char *)uid, sizeof(*uid) };
}

static void add_for_uid(struct workload_index *index, int64_t uid, const struct workload *workload)
{
	struct uid_workloads *found = map_get(&index->by_uid, key_of(&uid));

	if (found == NULL) {
		found = MEM_NEW(struct uid_workloads);
		found->uid = uid;
		map_put(&index->by_uid, key_of(&found->uid), found);
	}
	add(&found->list, workload);
}

void workload_index_build(struct workload_index *index, const struct resource_set *resources)
{
	const struct resource_list list = resource_set_list(resources, KIND_WORKLOAD);

	workload_index_done(index);
	for (size_t i = 0; i < list.count; i++) {
		const struct workload *workload = workload_of(list.items[i]);

		for (size_t k = 0; k < workload->processes.count; k++) {
			const struct optional_int *uid = &workload->processes.items[k].uid;

			if (uid->is_set)
				add_for_uid(index, uid->value, workload);
			else
				add(&index->others, workload);
		}
	}
}

void workload_index_done(struct workload_index *index)
{
	MAP_FOR_EACH (&index->by_uid, entry) {
		struct uid_workloads *each = entry->value;

		mem_free((void *)each->list.items);
		mem_free(each);
	}
	map_done(&index->by_uid);
	mem_free((void *)index->others.items);
	*index = (struct workload_index){ 0 };
}

struct workload_list workload_index_of(const struct workload_index *index, uid_t uid)
{
	const int64_t number = uid;
	const struct uid_workloads *found = map_get(&index->by_uid, key_of(&number));

	return found != NULL ? found->list : (struct workload_list){ 0 };
}
