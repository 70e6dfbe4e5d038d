/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/request_authentication.h"

#include "resource/kinds/kinds.h"

static const struct field header_fields[] = {
	FIELD("name", FIELD_TEXT, struct jwt_header, name, .flags = FIELD_REQUIRED),
	FIELD("prefix", FIELD_TEXT, struct jwt_header, prefix),
};
static const struct schema header_schema =
	SCHEMA("an item of fromHeaders", struct jwt_header, header_fields);

static const struct field claim_fields[] = {
	FIELD("header", FIELD_TEXT, struct claim_to_header, header, .flags = FIELD_REQUIRED),
	FIELD("claim", FIELD_TEXT, struct claim_to_header, claim, .flags = FIELD_REQUIRED),
};
static const struct schema claim_schema =
	SCHEMA("an item of outputClaimToHeaders", struct claim_to_header, claim_fields);

static const struct field rule_fields[] = {
	FIELD("issuer", FIELD_TEXT, struct jwt_rule, issuer),
	FIELD("audiences", FIELD_TEXT_LIST, struct jwt_rule, audiences),
	FIELD("jwksUri", FIELD_TEXT, struct jwt_rule, jwks_uri, .format = FORMAT_URL, .group = 1),
	FIELD("jwks", FIELD_TEXT, struct jwt_rule, jwks, .group = 1),
	FIELD("fromHeaders", FIELD_MESSAGE_LIST, struct jwt_rule, from_headers,
	      .schema = &header_schema),
	FIELD("fromParams", FIELD_TEXT_LIST, struct jwt_rule, from_params,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("fromCookies", FIELD_TEXT_LIST, struct jwt_rule, from_cookies,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("outputPayloadToHeader", FIELD_TEXT, struct jwt_rule, output_payload_to_header),
	FIELD("forwardOriginalToken", FIELD_BOOL, struct jwt_rule, forward_original_token),
	FIELD("outputClaimToHeaders", FIELD_MESSAGE_LIST, struct jwt_rule, output_claim_to_headers,
	      .schema = &claim_schema),
	FIELD("timeout", FIELD_DURATION, struct jwt_rule, timeout),
	FIELD("spaceDelimitedClaims", FIELD_TEXT_LIST, struct jwt_rule, space_delimited_claims),
};
static const struct schema rule_schema = SCHEMA("a jwtRule", struct jwt_rule, rule_fields);

static const struct field spec_fields[] = {
	FIELD("selector", FIELD_MESSAGE, struct request_authentication, selector,
	      .schema = &workload_selector_schema, .group = 1),
	FIELD("targetRef", FIELD_MESSAGE, struct request_authentication, target_ref,
	      .schema = &policy_target_reference_schema, .group = 1),
	FIELD("targetRefs", FIELD_MESSAGE_LIST, struct request_authentication, target_refs,
	      .schema = &policy_target_reference_schema, .group = 1),
	FIELD("jwtRules", FIELD_MESSAGE_LIST, struct request_authentication, jwt_rules,
	      .schema = &rule_schema),
};
static const struct schema spec_schema = SCHEMA(
	"RequestAuthentication", struct request_authentication, spec_fields, .is_inline = true);
static const struct schema document = SPEC_DOCUMENT(struct request_authentication, spec_schema, 0);

const struct kind_info request_authentication_kind = {
	.kind = KIND_REQUEST_AUTHENTICATION,
	.name = "RequestAuthentication",
	.group = "security.istio.io",
	.versions = istio_security_versions,
	.size = sizeof(struct request_authentication),
	.is_namespaced = true,
	.document = &document,
};
