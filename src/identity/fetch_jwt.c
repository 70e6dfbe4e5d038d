/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_jwt.c — a JWT-SVID, and the keys that sign them, asked of the Workload API once. */
#include "identity/fetch.h"

#include "identity/grpc_ask.h"
#include "net/net.h"
#include "workload_api.pb-c.h"

#include <errno.h>

static int ask(const char *endpoint, const char *method, struct text request, struct buffer *answer,
	       struct error *err)
{
	static const struct grpc_metadata metadata[] = { { "workload.spiffe.io", { "true", 4 } } };

	return grpc_ask(endpoint, method, metadata, COUNT_OF(metadata), request, answer, err);
}

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
	AUTO_ARENA struct arena arena;
	AUTO_BUFFER struct buffer answer = { 0 };
	const JWTBundlesResponse *response;
	const char *keys;
	size_t len;
	int result;

	arena_init(&arena, 4096);
	result = ask(endpoint, "/SpiffeWorkloadAPI/FetchJWTBundles", TEXT(""), &answer, err);
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

int identity_fetch_token(const char *endpoint, const char *audience, const char *spiffe_id,
			 struct buffer *out, struct error *err)
{
	char *audiences[] = { (char *)(uintptr_t)audience };
	JWTSVIDRequest request = JWTSVIDREQUEST__INIT;
	AUTO_ARENA struct arena arena;
	AUTO_BUFFER struct buffer question = { 0 }, answer = { 0 };
	const JWTSVIDResponse *response;
	int result;

	arena_init(&arena, 4096);
	request.audience = audiences;
	request.n_audience = COUNT_OF(audiences);
	request.spiffe_id = (char *)(uintptr_t)spiffe_id;
	protobuf_pack(&question, &request.base);
	result = ask(endpoint, "/SpiffeWorkloadAPI/FetchJWTSVID", buffer_text(&question), &answer,
		     err);
	if (result < 0)
		return error_prefix(err, "no token");
	response = protobuf_unpack(&arena, &jwtsvidresponse__descriptor, buffer_text(&answer));
	if (response == NULL || response->n_svids == 0)
		return error_set(err, -EPROTO, "the Workload API sends no token");
	buffer_add_text(out, response->svids[0]->svid);
	return 0;
}
