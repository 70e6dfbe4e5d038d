/* SPDX-License-Identifier: Apache-2.0 */
/* token_location.h — where a request carries its tokens. Source: envoy's jwt_authn extractor. */
#pragma once

#include "policy/authenticate.h"
#include "resource/resource.h"

#define TOKENS_MAX 16 /* for one rule; more are an attack, and fail */

enum token_place { TOKEN_IN_HEADER = 1, TOKEN_IN_QUERY, TOKEN_IN_COOKIE };

struct found_token {
	enum token_place place;
	struct text name; /* of the header (as written), parameter or cookie */
	struct text value;
};

struct found_tokens {
	struct found_token items[TOKENS_MAX];
	size_t count;
	bool too_many;
};

/* All tokens at the places that the rule names; without any: "Authorization: Bearer" and the query
 * parameter access_token. */
void token_find(const struct jwt_rule *rule, const struct authentication_input *input,
		struct found_tokens *out);

/* A header of the request by a name in any case, several values joined; absent where missing. */
struct text request_header(const struct request_facts *facts, struct text name);
