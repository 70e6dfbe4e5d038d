/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/destination_rule.h"

#include "resource/kinds/kinds.h"

static const struct field subset_fields[] = {
	FIELD("name", FIELD_TEXT, struct destination_subset, name, .flags = FIELD_REQUIRED,
	      .format = FORMAT_DNS_LABEL),
	FIELD("labels", FIELD_TEXT_MAP, struct destination_subset, labels),
	FIELD("trafficPolicy", FIELD_MESSAGE, struct destination_subset, traffic_policy,
	      .schema = &traffic_policy_schema),
};
static const struct schema subset_schema =
	SCHEMA("a subset", struct destination_subset, subset_fields);

static const struct field spec_fields[] = {
	FIELD("host", FIELD_TEXT, struct destination_rule, host, .flags = FIELD_REQUIRED,
	      .format = FORMAT_HOST),
	FIELD("trafficPolicy", FIELD_MESSAGE, struct destination_rule, traffic_policy,
	      .schema = &traffic_policy_schema),
	FIELD("subsets", FIELD_MESSAGE_LIST, struct destination_rule, subsets,
	      .schema = &subset_schema),
	FIELD("exportTo", FIELD_TEXT_LIST, struct destination_rule, export_to),
	FIELD("workloadSelector", FIELD_MESSAGE, struct destination_rule, workload_selector,
	      .schema = &workload_selector_schema),
};
static const struct schema spec_schema =
	SCHEMA("DestinationRule", struct destination_rule, spec_fields, .is_inline = true);
static const struct schema document =
	SPEC_DOCUMENT(struct destination_rule, spec_schema, FIELD_REQUIRED);

const struct kind_info destination_rule_kind = {
	.kind = KIND_DESTINATION_RULE,
	.name = "DestinationRule",
	.group = "networking.istio.io",
	.versions = istio_networking_versions,
	.size = sizeof(struct destination_rule),
	.is_namespaced = true,
	.document = &document,
};
