/* SPDX-License-Identifier: Apache-2.0 */
/* access_directory.c — which Workloads an identity stands for, and the roles and permissions they
 * carry. */
#include "policy/access.h"
#include "policy/field.h"

#define KEY_MAX 512

static void append(struct arena *arena, struct text_list *list, const struct text *more,
		   size_t count)
{
	struct text *items = ARENA_ARRAY(arena, list->count + count, struct text);

	if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof(*items));
	if (count > 0)
		memcpy(items + list->count, more, count * sizeof(*items));
	list->items = items;
	list->count += count;
}

void access_directory_build(struct access_directory *directory, struct arena *arena,
			    const struct resource_set *set)
{
	struct resource_list list = resource_set_list(set, KIND_WORKLOAD);

	for (size_t i = 0; i < list.count; i++) {
		const struct workload *workload = workload_of(list.items[i]);
		struct text account = workload->service_account.len > 0 ? workload->service_account
									: TEXT("default");
		struct text key = text_of(arena_printf(arena, "%.*s/%.*s",
						       TEXT_ARGS(workload->meta.namespace),
						       TEXT_ARGS(account)));
		struct access_identity *identity = map_get(&directory->identities, key);

		if (identity == NULL) {
			identity = ARENA_NEW(arena, struct access_identity);
			map_put(&directory->identities, key, identity);
		}
		append(arena, &identity->names, &workload->meta.name, 1);
		append(arena, &identity->roles, workload->roles.items, workload->roles.count);
		append(arena, &identity->permissions, workload->permissions.items,
		       workload->permissions.count);
	}
}

void access_directory_done(struct access_directory *directory)
{
	map_done(&directory->identities);
}

const struct access_identity *access_identity_of(const struct access_directory *directory,
						 struct text spiffe_id)
{
	struct text namespace = identity_namespace(spiffe_id);
	struct text account = identity_service_account(spiffe_id);
	char key[KEY_MAX];

	if (account.ptr == NULL || namespace.len + account.len + 1 > sizeof(key))
		return NULL;
	memcpy(key, namespace.ptr, namespace.len);
	key[namespace.len] = '/';
	memcpy(key + namespace.len + 1, account.ptr, account.len);
	return map_get(&directory->identities,
		       (struct text){ key, namespace.len + 1 + account.len });
}
