/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_jwt.c — the keys that sign JWT-SVIDs, asked of the Workload API once. */
#include "identity/fetch.h"

#include "identity/grpc_ask.h"
#include "net/net.h"
#include "workload_api.pb-c.h"

#include <errno.h>

static const char *find_keys(const JWTBundlesResponse *response, const char *trust_domain,
			     size_t *len)
{
	AUTO(mem_free_text) char *id = mem_printf("spiffe://%s", trust_domain);

	for (size_t i = 0; i < response->n_bundles; i++) {
		if (strcmp(response->bundles[i]->key, id) != 0)
			continue;
		*len = response->bundles[i]->value.len;
		return (const char *)response->bundles[i]->value.data;
	}
	return NULL;
}

int identity_fetch_jwt_keys(const char *endpoint, const char *trust_domain, struct buffer *out,
			    struct error *err)
{
	static const struct grpc_metadata metadata[] = { { "workload.spiffe.io", { "true", 4 } } };
	AUTO_ARENA struct arena arena;
	AUTO_BUFFER struct buffer answer = { 0 };
	const JWTBundlesResponse *response;
	const char *keys;
	size_t len;
	int result;

	arena_init(&arena, 4096);
	result = grpc_ask(endpoint, "/SpiffeWorkloadAPI/FetchJWTBundles", metadata,
			  COUNT_OF(metadata), TEXT(""), &answer, err);
	if (result < 0)
		return result;
	response = protobuf_unpack(&arena, &jwtbundles_response__descriptor, buffer_text(&answer));
	if (response == NULL)
		return error_set(err, -EPROTO, "the Workload API's message is malformed");
	keys = find_keys(response, trust_domain, &len);
	if (keys != NULL)
		buffer_add(out, keys, len);
	return 0;
}
