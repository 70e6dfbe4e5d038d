/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/authenticate.h"

#include "policy/compiled.h"
#include "policy/token_location.h"

#define UNAUTHORIZED 401
#define FORBIDDEN    403
#define REALM_MAX    ((size_t)256)

/* ---- one rule ---- */

static const struct jwks *keys_of(const struct provider *provider,
				  const struct authentication_input *input)
{
	if (provider->keys == NULL)
		return provider->inline_keys;
	return input->keys != NULL ? input->keys(input->keys_context, provider->keys) : NULL;
}

static bool audience_allowed(const struct jwt_rule *rule, const struct jwt *token)
{
	for (size_t i = 0; i < rule->audiences.count; i++)
		if (jwt_has_audience(token, rule->audiences.items[i]))
			return true;
	return rule->audiences.count == 0;
}

static enum jwt_status judge_claims(const struct provider *provider, const struct jwt *token,
				    const struct authentication_input *input)
{
	const struct jwt_rule *rule = provider->rule;
	enum jwt_status status;

	if (rule->issuer.len > 0 && !text_equal(jwt_issuer(token), rule->issuer))
		return JWT_UNKNOWN_ISSUER;
	status = jwt_check_time(token, input->facts->time_ns / (int64_t)NS_PER_SEC);
	if (status != JWT_FINE)
		return status;
	return audience_allowed(rule, token) ? JWT_FINE : JWT_AUDIENCE_NOT_ALLOWED;
}

/* The token taken apart: from the cache, or anew. *verified_by says for the former which keys found
 * it good. */
static enum jwt_status take_apart(const struct provider *provider, struct text token,
				  const struct authentication_input *input, struct jwt **out,
				  uint64_t *verified_by)
{
	const struct jwt_rule *rule = provider->rule;
	struct jwt *known = token_cache_find(input->cache, provider->number, token, verified_by);
	enum jwt_status status;

	if (known != NULL) {
		*out = jwt_ref(known);
		return JWT_FINE;
	}
	status = jwt_parse(token, out);
	if (status == JWT_FINE)
		jwt_set_word_claims(*out, rule->space_delimited_claims.items,
				    rule->space_delimited_claims.count);
	return status;
}

static enum jwt_status judge(const struct provider *provider, struct text token,
			     const struct authentication_input *input, struct jwt **out)
{
	uint64_t verified_by = JWKS_NO_NUMBER;
	AUTO(jwt_free) struct jwt *parsed = NULL;
	const struct jwks *keys;
	enum jwt_status status = take_apart(provider, token, input, &parsed, &verified_by);

	if (status == JWT_FINE)
		status = judge_claims(provider, parsed, input);
	if (status != JWT_FINE)
		return status;
	keys = keys_of(provider, input); /* asked for last: it may start a fetch */
	if (keys == NULL)
		return JWT_KEYS_UNAVAILABLE;
	if (verified_by != jwks_number(keys)) {
		status = jwt_verify(parsed, keys);
		if (status == JWT_FINE)
			token_cache_keep(input->cache, provider->number, parsed, jwks_number(keys));
	}
	if (status == JWT_FINE)
		*out = TAKE(parsed);
	return status;
}

/* Every token that the rule finds must be good: one that nobody checked might be the one that the
 * application reads. *token is the last one. */
static enum jwt_status apply_rule(const struct provider *provider,
				  const struct authentication_input *input,
				  struct found_tokens *found, struct jwt **token)
{
	token_find(provider->rule, input, found);
	if (found->count == 0)
		return JWT_MISSING;
	if (found->too_many)
		return JWT_TOO_LARGE;
	for (size_t i = 0; i < found->count; i++) {
		struct jwt *good = NULL;
		const enum jwt_status status = judge(provider, found->items[i].value, input, &good);

		if (status != JWT_FINE)
			return status;
		jwt_free(*token);
		*token = good;
	}
	return JWT_FINE;
}

/* ---- all rules ---- */

/* Of several failures the one to tell: what is wrong with a token beats whose it is, and that beats
 * that there is none; the later beats the earlier. */
static enum jwt_status worse(enum jwt_status told, enum jwt_status next)
{
	if (next == JWT_MISSING || (next == JWT_UNKNOWN_ISSUER && told != JWT_MISSING))
		return told;
	return next;
}

/* P1 or P2 or … or (each Pi good or missing): Istio's requirement for several rules. */
static enum jwt_status apply_rules(const struct workload_policy *workload,
				   const struct authentication_input *input,
				   const struct provider **by, struct found_tokens *found,
				   struct jwt **token)
{
	enum jwt_status told = JWT_MISSING, first_wrong = JWT_MISSING;

	for (size_t i = 0; i < workload->provider_count; i++) {
		enum jwt_status status = apply_rule(workload->providers[i], input, found, token);

		if (status == JWT_FINE) {
			*by = workload->providers[i];
			return JWT_FINE;
		}
		told = worse(told, status);
		if (first_wrong == JWT_MISSING)
			first_wrong = status;
	}
	return workload->provider_count > 1 ? worse(told, first_wrong) : told;
}

/* ---- what follows ---- */

static const char *realm_answer(const struct authentication_input *input)
{
	AUTO_BUFFER struct buffer realm = { 0 };
	struct text path = input->facts->path;

	buffer_printf(&realm, "%.*s://%.*s%.*s", TEXT_ARGS(input->scheme),
		      TEXT_ARGS(input->facts->host), TEXT_ARGS(path));
	for (size_t i = 0; i < realm.len; i++) /* nothing may end the quoted string early */
		if (realm.data[i] == '"' || realm.data[i] == '\\' || realm.data[i] < ' ')
			realm.data[i] = '_';
	return mem_printf("Bearer realm=\"%.*s\", error=\"invalid_token\"",
			  (int)MIN_OF(realm.len, REALM_MAX), realm.data);
}

static void refuse(struct authentication *out, const struct authentication_input *input,
		   enum jwt_status status)
{
	out->status = status;
	out->http_status = status == JWT_AUDIENCE_NOT_ALLOWED ? FORBIDDEN : UNAUTHORIZED;
	out->body = jwt_status_text(status);
	out->www_authenticate = realm_answer(input);
}

static struct text lower_text(struct text text)
{
	char *copy = mem_strndup(text.ptr, text.len);

	for (size_t i = 0; i < text.len; i++)
		copy[i] = char_lower(copy[i]);
	return (struct text){ copy, text.len };
}

static void change(struct authentication *out, struct text name, struct text value)
{
	out->changes[out->change_count++] = (struct header_change){ lower_text(name).ptr, value };
}

/* A spent token does not travel on, unless it is asked to; cookies do. */
static void remove_tokens(struct authentication *out, const struct found_tokens *found)
{
	for (size_t i = 0; i < found->count; i++) {
		const struct found_token *token = &found->items[i];

		if (token->place == TOKEN_IN_HEADER)
			change(out, token->name, (struct text){ 0 });
		else if (token->place == TOKEN_IN_QUERY)
			out->query_removals[out->query_removal_count++] =
				mem_strndup(token->name.ptr, token->name.len);
	}
}

/* A header's value: line ends in a claim would be another header. */
static bool is_header_value(const struct buffer *value)
{
	for (size_t i = 0; i < value->len; i++)
		if ((unsigned char)value->data[i] < ' ' || value->data[i] == 0x7f)
			return false;
	return true;
}

static void set_claim_headers(struct authentication *out, const struct jwt_rule *rule)
{
	if (rule->output_payload_to_header.len > 0) {
		struct text payload = jwt_payload_encoded(out->token);

		change(out, rule->output_payload_to_header,
		       text_of(mem_strndup(payload.ptr, payload.len)));
	}
	for (size_t i = 0; i < rule->output_claim_to_headers.count; i++) {
		const struct claim_to_header *wanted = &rule->output_claim_to_headers.items[i];
		AUTO_BUFFER struct buffer value = { 0 };

		if (!jwt_claim_as_header(out->token, wanted->claim, &value)
		    || !is_header_value(&value))
			continue;
		change(out, wanted->header,
		       text_of(mem_strndup(value.len > 0 ? value.data : "", value.len)));
	}
}

static void pass_on(struct authentication *out, const struct provider *by,
		    const struct found_tokens *found)
{
	const struct jwt_rule *rule = by->rule;

	out->passed = true;
	out->status = JWT_FINE;
	out->changes = mem_alloc_array(found->count + 1 + rule->output_claim_to_headers.count,
				       sizeof(*out->changes));
	out->query_removals = mem_alloc_array(found->count + 1, sizeof(*out->query_removals));
	if (!rule->forward_original_token)
		remove_tokens(out, found);
	set_claim_headers(out, rule);
}

static bool is_cors_preflight(const struct request_facts *facts)
{
	return text_is(facts->method, "OPTIONS") && request_header(facts, TEXT("origin")).len > 0
	       && request_header(facts, TEXT("access-control-request-method")).len > 0;
}

void request_authenticate(const struct workload_policy *workload,
			  const struct authentication_input *input, struct authentication *out)
{
	const struct provider *by = NULL;
	struct found_tokens found;
	enum jwt_status status;

	*out = (struct authentication){ .passed = false };
	if (workload_skips_authentication(workload) || input->facts->protocol != REQUEST_HTTP
	    || is_cors_preflight(input->facts)) {
		out->passed = true;
		return;
	}
	status = apply_rules(workload, input, &by, &found, &out->token);
	if (status == JWT_FINE) {
		pass_on(out, by, &found);
		return;
	}
	jwt_free(TAKE(out->token));
	if (status == JWT_MISSING)
		out->passed = true;
	else
		refuse(out, input, status);
}

void authentication_done(struct authentication *authentication)
{
	for (size_t i = 0; i < authentication->change_count; i++) {
		mem_free((void *)authentication->changes[i].name);
		mem_free((void *)authentication->changes[i].value.ptr);
	}
	for (size_t i = 0; i < authentication->query_removal_count; i++)
		mem_free((void *)authentication->query_removals[i]);
	mem_free(authentication->changes);
	mem_free((void *)authentication->query_removals);
	mem_free((void *)authentication->www_authenticate);
	jwt_free(authentication->token);
	*authentication = (struct authentication){ .passed = false };
}
