/* SPDX-License-Identifier: Apache-2.0 */
/* control_keys.c — the keys of token issuers: which ones the plan in force needs, and handing them
 * to the workers when they come. */
#include "proxy/control.h"

struct keys_task {
	struct task task;
	struct worker *worker;
	struct key_set *set; /* a reference */
	struct key_fetch *fetch;
};

static void run_keys(struct task *task)
{
	struct keys_task *keys = CONTAINER_OF(task, struct keys_task, task);

	worker_set_keys(keys->worker, keys->set, keys->fetch);
	key_set_unref(keys->set);
	mem_free(keys);
}

/* On the thread of the fetches; the workers outlive it. */
static void on_keys(void *owner, struct key_set *set)
{
	const struct control *control = owner;

	for (size_t i = 0; i < control->worker_count; i++) {
		struct keys_task *keys = MEM_NEW(struct keys_task);

		keys->task.run = run_keys;
		keys->worker = control->workers[i];
		keys->set = key_set_ref(set);
		keys->fetch = control->keys;
		loop_post(keys->worker->loop, &keys->task);
	}
}

struct source_list {
	const struct key_source **items;
	size_t count;
};

static void add_source(struct source_list *list, const struct key_source *source)
{
	for (size_t i = 0; i < list->count; i++)
		if (key_source_is(source, list->items[i]->uri, list->items[i]->issuer))
			return;
	list->items = mem_realloc_array(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = source;
}

static struct source_list sources_of(const struct plan *plan)
{
	struct source_list list = { 0 };

	for (size_t i = 0; i < plan->workload_count; i++) {
		size_t count = 0;
		const struct key_source *const *sources =
			workload_key_sources(plan->workloads[i].policy, &count);

		for (size_t k = 0; k < count; k++)
			add_source(&list, sources[k]);
	}
	return list;
}

/* Without libcurl nothing is pending: tokens of these issuers are refused at once. */
static void give_up(struct control *control, const struct source_list *list)
{
	AUTO(key_set_unref) struct key_set *set = key_set_new(list->count);

	for (size_t i = 0; i < list->count; i++) {
		set->items[i].uri =
			list->items[i]->uri != NULL ? mem_strdup(list->items[i]->uri) : NULL;
		set->items[i].issuer =
			list->items[i]->issuer != NULL ? mem_strdup(list->items[i]->issuer) : NULL;
	}
	on_keys(control, set);
}

void control_want_keys(struct control *control)
{
	const struct key_fetch_options options = {
		.ca_file = control->options->jwks_ca,
		.refresh_ns = control->options->jwks_refresh_ns,
		.changed = on_keys,
		.owner = control,
	};
	struct source_list list = sources_of(control->plan);
	struct error err = { 0 };

	if (control->keys == NULL && list.count > 0
	    && key_fetch_new(&options, &control->keys, &err) < 0) {
		log_problem(LOG_LEVEL_ERROR, "keys of token issuers cannot be fetched", &err);
		give_up(control, &list);
	}
	if (control->keys != NULL)
		key_fetch_want(control->keys, list.items, list.count);
	mem_free(list.items);
}
