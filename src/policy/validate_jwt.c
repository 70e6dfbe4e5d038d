/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/jwt.h"
#include "policy/validate.h"

static bool is_http_uri(struct text uri)
{
	struct text rest = text_starts_with(uri, TEXT("https://"))  ? text_from(uri, 8)
			   : text_starts_with(uri, TEXT("http://")) ? text_from(uri, 7)
								    : TEXT("");

	return rest.len > 0 && rest.ptr[0] != '/';
}

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
	if (rule->jwks_uri.len > 0 && !is_http_uri(rule->jwks_uri))
		problem_add(sink, SEVERITY_ERROR, rule->at,
			    "'jwksUri: %.*s' is no https:// or http:// URI",
			    TEXT_ARGS(rule->jwks_uri));
	else if (text_starts_with(rule->jwks_uri, TEXT("http://")))
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

static void validate_texts(const struct problem_sink *sink, const struct text_list *list,
			   const char *what)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].len == 0)
			problem_add(sink, SEVERITY_ERROR, list->at[i], "an empty %s", what);
}

static void validate_rule(const struct problem_sink *sink, const struct jwt_rule *rule)
{
	validate_keys(sink, rule);
	validate_texts(sink, &rule->audiences, "audience; leave it out for any");
	validate_texts(sink, &rule->from_params, "name in 'fromParams'");
	validate_texts(sink, &rule->from_cookies, "name in 'fromCookies'");
	for (size_t i = 0; i < rule->from_headers.count; i++)
		if (rule->from_headers.items[i].name.len == 0)
			problem_add(sink, SEVERITY_ERROR, rule->from_headers.items[i].at,
				    "'fromHeaders' needs a 'name'");
	for (size_t i = 0; i < rule->output_claim_to_headers.count; i++) {
		const struct claim_to_header *item = &rule->output_claim_to_headers.items[i];

		if (item->claim.len == 0 || item->header.len == 0)
			problem_add(sink, SEVERITY_ERROR, item->at,
				    "'outputClaimToHeaders' needs 'header' and 'claim'");
		else if (!is_header_name(item->header))
			problem_add(sink, SEVERITY_ERROR, item->at,
				    "'%.*s' is no header name; letters, digits, '-' and '_' are",
				    TEXT_ARGS(item->header));
	}
}

void request_authentication_validate(const struct request_authentication *policy,
				     problem_fn *report, void *context)
{
	const struct problem_sink sink = { report, context };

	scope_validate(&sink, policy->selector, policy->target_ref, policy->target_refs.items,
		       policy->target_refs.count);
	for (size_t i = 0; i < policy->jwt_rules.count; i++)
		validate_rule(&sink, &policy->jwt_rules.items[i]);
}
