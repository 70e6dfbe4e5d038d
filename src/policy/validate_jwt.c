/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/jwt.h"
#include "policy/validate.h"

static bool is_header_name(struct text name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!char_is_digit(name.ptr[i]) && name.ptr[i] != '-' && name.ptr[i] != '_'
		    && !(char_lower(name.ptr[i]) >= 'a' && char_lower(name.ptr[i]) <= 'z'))
			return false;
	return name.len > 0;
}

static void validate_keys(const struct problem_sink *sink, const struct jwt_rule *rule)
{
	AUTO(jwks_unref) struct jwks *keys = NULL;
	struct error problem;

	if (rule->issuer.len == 0 && rule->jwks_uri.len == 0 && rule->jwks.len == 0)
		problem_add(
			sink, SEVERITY_ERROR, rule->at,
			"this rule has neither 'issuer' nor keys ('jwks' or 'jwksUri'): nothing "
			"could be verified");
	if (text_starts_with(rule->jwks_uri, TEXT("http://")))
		problem_add(sink, SEVERITY_WARNING, rule->at,
			    "'jwksUri: %.*s' is fetched without TLS: who can change the answer can "
			    "sign tokens; use https",
			    TEXT_ARGS(rule->jwks_uri));
	if (rule->jwks.len == 0)
		return;
	if (jwks_parse(rule->jwks, &keys, &problem) != 0)
		problem_add(sink, SEVERITY_ERROR, rule->at, "'jwks': %s", problem.text);
	else if (jwks_usable_count(keys) == 0)
		problem_add(sink, SEVERITY_WARNING, rule->at,
			    "'jwks' has no key that can verify a token: every token of this issuer "
			    "is refused");
}

static void validate_rule(const struct problem_sink *sink, const struct jwt_rule *rule)
{
	validate_keys(sink, rule);
	for (size_t i = 0; i < rule->audiences.count; i++)
		if (rule->audiences.items[i].len == 0)
			problem_add(sink, SEVERITY_ERROR, rule->audiences.at[i],
				    "an empty audience; leave it out for any");
	for (size_t i = 0; i < rule->output_claim_to_headers.count; i++) {
		const struct claim_to_header *item = &rule->output_claim_to_headers.items[i];

		if (!is_header_name(item->header))
			problem_add(sink, SEVERITY_ERROR, item->at,
				    "'%.*s' is no header name; letters, digits, '-' and '_' are",
				    TEXT_ARGS(item->header));
	}
}

void request_authentication_validate(const struct request_authentication *policy,
				     problem_fn *report, void *context)
{
	const struct problem_sink sink = { report, context };

	for (size_t i = 0; i < policy->jwt_rules.count; i++)
		validate_rule(&sink, &policy->jwt_rules.items[i]);
}
