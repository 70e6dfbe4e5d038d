/* SPDX-License-Identifier: Apache-2.0 */
/* network_policy.c — networking.k8s.io NetworkPolicy, and the label selectors it uses. */
#include "resource/kinds/kinds.h"
#include "resource/kinds/kubernetes.h"

static const struct word operator_words[] = {
	{ "In", LABEL_IN, NULL },
	{ "NotIn", LABEL_NOT_IN, NULL },
	{ "Exists", LABEL_EXISTS, NULL },
	{ "DoesNotExist", LABEL_DOES_NOT_EXIST, NULL },
	{ NULL, 0, NULL },
};

static void check_expression(struct decoder *decoder, const struct value *value, void *message)
{
	const struct label_expression *expression = message;
	const bool compares =
		expression->operator== LABEL_IN || expression->operator== LABEL_NOT_IN;

	if (compares && expression->values.count == 0)
		decode_error(decoder, value->at, "'In' and 'NotIn' need 'values'");
	if (!compares && expression->operator!= 0 && expression->values.count> 0)
		decode_error(decoder, decode_place(value, "values"),
			     "'Exists' and 'DoesNotExist' compare no values");
}

static const struct field expression_fields[] = {
	FIELD("key", FIELD_TEXT, struct label_expression, key, .flags = FIELD_REQUIRED),
	FIELD("operator", FIELD_ENUM, struct label_expression, operator, .words = operator_words,
	      .flags = FIELD_REQUIRED),
	FIELD("values", FIELD_TEXT_LIST, struct label_expression, values),
};
static const struct schema expression_schema =
	SCHEMA("a matchExpression", struct label_expression, expression_fields,
	       .validate = check_expression);

static const struct field selector_fields[] = {
	FIELD("matchLabels", FIELD_TEXT_MAP, struct label_selector, match_labels),
	FIELD("matchExpressions", FIELD_MESSAGE_LIST, struct label_selector, match_expressions,
	      .schema = &expression_schema),
};
static const struct schema selector_schema =
	SCHEMA("a selector", struct label_selector, selector_fields);

static bool expression_matches(const struct label_expression *expression,
			       const struct text_map *labels)
{
	const struct text value = text_map_get(labels, expression->key);

	switch (expression->operator) {
	case LABEL_IN:
		return value.ptr != NULL && text_list_has(&expression->values, value);
	case LABEL_NOT_IN:
		return value.ptr == NULL || !text_list_has(&expression->values, value);
	case LABEL_EXISTS:
		return value.ptr != NULL;
	case LABEL_DOES_NOT_EXIST:
		return value.ptr == NULL;
	}
	return false;
}

bool label_selector_matches(const struct label_selector *selector, const struct text_map *labels)
{
	for (size_t i = 0; i < selector->match_labels.count; i++) {
		const struct text_pair *wanted = &selector->match_labels.items[i];
		const struct text value = text_map_get(labels, wanted->key);

		if (value.ptr == NULL || !text_equal(value, wanted->value))
			return false;
	}
	for (size_t i = 0; i < selector->match_expressions.count; i++)
		if (!expression_matches(&selector->match_expressions.items[i], labels))
			return false;
	return true;
}

static const struct word protocol_words[] = {
	{ "TCP", NETWORK_TCP, NULL },
	{ "UDP", NETWORK_UDP, NULL },
	{ "SCTP", NETWORK_SCTP, NULL },
	{ NULL, 0, NULL },
};

static void check_port(struct decoder *decoder, const struct value *value, void *message)
{
	const struct network_policy_port *port = message;

	if (port->end_port > 0 && port->port.number == 0)
		decode_error(decoder, decode_place(value, "endPort"),
			     "'endPort' needs 'port' as a number");
	else if (port->end_port > 0 && port->end_port < port->port.number)
		decode_error(decoder, decode_place(value, "endPort"), "'endPort' is below 'port'");
}

static const struct field port_fields[] = {
	FIELD("protocol", FIELD_ENUM, struct network_policy_port, protocol,
	      .words = protocol_words),
	FIELD("port", FIELD_PORT_OR_NAME, struct network_policy_port, port),
	FIELD("endPort", FIELD_UINT32, struct network_policy_port, end_port, PORT_RANGE),
};
static const struct schema port_schema =
	SCHEMA("a port", struct network_policy_port, port_fields, .validate = check_port);

static const struct field block_fields[] = {
	FIELD("cidr", FIELD_TEXT, struct ip_block, cidr, .format = FORMAT_CIDR,
	      .flags = FIELD_REQUIRED),
	FIELD("except", FIELD_TEXT_LIST, struct ip_block, except, .format = FORMAT_CIDR),
};
static const struct schema block_schema = SCHEMA("an ipBlock", struct ip_block, block_fields);

static void check_peer(struct decoder *decoder, const struct value *value, void *message)
{
	const struct network_policy_peer *peer = message;

	if (value->count == 0)
		decode_error(decoder, value->at,
			     "a peer needs 'podSelector', 'namespaceSelector' or 'ipBlock'");
	if (peer->ip_block != NULL
	    && (peer->pod_selector != NULL || peer->namespace_selector != NULL))
		decode_error(decoder, decode_place(value, "ipBlock"),
			     "'ipBlock' stands alone; make the selector a peer of its own");
}

static const struct field peer_fields[] = {
	FIELD("podSelector", FIELD_MESSAGE, struct network_policy_peer, pod_selector,
	      .schema = &selector_schema),
	FIELD("namespaceSelector", FIELD_MESSAGE, struct network_policy_peer, namespace_selector,
	      .schema = &selector_schema),
	FIELD("ipBlock", FIELD_MESSAGE, struct network_policy_peer, ip_block,
	      .schema = &block_schema),
};
static const struct schema peer_schema =
	SCHEMA("a peer", struct network_policy_peer, peer_fields, .validate = check_peer);

static const struct field ingress_fields[] = {
	FIELD("from", FIELD_MESSAGE_LIST, struct network_policy_rule, peers,
	      .schema = &peer_schema),
	FIELD("ports", FIELD_MESSAGE_LIST, struct network_policy_rule, ports,
	      .schema = &port_schema),
};
static const struct schema ingress_schema =
	SCHEMA("an ingress rule", struct network_policy_rule, ingress_fields);

static const struct field egress_fields[] = {
	FIELD("to", FIELD_MESSAGE_LIST, struct network_policy_rule, peers, .schema = &peer_schema),
	FIELD("ports", FIELD_MESSAGE_LIST, struct network_policy_rule, ports,
	      .schema = &port_schema),
};
static const struct schema egress_schema =
	SCHEMA("an egress rule", struct network_policy_rule, egress_fields);

/* policyTypes; by default Ingress, and Egress where there are egress rules (istio.md 1.8). */
static void finish(struct decoder *decoder, const struct value *value, void *message)
{
	struct network_policy *policy = message;

	policy->isolates_ingress = policy->policy_types.count == 0;
	policy->isolates_egress =
		policy->policy_types.count == 0 && value_get(value, "egress") != NULL;
	for (size_t i = 0; i < policy->policy_types.count; i++) {
		if (text_is(policy->policy_types.items[i], "Ingress"))
			policy->isolates_ingress = true;
		else if (text_is(policy->policy_types.items[i], "Egress"))
			policy->isolates_egress = true;
		else
			decode_error(decoder, policy->policy_types.at[i],
				     "'policyTypes' cannot have '%.*s'; allowed: Ingress, Egress",
				     TEXT_ARGS(policy->policy_types.items[i]));
	}
}

static const struct field spec_fields[] = {
	FIELD("podSelector", FIELD_MESSAGE, struct network_policy, pod_selector,
	      .schema = &selector_schema),
	FIELD("policyTypes", FIELD_TEXT_LIST, struct network_policy, policy_types),
	FIELD("ingress", FIELD_MESSAGE_LIST, struct network_policy, ingress,
	      .schema = &ingress_schema),
	FIELD("egress", FIELD_MESSAGE_LIST, struct network_policy, egress,
	      .schema = &egress_schema),
};
static const struct schema spec_schema = SCHEMA("NetworkPolicy", struct network_policy, spec_fields,
						.is_inline = true, .validate = finish);
static const struct schema document =
	SPEC_DOCUMENT(struct network_policy, spec_schema, FIELD_REQUIRED);

const struct kind_info network_policy_kind = {
	.kind = KIND_NETWORK_POLICY,
	.name = "NetworkPolicy",
	.group = "networking.k8s.io",
	.versions = version_1,
	.size = sizeof(struct network_policy),
	.is_namespaced = true,
	.document = &document,
};
