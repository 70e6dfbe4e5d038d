/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/field.h"

const struct field_info fields[FIELD_COUNT] = {
	[FIELD_PRINCIPAL] = { .list = "principals",
			      .not_list = "notPrincipals",
			      .key = "source.principal",
			      .needs_identity = true },
	[FIELD_NAMESPACE] = { .list = "namespaces",
			      .not_list = "notNamespaces",
			      .key = "source.namespace",
			      .values = VALUES_NAMESPACE,
			      .needs_identity = true },
	[FIELD_SERVICE_ACCOUNT] = { .list = "serviceAccounts",
				    .not_list = "notServiceAccounts",
				    .key = "source.serviceAccount",
				    .values = VALUES_SERVICE_ACCOUNT,
				    .needs_identity = true },
	[FIELD_TRUST_DOMAIN] = { .list = "trustDomains",
				 .not_list = "notTrustDomains",
				 .key = "source.trustDomain",
				 .needs_identity = true },
	[FIELD_SOURCE_IP] = { .list = "ipBlocks",
			      .not_list = "notIpBlocks",
			      .key = "source.ip",
			      .values = VALUES_IP },
	[FIELD_REMOTE_IP] = { .list = "remoteIpBlocks",
			      .not_list = "notRemoteIpBlocks",
			      .key = "remote.ip",
			      .values = VALUES_IP },
	[FIELD_REQUEST_PRINCIPAL] = { .list = "requestPrincipals",
				      .not_list = "notRequestPrincipals",
				      .key = "request.auth.principal",
				      .values = VALUES_REQUEST_PRINCIPAL,
				      .http_only = true,
				      .needs_identity = true },
	[FIELD_AUDIENCE] = { .key = "request.auth.audiences",
			     .values = VALUES_CLAIM,
			     .http_only = true,
			     .needs_identity = true },
	[FIELD_PRESENTER] = { .key = "request.auth.presenter",
			      .values = VALUES_CLAIM,
			      .http_only = true,
			      .needs_identity = true },
	[FIELD_CLAIM] = { .key = "request.auth.claims",
			  .key_has_name = true,
			  .values = VALUES_CLAIM,
			  .http_only = true,
			  .needs_identity = true },
	[FIELD_HEADER] = { .key = "request.headers",
			   .key_has_name = true,
			   .http_only = true,
			   .star_is_presence = true },
	[FIELD_HOST] = { .list = "hosts",
			 .not_list = "notHosts",
			 .http_only = true,
			 .star_is_presence = true,
			 .ignore_case = true },
	[FIELD_METHOD] = { .list = "methods",
			   .not_list = "notMethods",
			   .http_only = true,
			   .star_is_presence = true },
	[FIELD_PATH] = { .list = "paths", .not_list = "notPaths", .http_only = true },
	[FIELD_DESTINATION_IP] = { .key = "destination.ip", .values = VALUES_IP },
	[FIELD_DESTINATION_PORT] = { .list = "ports",
				     .not_list = "notPorts",
				     .key = "destination.port",
				     .values = VALUES_PORT },
	[FIELD_SNI] = { .key = "connection.sni" },
	[FIELD_METADATA] = { .key = "experimental.envoy.filters.",
			     .key_has_name = true,
			     .values = VALUES_NOTHING },
};

static const struct retired_key {
	const char *key;
	bool is_prefix;
	const char *instead;
} retired_keys[] = {
	{ "destination.labels", true, "the workload is chosen by 'selector'" },
	{ "destination.namespace", false, "the namespace is the policy's own, metadata.namespace" },
	{ "destination.name", false, "it left with v1alpha1; choose the workload by 'selector'" },
	{ "destination.user", false, "it left with v1alpha1; choose the workload by 'selector'" },
};

static const char *retired_key_advice(struct text key)
{
	for (size_t i = 0; i < COUNT_OF(retired_keys); i++) {
		struct text retired = text_of(retired_keys[i].key);

		if (retired_keys[i].is_prefix ? text_starts_with(key, retired)
					      : text_equal(key, retired))
			return retired_keys[i].instead;
	}
	return NULL;
}

/* "request.auth.claims[a][b]": what is between the first '[' and the last ']'. */
static const char *name_in_brackets(struct text key, struct text *name)
{
	size_t open = text_find_char(key, '[');

	if (open == TEXT_NONE || !text_ends_with(key, TEXT("]")) || open + 2 >= key.len)
		return "is followed by a name in brackets, as in 'request.headers[x-tenant]'";
	*name = text_until(text_from(key, open + 1), key.len - open - 2);
	return NULL;
}

enum field field_of_key(struct text key, struct text *name, const char **problem)
{
	*name = (struct text){ 0 };
	*problem = NULL;
	for (enum field field = 1; field < FIELD_COUNT; field++) {
		struct text known = text_of(fields[field].key);

		if (known.ptr == NULL || !text_starts_with(key, known))
			continue;
		if (fields[field].key_has_name) {
			*problem = name_in_brackets(key, name);
			return *problem == NULL ? field : FIELD_NONE;
		}
		if (key.len == known.len)
			return field;
	}
	*problem = retired_key_advice(key);
	if (*problem == NULL)
		*problem = "is no attribute that a condition knows";
	return FIELD_NONE;
}

static struct text header_text(struct text name, const struct request_facts *facts)
{
	struct text value = { 0 };

	if (text_is(name, ":method"))
		return facts->method;
	if (text_is(name, ":authority") || text_is(name, "host"))
		return facts->host;
	if (facts->header == NULL || !facts->header(facts->header_context, name, &value))
		return (struct text){ 0 };
	return value.ptr != NULL ? value : TEXT("");
}

struct text field_text(enum field field, struct text name, const struct request_facts *facts)
{
	switch (field) {
	case FIELD_PRINCIPAL:
		return identity_principal(facts->peer);
	case FIELD_TRUST_DOMAIN:
		return identity_trust_domain(facts->peer);
	case FIELD_HEADER:
		return header_text(name, facts);
	case FIELD_HOST:
		return facts->host;
	case FIELD_METHOD:
		return facts->method;
	case FIELD_PATH:
		return facts->path;
	case FIELD_SNI:
		return facts->sni;
	default:
		return (struct text){ 0 };
	}
}

struct ip_address field_ip(enum field field, const struct request_facts *facts)
{
	return field == FIELD_SOURCE_IP   ? facts->source_ip
	       : field == FIELD_REMOTE_IP ? facts->remote_ip
					  : facts->destination_ip;
}
