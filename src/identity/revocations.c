/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/revocations.h"

#include <errno.h>
#include <stdatomic.h>

struct revocations {
	atomic_uint references;
	struct resource_set *resources;                    /* a reference: denials point into it */
	struct arena arena;                                /* of denials and keys of the maps */
	struct map by_serial, by_key, by_authority, by_id; /* struct denial */
	struct denial *prefixes;                           /* of SPIFFE IDs; chained */
	size_t count;
};

/* ---- compiling ---- */

/* Lower case, no colons, no leading zeros: the form of struct credential. */
static struct text normal_serial(struct revocations *revocations, struct text serial)
{
	char *out = arena_alloc_bytes(&revocations->arena, serial.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < serial.len; i++)
		if (serial.ptr[i] != ':' && (serial.ptr[i] != '0' || len > 0))
			out[len++] = char_lower(serial.ptr[i]);
	if (len == 0)
		out[len++] = '0';
	return (struct text){ out, len };
}

/* The bytes of 64 hex digits, which the decoder has checked. */
static struct text bytes_of_hash(struct revocations *revocations, struct text hex)
{
	struct key_hash *out = ARENA_NEW(&revocations->arena, struct key_hash);

	key_hash_parse(hex, out);
	return (struct text){ (const char *)out->bytes, KEY_HASH_SIZE };
}

static void chain(struct map *map, struct text key, struct denial *denial)
{
	denial->next = map_put(map, key, denial);
}

static bool is_prefix(struct text id)
{
	return text_ends_with(id, TEXT("*"));
}

static void add_id(struct revocations *revocations, struct denial *denial)
{
	if (is_prefix(denial->item->spiffe_id)) {
		denial->next = revocations->prefixes;
		revocations->prefixes = denial;
	} else {
		chain(&revocations->by_id, denial->item->spiffe_id, denial);
	}
}

static void add(struct revocations *revocations, const struct revocation *by,
		const struct revocation_denial *item)
{
	struct denial *denial = ARENA_NEW(&revocations->arena, struct denial);

	denial->by = by;
	denial->item = item;
	revocations->count++;
	if (item->serial.len > 0)
		chain(&revocations->by_serial, normal_serial(revocations, item->serial), denial);
	else if (item->key.len > 0)
		chain(&revocations->by_key, bytes_of_hash(revocations, item->key), denial);
	else if (item->authority.len > 0)
		chain(&revocations->by_authority, bytes_of_hash(revocations, item->authority),
		      denial);
	else
		add_id(revocations, denial);
}

struct revocations *revocations_compile(struct resource_set *set)
{
	struct revocations *revocations = MEM_NEW(struct revocations);
	const struct resource_list list = resource_set_list(set, KIND_REVOCATION);

	atomic_init(&revocations->references, 1);
	revocations->resources = resource_set_ref(set);
	arena_init(&revocations->arena, 4096);
	for (size_t i = 0; i < list.count; i++) {
		const struct revocation *by = revocation_of(list.items[i]);

		for (size_t k = 0; k < by->denials.count; k++)
			add(revocations, by, &by->denials.items[k]);
	}
	return revocations;
}

struct revocations *revocations_ref(struct revocations *revocations)
{
	if (revocations != NULL)
		atomic_fetch_add_explicit(&revocations->references, 1, memory_order_relaxed);
	return revocations;
}

void revocations_unref(struct revocations *revocations)
{
	if (revocations == NULL
	    || atomic_fetch_sub_explicit(&revocations->references, 1, memory_order_acq_rel) > 1)
		return;
	map_done(&revocations->by_serial);
	map_done(&revocations->by_key);
	map_done(&revocations->by_authority);
	map_done(&revocations->by_id);
	arena_done(&revocations->arena);
	resource_set_unref(revocations->resources);
	mem_free(revocations);
}

size_t revocations_count(const struct revocations *revocations)
{
	return revocations != NULL ? revocations->count : 0;
}

/* ---- asking ---- */

static bool is_in_force(const struct denial *denial, int64_t now_ns)
{
	return denial->by->since_ns <= now_ns
	       && (denial->by->until_ns == 0 || now_ns < denial->by->until_ns);
}

static const struct denial *first_in_force(const struct denial *denial, int64_t now_ns)
{
	while (denial != NULL && !is_in_force(denial, now_ns))
		denial = denial->next;
	return denial;
}

static const struct denial *find_hash(const struct map *map, const struct key_hash *hash,
				      int64_t now_ns)
{
	const struct text key = { (const char *)hash->bytes, KEY_HASH_SIZE };

	return first_in_force(map_get(map, key), now_ns);
}

/* A whole second belongs to the moment it names: certificates know no fractions. */
static bool concerns_age(const struct denial *denial, int64_t issued_ns)
{
	return denial->item->issued_before_ns == 0 || issued_ns < denial->item->issued_before_ns;
}

static bool concerns_id(const struct denial *denial, struct text id)
{
	const struct text prefix = denial->item->spiffe_id;

	return text_starts_with(id, text_until(prefix, prefix.len - 1));
}

const struct denial *revocations_find_id(const struct revocations *revocations, struct text id,
					 int64_t issued_ns, int64_t now_ns)
{
	const struct denial *denial;

	if (revocations == NULL || text_is_empty(id))
		return NULL;
	for (denial = map_get(&revocations->by_id, id); denial != NULL; denial = denial->next)
		if (is_in_force(denial, now_ns) && concerns_age(denial, issued_ns))
			return denial;
	for (denial = revocations->prefixes; denial != NULL; denial = denial->next)
		if (concerns_id(denial, id) && is_in_force(denial, now_ns)
		    && concerns_age(denial, issued_ns))
			return denial;
	return NULL;
}

const struct denial *revocations_find_authority(const struct revocations *revocations,
						const struct key_hash *key, int64_t now_ns)
{
	return revocations != NULL ? find_hash(&revocations->by_authority, key, now_ns) : NULL;
}

const struct denial *revocations_find(const struct revocations *revocations, struct text id,
				      const struct credential *credential, int64_t now_ns)
{
	const struct denial *denial;

	if (revocations == NULL || revocations->count == 0)
		return NULL;
	denial = revocations_find_id(revocations, id, credential->issued_ns, now_ns);
	if (denial == NULL && credential->serial[0] != '\0')
		denial = first_in_force(
			map_get(&revocations->by_serial, text_of(credential->serial)), now_ns);
	if (denial == NULL)
		denial = find_hash(&revocations->by_key, &credential->key, now_ns);
	for (unsigned i = 0; denial == NULL && i < credential->authority_count; i++)
		denial = find_hash(&revocations->by_authority, &credential->authorities[i], now_ns);
	return denial;
}

int64_t revocations_next_change_ns(const struct revocations *revocations, int64_t now_ns)
{
	int64_t next = INT64_MAX;

	if (revocations == NULL)
		return next;

	const struct resource_list list =
		resource_set_list(revocations->resources, KIND_REVOCATION);

	for (size_t i = 0; i < list.count; i++) {
		const struct revocation *each = revocation_of(list.items[i]);

		if (each->since_ns > now_ns)
			next = MIN_OF(next, each->since_ns);
		if (each->until_ns > now_ns)
			next = MIN_OF(next, each->until_ns);
	}
	return next;
}

const char *denial_format(const struct denial *denial, char *out, size_t size)
{
	const struct resource *meta = &denial->by->meta;

	snprintf(out, size, "revoked by Revocation %.*s (%s:%u): %.*s", TEXT_ARGS(meta->name),
		 denial->item->at.file, denial->item->at.line, TEXT_ARGS(denial->by->reason));
	return out;
}

bool denial_is_of_id(const struct denial *denial)
{
	return denial->item->spiffe_id.len > 0;
}

int denial_refuse(const struct denial *denial, struct error *err)
{
	char text[ERROR_TEXT_MAX];

	if (denial == NULL)
		return 0;
	return error_set(err, -EACCES, "%s", denial_format(denial, text, sizeof(text)));
}
