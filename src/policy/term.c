/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/term.h"

#include "policy/affix_index.h"
#include "policy/trust_domain.h"

#define INDEX_FROM 8 /* lists shorter than this are searched one by one */

/* ---- reading values ---- */

/* iss and sub are told apart at the last '/', for an issuer may be a URL. The order of the cases is
 * Istio's: a '*' in front is looked at first. */
static void read_request_principal(struct match_value *value)
{
	size_t slash = text_find_last_char(value->written, '/');
	bool has_slash = slash != TEXT_NONE;
	struct text issuer = has_slash ? text_until(value->written, slash) : value->written;
	struct text subject = has_slash ? text_from(value->written, slash + 1) : TEXT("");
	const struct pattern anything = { .kind = PATTERN_NON_EMPTY };
	struct pattern *iss = &value->request_principal.issuer;
	struct pattern *sub = &value->request_principal.subject;

	*iss = (struct pattern){ .text = issuer };
	*sub = (struct pattern){ .text = subject };
	if (text_is(value->written, "*")) {
		*iss = *sub = anything;
	} else if (text_starts_with(value->written, TEXT("*"))) {
		if (has_slash)
			*iss = pattern_of(issuer, PATTERN_NON_EMPTY);
		else
			*iss = anything, *sub = pattern_of(value->written, PATTERN_NON_EMPTY);
	} else if (text_ends_with(value->written, TEXT("*"))) {
		if (has_slash)
			*sub = pattern_of(subject, PATTERN_NON_EMPTY);
		else
			*iss = pattern_of(value->written, PATTERN_NON_EMPTY), *sub = anything;
	}
}

static void read_service_account(const struct term_context *context, struct match_value *value)
{
	struct text rest = value->written, first = text_split(&rest, '/');
	bool has_namespace = rest.ptr != NULL;

	value->service_account.namespace = has_namespace ? first : context->policy_namespace;
	value->service_account.name = has_namespace ? rest : value->written;
}

/* Every '*' of a namespace stands for any text; what follows it in the identity is "/…". */
static void read_namespace(struct arena *arena, struct match_value *value)
{
	value->pattern = (struct pattern){ .text = value->written };
	if (text_find_char(value->written, '*') == TEXT_NONE)
		return;
	value->pattern.kind = PATTERN_GLOB;
	value->pattern.text = text_of(arena_printf(arena, "%.*s/*", TEXT_ARGS(value->written)));
}

static void read_text(enum field field, struct text text, struct match_value *value)
{
	enum pattern_kind star = fields[field].star_is_presence ? PATTERN_ANY : PATTERN_NON_EMPTY;

	if (field == FIELD_PATH && path_is_template(text))
		value->pattern = (struct pattern){ .kind = PATTERN_TEMPLATE, .text = text };
	else
		value->pattern = pattern_of(text, star);
	value->pattern.ignore_case = fields[field].ignore_case;
}

static void read_value(const struct term_context *context, enum field field,
		       struct match_value *value)
{
	uint64_t number = 0;

	switch (fields[field].values) {
	case VALUES_TEXT:
		read_text(field, value->written, value);
		break;
	case VALUES_CLAIM:
		value->pattern = pattern_of(value->written, PATTERN_NON_EMPTY);
		break;
	case VALUES_NAMESPACE:
		read_namespace(context->arena, value);
		break;
	case VALUES_SERVICE_ACCOUNT:
		read_service_account(context, value);
		break;
	case VALUES_REQUEST_PRINCIPAL:
		read_request_principal(value);
		break;
	case VALUES_IP:
		ip_range_parse(value->written, &value->range);
		break;
	case VALUES_PORT:
		text_parse_number(value->written, UINT16_MAX, &number);
		value->port = (uint16_t)number;
		break;
	case VALUES_NOTHING:
		break;
	}
}

/* The texts that one written value stands for. */
static size_t expand(const struct term_context *context, enum field field, struct text written,
		     struct text *out)
{
	if (field == FIELD_PRINCIPAL)
		return trust_domain_expand_principal(context->arena, context->trust_domains,
						     written, out);
	if (field == FIELD_TRUST_DOMAIN)
		return trust_domain_expand(context->trust_domains, written, out);
	out[0] = written;
	return 1;
}

static const struct affix_index *index_values(const struct term_context *context, enum field field,
					      const struct match_value *items, size_t count)
{
	struct affix_index *index;

	if (count < INDEX_FROM || fields[field].values != VALUES_TEXT)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (!affix_index_accepts(&items[i].pattern))
			return NULL;
	index = ARENA_NEW(context->arena, struct affix_index);
	affix_index_init(index, context->arena, fields[field].ignore_case);
	for (size_t i = 0; i < count; i++)
		affix_index_add(index, &items[i].pattern, (uint32_t)i);
	return index;
}

static struct match_values read_values(const struct term_context *context, enum field field,
				       const struct text_list *list)
{
	size_t most = context->trust_domains->count + 1, count = 0;
	struct text *expanded = ARENA_ARRAY(context->arena, most, struct text);
	struct match_value *items;

	if (list == NULL || list->count == 0)
		return (struct match_values){ 0 };
	items = ARENA_ARRAY(context->arena, list->count * most, struct match_value);
	for (size_t i = 0; i < list->count; i++) {
		size_t stands_for = expand(context, field, list->items[i], expanded);

		for (size_t j = 0; j < stands_for; j++) {
			items[count].at = list->at[i];
			items[count].written = expanded[j];
			read_value(context, field, &items[count]);
			items[count++].written = list->items[i];
		}
	}
	return (struct match_values){ items, count, index_values(context, field, items, count) };
}

/* "a][b" of "request.auth.claims[a][b]" */
static void read_claim_path(struct arena *arena, struct term *term, struct text name)
{
	struct text *path = ARENA_ARRAY(arena, name.len + 1, struct text);

	while (name.ptr != NULL) {
		struct text part = text_split(&name, ']');

		if (name.ptr != NULL && text_starts_with(name, TEXT("[")))
			name = text_from(name, 1);
		path[term->path_len++] = part;
	}
	term->path = path;
}

static struct text lower_copy(struct arena *arena, struct text text)
{
	char *copy = arena_strndup(arena, text.ptr, text.len);

	for (size_t i = 0; i < text.len; i++)
		copy[i] = char_lower(copy[i]);
	return (struct text){ copy, text.len };
}

struct term term_make(const struct term_context *context, enum field field, struct text name,
		      const struct text_list *values, const struct text_list *not_values)
{
	static const struct text audience[] = { { "aud", 3 } }, presenter[] = { { "azp", 3 } };
	struct term term = { .field = field, .path_len = 0 };

	if (field == FIELD_HEADER)
		term.name = lower_copy(context->arena, name);
	else if (field == FIELD_CLAIM)
		read_claim_path(context->arena, &term, name);
	else if (field == FIELD_AUDIENCE)
		term.path = audience, term.path_len = 1;
	else if (field == FIELD_PRESENTER)
		term.path = presenter, term.path_len = 1;
	else
		term.name = name;
	term.values = read_values(context, field, values);
	term.not_values = read_values(context, field, not_values);
	term.at = term.values.count > 0       ? term.values.items[0].at
		  : term.not_values.count > 0 ? term.not_values.items[0].at
					      : (struct source_pos){ 0 };
	return term;
}

/* ---- matching ---- */

/* Istio matches ".*" "/ns/N/" ".*" anywhere in the identity. */
static bool in_namespace(const struct pattern *pattern, struct text peer)
{
	const struct text marker = TEXT("/ns/");

	for (size_t at = 0; at + marker.len <= peer.len; at++) {
		struct text rest = text_from(peer, at);

		if (!text_starts_with(rest, marker))
			continue;
		rest = text_from(rest, marker.len);
		if (pattern->kind == PATTERN_GLOB
			    ? glob_matches(pattern->text, rest)
			    : text_starts_with(rest, pattern->text) && rest.len > pattern->text.len
				      && rest.ptr[pattern->text.len] == '/')
			return true;
	}
	return false;
}

/* "sa/NAME" and then the end, or "/" and something. */
static bool names_account(struct text rest, struct text name)
{
	if (!text_starts_with(rest, TEXT("sa/")) || !text_starts_with(text_from(rest, 3), name))
		return false;
	rest = text_from(rest, 3 + name.len);
	return rest.len == 0 || (rest.ptr[0] == '/' && rest.len > 1);
}

/* spiffe://.+/ns/NAMESPACE/(.+/|)sa/NAME(/.+)? */
static bool is_service_account(const struct match_value *value, struct text peer)
{
	const struct text namespace = value->service_account.namespace;
	struct text principal = identity_principal(peer);

	for (size_t at = 1; at + 4 < principal.len; at++) {
		struct text rest = text_from(principal, at);

		if (!text_starts_with(rest, TEXT("/ns/"))
		    || !text_starts_with(text_from(rest, 4), namespace)
		    || rest.len < 5 + namespace.len || rest.ptr[4 + namespace.len] != '/')
			continue;
		rest = text_from(rest, 5 + namespace.len);
		for (size_t skip = 0; skip < rest.len; skip++)
			if ((skip == 0 || (skip >= 2 && rest.ptr[skip - 1] == '/'))
			    && names_account(text_from(rest, skip), value->service_account.name))
				return true;
	}
	return false;
}

static bool claim_matches(const void *context, struct text value)
{
	const struct match_values *values = context;

	for (size_t i = 0; i < values->count; i++)
		if (pattern_matches(&values->items[i].pattern, value))
			return true;
	return false;
}

static bool text_matches(const struct match_values *values, struct text text)
{
	if (text.ptr == NULL)
		return false;
	if (values->index != NULL)
		return affix_index_has(values->index, text);
	for (size_t i = 0; i < values->count; i++)
		if (pattern_matches(&values->items[i].pattern, text))
			return true;
	return false;
}

static bool ip_matches(const struct match_values *values, struct ip_address ip)
{
	for (size_t i = 0; i < values->count; i++)
		if (ip_range_contains(&values->items[i].range, ip))
			return true;
	return false;
}

static bool value_matches(const struct term *term, const struct match_value *value,
			  const struct request_facts *facts)
{
	switch (fields[term->field].values) {
	case VALUES_NAMESPACE:
		return in_namespace(&value->pattern, facts->peer);
	case VALUES_SERVICE_ACCOUNT:
		return is_service_account(value, facts->peer);
	case VALUES_REQUEST_PRINCIPAL:
		return facts->token != NULL
		       && pattern_matches(&value->request_principal.issuer,
					  jwt_issuer(facts->token))
		       && pattern_matches(&value->request_principal.subject,
					  jwt_subject(facts->token));
	case VALUES_PORT:
		return value->port == facts->destination_port;
	default:
		return false;
	}
}

bool values_match(const struct term *term, const struct match_values *values,
		  const struct request_facts *facts)
{
	switch (fields[term->field].values) {
	case VALUES_TEXT:
		return text_matches(values, field_text(term->field, term->name, facts));
	case VALUES_IP:
		return ip_matches(values, field_ip(term->field, facts));
	case VALUES_CLAIM:
		return facts->token != NULL
		       && jwt_claim_any(facts->token, term->path, term->path_len, claim_matches,
					values);
	default:
		for (size_t i = 0; i < values->count; i++)
			if (value_matches(term, &values->items[i], facts))
				return true;
		return false;
	}
}

bool term_matches(const struct term *term, const struct request_facts *facts)
{
	return (term->values.count == 0 || values_match(term, &term->values, facts))
	       && (term->not_values.count == 0 || !values_match(term, &term->not_values, facts));
}
