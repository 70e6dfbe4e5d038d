/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/explain_world.h"

#include "cmd/load.h"

#include <errno.h>
#include <stdio.h>

#define KEY_SET_BYTES_MAX JWKS_SIZE_MAX

/* ---- loading ---- */

static enum path_mode path_mode_of(const struct resource_set *set)
{
	switch (resource_set_mesh_config(set)->path_normalization) {
	case NORMALIZE_NONE:
		return PATH_NONE;
	case NORMALIZE_MERGE_SLASHES:
		return PATH_MERGE_SLASHES;
	case NORMALIZE_DECODE_AND_MERGE_SLASHES:
		return PATH_DECODE_AND_MERGE_SLASHES;
	default:
		return PATH_BASE;
	}
}

int explain_world_open(struct explain_world *world, const char *const *paths, size_t path_count,
		       bool show_warnings)
{
	AUTO_DIAGNOSTICS struct diagnostics found;
	struct error err = { 0 };
	int result;

	*world = (struct explain_world){ 0 };
	arena_init(&world->arena, 4096);
	diagnostics_init(&found);
	result = load_mesh(paths, path_count, &(struct resource_options){ 0 }, &found, &world->set,
			   &world->policy, &err);
	load_print_problems(&found, show_warnings);
	if (result == 0)
		world->path_mode = path_mode_of(world->set);
	else if (found.errors == 0)
		fprintf(stderr, "mangrove explain: %s\n", err.text);
	return result;
}

void explain_world_done(struct explain_world *world)
{
	MAP_FOR_EACH (&world->workloads, entry)
		workload_policy_unref(((struct explain_workload *)entry->value)->policy);
	MAP_FOR_EACH (&world->key_sets, entry)
		jwks_unref(entry->value);
	jwks_unref(world->any_keys);
	map_done(&world->workloads);
	map_done(&world->key_sets);
	policy_unref(world->policy);
	resource_set_unref(world->set);
	arena_done(&world->arena);
}

/* ---- keys ---- */

int explain_world_add_keys(struct explain_world *world, const char *argument, struct error *err)
{
	AUTO_BUFFER struct buffer json = { 0 };
	size_t equals = text_find_last_char(text_of(argument), '=');
	const char *path = equals == TEXT_NONE ? argument : argument + equals + 1;
	struct jwks *keys = NULL;
	int result = file_read(path, KEY_SET_BYTES_MAX, &json, err);

	if (result == 0)
		result = jwks_parse(buffer_text(&json), &keys, err);
	if (result != 0)
		return error_prefix(err, "%s", path);
	if (equals == TEXT_NONE) {
		jwks_unref(world->any_keys);
		world->any_keys = keys;
		return 0;
	}
	jwks_unref(map_put(&world->key_sets, (struct text){ argument, equals }, keys));
	return 0;
}

const struct jwks *explain_world_keys(const void *context, const struct key_source *source)
{
	const struct explain_world *world = context;
	const struct jwks *keys = NULL;

	if (source->uri != NULL)
		keys = map_get(&world->key_sets, text_of(source->uri));
	if (keys == NULL && source->issuer != NULL)
		keys = map_get(&world->key_sets, text_of(source->issuer));
	return keys != NULL ? keys : world->any_keys;
}

/* ---- workloads ---- */

struct candidate {
	const struct text_map *labels;
	struct text service_account;
	uint32_t port;
};

static bool find_in_resources(const struct explain_world *world, struct text namespace,
			      struct text name, struct candidate *out)
{
	const struct resource *found;

	if ((found = resource_find(world->set, KIND_WORKLOAD, namespace, name)) != NULL) {
		const struct workload *workload = workload_of(found);

		*out = (struct candidate){
			workload->labels.count > 0 ? &workload->labels : &found->labels,
			workload->service_account,
			workload->ports.count > 0 ? workload->ports.items[0].number : 0,
		};
	} else if ((found = resource_find(world->set, KIND_WORKLOAD_ENTRY, namespace, name))
		   != NULL) {
		const struct workload_endpoint *endpoint = &workload_entry_of(found)->endpoint;

		*out = (struct candidate){
			&endpoint->labels,
			endpoint->service_account,
			endpoint->ports.count > 0 ? endpoint->ports.items[0].port : 0,
		};
	} else if ((found = resource_find(world->set, KIND_POD, namespace, name)) != NULL) {
		*out = (struct candidate){ &found->labels, pod_of(found)->service_account_name, 0 };
	} else if ((found = resource_find(world->set, KIND_SERVICE, namespace, name)) != NULL) {
		*out = (struct candidate){ &service_of(found)->selector, { 0 }, 0 };
	}
	return found != NULL;
}

/* "a=b,c=d"; for a name that no resource has, app=NAME. */
static const struct text_map *labels_of_text(struct arena *arena, struct text text)
{
	struct text_map *map = ARENA_NEW(arena, struct text_map);
	struct text_pair *pairs = ARENA_ARRAY(arena, text.len + 1, struct text_pair);
	bool is_name = text_find_char(text, '=') == TEXT_NONE;

	map->items = pairs;
	if (is_name) {
		pairs[map->count++] = (struct text_pair){ .key = TEXT("app"), .value = text };
		return map;
	}
	while (text.ptr != NULL) {
		struct text value = text_split(&text, ',');
		struct text key = text_split(&value, '=');

		if (key.len > 0)
			pairs[map->count++] =
				(struct text_pair){ .key = key,
						    .value = value.ptr != NULL ? value : TEXT("") };
	}
	return map;
}

static struct explain_workload *select_workload(struct explain_world *world, struct text namespace,
						struct text name)
{
	struct explain_workload *workload = ARENA_NEW(&world->arena, struct explain_workload);
	struct candidate candidate = { .labels = NULL };
	struct policy_target target = { .namespace = namespace };

	workload->is_known = find_in_resources(world, namespace, name, &candidate);
	if (!workload->is_known)
		candidate.labels = labels_of_text(&world->arena, name);
	workload->port = (uint16_t)candidate.port;
	target.labels = candidate.labels;
	if (text_find_char(name, '=') == TEXT_NONE)
		target.name = target.gateway = name;
	target.service_account = candidate.service_account;
	workload->policy = policy_select(world->policy, &target);
	return workload;
}

const struct explain_workload *explain_world_find(struct explain_world *world,
						  struct text namespace, struct text name_or_labels)
{
	char key[512];
	struct explain_workload *workload;
	size_t len = namespace.len + 1 + name_or_labels.len;

	if (len > sizeof(key))
		return NULL;
	memcpy(key, namespace.ptr, namespace.len);
	key[namespace.len] = '/';
	if (name_or_labels.len > 0)
		memcpy(key + namespace.len + 1, name_or_labels.ptr, name_or_labels.len);
	workload = map_get(&world->workloads, (struct text){ key, len });
	if (workload != NULL)
		return workload;

	char *kept = arena_strndup(&world->arena, key, len);
	struct text whole = { kept, len };

	workload = select_workload(world, text_until(whole, namespace.len),
				   text_from(whole, namespace.len + 1));
	map_put(&world->workloads, whole, workload);
	return workload;
}
