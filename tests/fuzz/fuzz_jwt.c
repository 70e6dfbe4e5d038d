/* SPDX-License-Identifier: Apache-2.0 */
/* What strangers send: tokens, key sets and paths. Nothing crashes; no token verifies without a
 * key; a normalised path is no longer than it came, holds no dot segment, and stays as it is. */
#include "policy/policy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool nothing_wanted(const void *context, struct text value)
{
	(void)context;
	require(value.ptr != NULL);
	return false;
}

static void try_token(struct text token, const struct jwks *keys)
{
	const struct text path[] = { TEXT("a"), TEXT("b") };
	AUTO(jwt_free) struct jwt *jwt = NULL;
	AUTO_BUFFER struct buffer header = { 0 };

	if (jwt_parse(token, &jwt) != JWT_FINE)
		return;
	jwt_claim_any(jwt, path, COUNT_OF(path), nothing_wanted, NULL);
	jwt_claim_as_header(jwt, TEXT("a.b"), &header);
	require(jwt_verify(jwt, keys) != JWT_FINE);
}

static bool has_dot_segment(struct text path)
{
	path = path_without_query(path);
	while (path.ptr != NULL) {
		struct text segment = text_split(&path, '/');

		if (text_is(segment, ".") || text_is(segment, ".."))
			return true;
	}
	return false;
}

static void try_path(enum path_mode mode, struct text input)
{
	AUTO_BUFFER struct buffer path = { 0 };
	size_t len = input.len, again;

	buffer_add(&path, input.ptr, input.len);
	if (path_normalize(mode, path.data, &len) != 0)
		return;
	require(len <= input.len);
	if (mode == PATH_NONE)
		return;
	require(!has_dot_segment((struct text){ path.data, len }));
	again = len;
	if (mode != PATH_DECODE_AND_MERGE_SLASHES) /* that one decodes one layer each time */
		require(path_normalize(mode, path.data, &again) == 0 && again == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text input = { (const char *)data, size };
	AUTO(jwks_unref) struct jwks *keys = NULL, *empty = NULL;

	require(jwks_parse(TEXT("{\"keys\":[]}"), &empty, NULL) == 0);
	try_token(input, empty);
	if (jwks_parse(input, &keys, NULL) == 0)
		require(jwks_usable_count(keys) <= JWKS_KEYS_MAX);
	for (enum path_mode mode = PATH_BASE; size > 0 && mode <= PATH_DECODE_AND_MERGE_SLASHES;
	     mode++)
		try_path(mode, input);
	return 0;
}
