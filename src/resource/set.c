/* SPDX-License-Identifier: Apache-2.0 */
/* set.c — a set of resources: counted references, ordered lists, an index by name. */
#include "resource/set.h"

#include "resource/load.h"

#include <stdlib.h>

struct resource_set *set_new(const struct resource_options *options)
{
	struct resource_set *set = MEM_NEW(struct resource_set);

	atomic_init(&set->references, 1);
	arena_init(&set->arena, 16384);
	set->generation = options->generation;
	set->root_namespace =
		arena_strdup(&set->arena, options->root_namespace != NULL ? options->root_namespace
									  : "istio-system");
	if (options->trust_domain != NULL)
		set->trust_domain = arena_strdup(&set->arena, options->trust_domain);
	mesh_config_init(&set->mesh_config);
	return set;
}

struct resource_set *resource_set_ref(struct resource_set *set)
{
	atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
	return set;
}

void resource_set_unref(struct resource_set *set)
{
	if (set == NULL || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < KIND_COUNT; i++)
		mem_free(set->lists[i].items);
	map_done(&set->index);
	arena_wipe(&set->arena); /* Secrets were in it */
	arena_done(&set->arena);
	mem_free(set);
}

uint64_t resource_set_generation(const struct resource_set *set)
{
	return set->generation;
}

struct text resource_set_root_namespace(const struct resource_set *set)
{
	return text_of(set->root_namespace);
}

const struct mesh_config *resource_set_mesh_config(const struct resource_set *set)
{
	return &set->mesh_config;
}

struct resource_list resource_set_list(const struct resource_set *set, enum resource_kind kind)
{
	const struct kind_list *list = &set->lists[kind];

	return (struct resource_list){ .items = list->items, .count = list->count };
}

#define KEY_MAX 1024 /* names are limited to 253 letters each where they are read */

/* "17 namespace/name"; untyped kinds add what they are. */
static struct text make_key(char out[KEY_MAX], enum resource_kind kind, struct text type,
			    struct text namespace, struct text name)
{
	const int len = snprintf(out, KEY_MAX, "%d%.*s %.*s/%.*s", (int)kind, TEXT_ARGS(type),
				 TEXT_ARGS(namespace), TEXT_ARGS(name));

	return (struct text){ out, len > 0 && len < KEY_MAX ? (size_t)len : 0 };
}

const struct resource *resource_find(const struct resource_set *set, enum resource_kind kind,
				     struct text namespace, struct text name)
{
	char key[KEY_MAX];

	return map_get(&set->index, make_key(key, kind, TEXT(""), namespace, name));
}

struct arena *set_arena(struct resource_set *set)
{
	return &set->arena;
}

const struct resource *set_add(struct resource_set *set, struct resource *resource)
{
	struct kind_list *list = &set->lists[resource->kind];
	char key[KEY_MAX];
	const struct text type = resource->kind == KIND_UNTYPED ? resource->kind_name : TEXT("");
	const struct text wanted =
		make_key(key, resource->kind, type, resource->namespace, resource->name);
	const struct resource *there = map_get(&set->index, wanted);

	if (there != NULL)
		return there;
	if (list->count == list->capacity) {
		list->capacity = MAX_OF(list->capacity * 2, (size_t)8);
		list->items =
			mem_realloc_array(list->items, list->capacity, sizeof(struct resource *));
	}
	list->items[list->count++] = resource;
	map_put(&set->index,
		(struct text){ arena_strndup(&set->arena, wanted.ptr, wanted.len), wanted.len },
		resource);
	return NULL;
}

static int compare_text(struct text a, struct text b)
{
	const int first = memcmp(a.ptr, b.ptr, MIN_OF(a.len, b.len));

	return first != 0 ? first : (a.len > b.len) - (a.len < b.len);
}

/* The older first, those without a time after all that have one; then by namespace and name. */
static int compare_resources(const void *left, const void *right)
{
	const struct resource *a = *(const struct resource *const *)left;
	const struct resource *b = *(const struct resource *const *)right;
	const int64_t a_time = a->created_ns != 0 ? a->created_ns : INT64_MAX;
	const int64_t b_time = b->created_ns != 0 ? b->created_ns : INT64_MAX;

	if (a_time != b_time)
		return a_time < b_time ? -1 : 1;

	const int by_namespace = compare_text(a->namespace, b->namespace);

	return by_namespace != 0 ? by_namespace : compare_text(a->name, b->name);
}

void set_finish(struct resource_set *set)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (set->lists[i].count > 0)
			qsort(set->lists[i].items, set->lists[i].count, sizeof(struct resource *),
			      compare_resources);
	if (set->lists[KIND_MESH_CONFIG].count > 0)
		set->mesh_config = *mesh_config_of(set->lists[KIND_MESH_CONFIG].items[0]);
	if (set->trust_domain != NULL)
		set->mesh_config.trust_domain = text_of(set->trust_domain);
}
