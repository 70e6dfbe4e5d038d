/* SPDX-License-Identifier: Apache-2.0 */
/* authenticate.h — RequestAuthentication: find a request's tokens, verify them, say what follows.
 *
 * Key sets are handed in: inline ones are compiled with the policy, remote ones are the caller's to
 * fetch, off the workers (workload_key_sources lists them). Allocates: once a request that carries
 * a token, never for one without. Semantics: Envoy's jwt_authn filter as Istio configures it. */
#pragma once

#include "base/base.h"
#include "policy/facts.h"
#include "policy/jwt.h"
#include "policy/token_cache.h"

struct workload_policy;

/* Where keys come from. Immutable, owned by the policy. Equal URIs are one source. */
struct key_source {
	const char *uri;    /* of the JWKS; NULL: OpenID discovery on the issuer */
	const char *issuer; /* of the rule; may be NULL where uri is set */
	uint64_t timeout_ns;
	struct source_pos at;
};

const struct key_source *const *workload_key_sources(const struct workload_policy *workload,
						     size_t *count);

/* The keys of a remote source as they stand now, or NULL where none could be fetched. The pointer
 * must stay valid during the call of request_authenticate. */
typedef const struct jwks *key_lookup_fn(const void *context, const struct key_source *source);

/* What becomes of the request's headers and query when it passes. Texts live in the result. */
struct header_change {
	const char *name;  /* lower case */
	struct text value; /* absent: remove */
};

struct authentication {
	bool passed;
	enum jwt_status status;       /* why not; JWT_FINE or JWT_MISSING where passed */
	unsigned http_status;         /* 401, or 403 for a wrong audience */
	const char *body;             /* jwt_status_text */
	const char *www_authenticate; /* owned; NULL where passed */
	struct jwt *token; /* owned; the verified one that rules may ask about; or NULL */
	struct header_change *changes; /* owned array; removals first, then what is set */
	size_t change_count;
	const char **query_removals; /* owned array of parameter names that carried a spent token */
	size_t query_removal_count;
};

struct authentication_input {
	const struct request_facts *facts; /* path, host, headers */
	struct text query;                 /* without '?'; absent: none */
	struct text scheme;                /* for the realm: "http" or "https" */
	key_lookup_fn *keys;               /* NULL: no remote keys */
	const void *keys_context;
	struct token_cache *cache; /* NULL: every signature is verified */
};

/* True where the workload has no RequestAuthentication: nothing to call. */
bool workload_skips_authentication(const struct workload_policy *workload);
/* Headers to delete from every request before anything reads them: nobody outside may set them. */
const char *const *workload_spoofable_headers(const struct workload_policy *workload,
					      size_t *count);

void request_authenticate(const struct workload_policy *workload,
			  const struct authentication_input *input, struct authentication *out);
void authentication_done(struct authentication *authentication);
