/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/authorization_policy.h"

#include "resource/kinds/kinds.h"

#define SOURCE(json_name, member)                                                                  \
	FIELD(json_name, FIELD_TEXT_LIST, struct authorization_source, member,                     \
	      .flags = FIELD_NOT_EMPTY)

static const struct field source_fields[] = {
	SOURCE("principals", principals),
	SOURCE("notPrincipals", not_principals),
	SOURCE("requestPrincipals", request_principals),
	SOURCE("notRequestPrincipals", not_request_principals),
	SOURCE("namespaces", namespaces),
	SOURCE("notNamespaces", not_namespaces),
	SOURCE("serviceAccounts", service_accounts),
	SOURCE("notServiceAccounts", not_service_accounts),
	SOURCE("trustDomains", trust_domains),
	SOURCE("notTrustDomains", not_trust_domains),
	SOURCE("ipBlocks", ip_blocks),
	SOURCE("notIpBlocks", not_ip_blocks),
	SOURCE("remoteIpBlocks", remote_ip_blocks),
	SOURCE("notRemoteIpBlocks", not_remote_ip_blocks),
};
static const struct schema source_schema =
	SCHEMA("source", struct authorization_source, source_fields);

#define OPERATION(json_name, member)                                                               \
	FIELD(json_name, FIELD_TEXT_LIST, struct authorization_operation, member,                  \
	      .flags = FIELD_NOT_EMPTY)

static const struct field operation_fields[] = {
	OPERATION("hosts", hosts),     OPERATION("notHosts", not_hosts),
	OPERATION("ports", ports),     OPERATION("notPorts", not_ports),
	OPERATION("methods", methods), OPERATION("notMethods", not_methods),
	OPERATION("paths", paths),     OPERATION("notPaths", not_paths),
};
static const struct schema operation_schema =
	SCHEMA("operation", struct authorization_operation, operation_fields);

static const struct field from_fields[] = {
	FIELD("source", FIELD_MESSAGE, struct authorization_from, source, .schema = &source_schema,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
};
static const struct schema from_schema =
	SCHEMA("an item of from", struct authorization_from, from_fields);

static const struct field to_fields[] = {
	FIELD("operation", FIELD_MESSAGE, struct authorization_to, operation,
	      .schema = &operation_schema, .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
};
static const struct schema to_schema = SCHEMA("an item of to", struct authorization_to, to_fields);

static const struct field condition_fields[] = {
	FIELD("key", FIELD_TEXT, struct authorization_condition, key, .flags = FIELD_REQUIRED),
	FIELD("values", FIELD_TEXT_LIST, struct authorization_condition, values,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("notValues", FIELD_TEXT_LIST, struct authorization_condition, not_values,
	      .flags = FIELD_NOT_EMPTY),
};

static void check_condition(struct decoder *decoder, const struct value *value, void *message)
{
	if (value_get(value, "values") == NULL && value_get(value, "notValues") == NULL)
		decode_error(decoder, value->at, "a condition needs 'values' or 'notValues'");
	(void)message;
}

static const struct schema condition_schema =
	SCHEMA("an item of when", struct authorization_condition, condition_fields,
	       .validate = check_condition);

static const struct field rule_fields[] = {
	FIELD("from", FIELD_MESSAGE_LIST, struct authorization_rule, from, .schema = &from_schema,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("to", FIELD_MESSAGE_LIST, struct authorization_rule, to, .schema = &to_schema,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("when", FIELD_MESSAGE_LIST, struct authorization_rule, when,
	      .schema = &condition_schema, .flags = FIELD_NOT_EMPTY),
};
static const struct schema rule_schema = SCHEMA("a rule", struct authorization_rule, rule_fields);

static const struct word action_words[] = {
	{ "ALLOW", AUTHORIZATION_ALLOW, NULL },
	{ "DENY", AUTHORIZATION_DENY, NULL },
	{ "AUDIT", AUTHORIZATION_AUDIT, NULL },
	{ "CUSTOM", AUTHORIZATION_CUSTOM, NULL },
	{ NULL, 0, NULL },
};

static const struct field provider_fields[] = {
	FIELD("name", FIELD_TEXT, struct authorization_provider, name, .flags = FIELD_REQUIRED),
};
static const struct schema provider_schema =
	SCHEMA("provider", struct authorization_provider, provider_fields);

static const struct field spec_fields[] = {
	FIELD("selector", FIELD_MESSAGE, struct authorization_policy, selector,
	      .schema = &workload_selector_schema, .group = 1),
	FIELD("targetRef", FIELD_MESSAGE, struct authorization_policy, target_ref,
	      .schema = &policy_target_reference_schema, .group = 1),
	FIELD("targetRefs", FIELD_MESSAGE_LIST, struct authorization_policy, target_refs,
	      .schema = &policy_target_reference_schema, .group = 1),
	FIELD("action", FIELD_ENUM, struct authorization_policy, action, .words = action_words),
	FIELD("provider", FIELD_MESSAGE, struct authorization_policy, provider,
	      .schema = &provider_schema),
	FIELD("rules", FIELD_MESSAGE_LIST, struct authorization_policy, rules,
	      .schema = &rule_schema),
};
static const struct schema spec_schema =
	SCHEMA("AuthorizationPolicy", struct authorization_policy, spec_fields, .is_inline = true);
static const struct schema document = SPEC_DOCUMENT(struct authorization_policy, spec_schema, 0);

const struct kind_info authorization_policy_kind = {
	.kind = KIND_AUTHORIZATION_POLICY,
	.name = "AuthorizationPolicy",
	.group = "security.istio.io",
	.versions = istio_security_versions,
	.size = sizeof(struct authorization_policy),
	.is_namespaced = true,
	.document = &document,
};
