/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/jwks.h"

#include "policy/jwk.h"

#include <errno.h>
#include <stdatomic.h>

struct jwks {
	atomic_uint references;
	uint64_t number;
	struct jwk *keys; /* owned */
	size_t count;
};

static atomic_uint_fast64_t numbers;

uint64_t jwks_number(const struct jwks *keys)
{
	return keys->number;
}

struct jwks *jwks_ref(const struct jwks *keys)
{
	struct jwks *shared = (struct jwks *)keys;

	atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
	return shared;
}

void jwks_unref(struct jwks *keys)
{
	if (keys == NULL
	    || atomic_fetch_sub_explicit(&keys->references, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < keys->count; i++)
		jwk_done(&keys->keys[i]);
	mem_free(keys->keys);
	mem_free(keys);
}

size_t jwks_usable_count(const struct jwks *keys)
{
	return keys->count;
}

/* Symmetric keys in a set that others can read are a mistake, and in a set with public keys the way
 * to algorithm confusion. */
static bool mixes_secret_keys(const json_t *array)
{
	size_t secret = 0, i;
	const json_t *item;

	json_array_foreach(array, i, item) secret +=
		text_is(json_text_of(json_object_get(item, "kty")), "oct");
	return secret > 0 && secret < json_array_size(array);
}

static bool repeats_key_id(const json_t *array, struct text *repeated)
{
	AUTO_MAP struct map seen = { 0 };
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
	{
		*repeated = json_text_of(json_object_get(item, "kid"));
		if (repeated->ptr != NULL && map_put(&seen, *repeated, &seen) != NULL)
			return true;
	}
	return false;
}

static int check_set(const json_t *array, struct error *err)
{
	struct text repeated;

	if (!json_is_array(array))
		return error_set(err, -EINVAL,
				 "the key set is no JWKS: it needs a list 'keys' (RFC 7517 "
				 "section 5)");
	if (json_array_size(array) > JWKS_KEYS_MAX)
		return error_set(err, -EINVAL, "the key set has %zu keys; at most %d are read",
				 json_array_size(array), JWKS_KEYS_MAX);
	if (mixes_secret_keys(array))
		return error_set(err, -EINVAL,
				 "the key set mixes symmetric keys (kty 'oct') with public ones; "
				 "publish the public keys only");
	if (repeats_key_id(array, &repeated))
		return error_set(err, -EINVAL, "two keys of the set have the same kid '%.*s'",
				 TEXT_ARGS(repeated));
	return 0;
}

int jwks_parse(struct text text, struct jwks **out, struct error *err)
{
	json_error_t problem;

	if (text.len > JWKS_SIZE_MAX)
		return error_set(err, -EFBIG, "the key set has %zu bytes; at most %zu are read",
				 text.len, JWKS_SIZE_MAX);

	json_t *json = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &problem);

	if (json == NULL)
		return error_set(err, -EINVAL, "the key set is no JSON: %s", problem.text);

	json_t *single = json_object_get(json, "kty") != NULL ? json_pack("[O]", json) : NULL;
	const json_t *array = single != NULL ? single : json_object_get(json, "keys");
	int result = check_set(array, err);

	if (result == 0) {
		struct jwks *keys = MEM_NEW(struct jwks);
		const json_t *item;
		size_t i;

		atomic_init(&keys->references, 1);
		keys->number = 1 + atomic_fetch_add_explicit(&numbers, 1, memory_order_relaxed);
		keys->keys = mem_alloc_array(json_array_size(array) + 1, sizeof(struct jwk));
		json_array_foreach(array, i, item) if (jwk_read(item, &keys->keys[keys->count]))
			keys->count++;
		*out = keys;
	}
	json_decref(single);
	json_decref(json);
	return result;
}

enum jwt_status jwks_verify(const struct jwks *keys, const struct jws *jws)
{
	bool matched = false;

	if (keys->count == 0)
		return JWT_KEYS_UNUSABLE;
	for (size_t i = 0; i < keys->count; i++) {
		const struct jwk *key = &keys->keys[i];

		if (jws->key_id.ptr != NULL && key->id != NULL && !text_is(jws->key_id, key->id))
			continue;
		if (key->algorithm != NULL && key->algorithm != jws->algorithm)
			continue;
		matched = true;
		if (jwk_verify(key, jws))
			return JWT_FINE;
	}
	return matched ? JWT_VERIFICATION_FAILS : JWT_NO_MATCHING_KEY;
}
