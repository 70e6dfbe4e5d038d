/* SPDX-License-Identifier: Apache-2.0 */
/* request_authentication.h — security.istio.io RequestAuthentication: which JWTs are believed.
 * Source: istio/api security/v1beta1/request_authentication.proto. */
#pragma once

#include "resource/kinds/common.h"

struct jwt_header {
	struct source_pos at;
	struct text name, prefix;
};

struct claim_to_header {
	struct source_pos at;
	struct text header, claim;
};

struct jwt_rule {
	struct source_pos at;
	struct text issuer;
	struct text_list audiences;
	struct text jwks_uri, jwks;
	LIST_OF(struct jwt_header) from_headers;
	struct text_list from_params, from_cookies;
	struct text output_payload_to_header;
	bool forward_original_token;
	LIST_OF(struct claim_to_header) output_claim_to_headers;
	struct optional_duration timeout; /* of fetching the keys; 5 s where absent */
	struct text_list space_delimited_claims;
};

struct request_authentication {
	struct resource meta;
	const struct workload_selector *selector;
	const struct policy_target_reference *target_ref;
	LIST_OF(struct policy_target_reference) target_refs;
	LIST_OF(struct jwt_rule) jwt_rules;
};

static inline const struct request_authentication *
request_authentication_of(const struct resource *resource)
{
	return (const struct request_authentication *)resource;
}
