/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_reference.h"

#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- what policies and requests are made of ---- */

static const char *const patterns[REF_FIELDS][10] = {
	[REF_PRINCIPAL] = { "*", "cluster.local/ns/a/sa/x", "cluster.local/ns/a/*", "*/sa/x",
			    "cluster.local/ns/b/sa/y", "cluster.*", "*/y", "td/ns/a/sa/x" },
	[REF_NAMESPACE] = { "a", "b", "a*", "*b", "*", "ab", "c" },
	[REF_IP] = { "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "192.168.1.128/25",
		     "10.1.2.2/31" },
	[REF_HOST] = { "*", "a.org", "A.org", "*.org", "a.*", "b.org:80", "*:80" },
	[REF_METHOD] = { "*", "GET", "POST", "P*", "*T", "get" },
	[REF_PATH] = { "*", "/", "/a", "/a*", "/a/*", "*b", "/a/b", "*/b", "/*", "/A" },
	[REF_PORT] = { "80", "81", "8080" },
	[REF_HEADER] = { "*", "v", "v*", "*v", "", "w" },
};

static const char *const values[REF_FIELDS][9] = {
	[REF_PRINCIPAL] = { NULL, "cluster.local/ns/a/sa/x", "cluster.local/ns/b/sa/y",
			    "cluster.local/ns/ab/sa/x", "td/ns/a/sa/x", "cluster.local/ns/c/sa/z" },
	[REF_IP] = { "10.1.2.3", "10.1.2.2", "10.2.0.1", "192.168.1.129", "192.168.1.127",
		     "11.0.0.0" },
	[REF_HOST] = { "a.org", "A.ORG", "b.org", "b.org:80", "x", "" },
	[REF_METHOD] = { "GET", "POST", "PUT", "get" },
	[REF_PATH] = { "/", "/a", "/a/", "/a/b", "/ab", "/b", "/a/b/c", "/A" },
	[REF_PORT] = { "80", "81", "8080" },
	[REF_HEADER] = { NULL, "v", "vv", "w", "" },
};

static size_t count_of(const char *const *items, size_t most)
{
	size_t count = most;

	while (count > 0 && items[count - 1] == NULL)
		count--;
	return count;
}

static unsigned pick(struct ref_bytes *bytes, size_t below)
{
	if (bytes->size == 0 || below == 0)
		return 0;
	bytes->size--;
	return (unsigned)(*bytes->data++ % below);
}

/* ---- making ---- */

static size_t make_list(struct ref_bytes *bytes, enum ref_field field, const char **out)
{
	size_t known = count_of(patterns[field], 10);
	size_t count = pick(bytes, 8) == 7 ? REF_LIST_MAX : 1 + pick(bytes, 3);

	for (size_t i = 0; i < count; i++) {
		out[i] = patterns[field][pick(bytes, known)];
		if (out[i][0] == '\0')
			out[i] = "w"; /* an empty value does not load */
	}
	return count;
}

static void make_term(struct ref_bytes *bytes, enum ref_field field, struct ref_term *out)
{
	unsigned sides = pick(bytes, 4);

	*out = (struct ref_term){ .field = field };
	if (sides != 1)
		out->value_count = make_list(bytes, field, out->values);
	if (sides == 1 || sides == 2)
		out->not_value_count = make_list(bytes, field, out->not_values);
}

/* Up to three different fields of [first, last]. */
static void make_clause(struct ref_bytes *bytes, enum ref_field first, enum ref_field last,
			struct ref_clause *out)
{
	out->count = 0;
	for (enum ref_field field = first; field <= last; field++)
		if (out->count < 4 && pick(bytes, 3) == 0)
			make_term(bytes, field, &out->terms[out->count++]);
	if (out->count == 0)
		make_term(bytes, first, &out->terms[out->count++]);
}

static void make_rule(struct ref_bytes *bytes, struct ref_rule *out)
{
	out->source_count = pick(bytes, 3);
	out->operation_count = pick(bytes, 3);
	out->conditions.count = 0;
	for (size_t i = 0; i < out->source_count; i++)
		make_clause(bytes, REF_PRINCIPAL, REF_IP, &out->sources[i]);
	for (size_t i = 0; i < out->operation_count; i++)
		make_clause(bytes, REF_HOST, REF_PORT, &out->operations[i]);
	if (pick(bytes, 4) == 3)
		make_clause(bytes, REF_HEADER, REF_HEADER, &out->conditions);
}

void ref_make_policies(struct ref_bytes *bytes, struct ref_policies *out)
{
	static const char *const namespaces[] = { "app", "app", "app", "istio-system", "other" };
	static const char *const apps[] = { NULL, NULL, "web", "db" };

	out->count = pick(bytes, 5);
	for (size_t i = 0; i < out->count; i++) {
		struct ref_policy *policy = &out->items[i];

		policy->action = (enum ref_action)pick(bytes, 3);
		policy->dry_run = pick(bytes, 8) == 7;
		policy->namespace = namespaces[pick(bytes, COUNT_OF(namespaces))];
		policy->app = apps[pick(bytes, COUNT_OF(apps))];
		policy->rule_count = pick(bytes, 4);
		if (policy->action == REF_DENY && policy->rule_count == 0)
			policy->rule_count = 1; /* does not load without */
		for (size_t j = 0; j < policy->rule_count; j++)
			make_rule(bytes, &policy->rules[j]);
	}
}

void ref_make_request(struct ref_bytes *bytes, struct ref_request *out)
{
	out->namespace = "app";
	out->app = pick(bytes, 3) == 0 ? "db" : "web";
	out->is_tcp = pick(bytes, 4) == 3;
	for (enum ref_field field = 0; field < REF_FIELDS; field++)
		out->values[field] = values[field][pick(bytes, count_of(values[field], 9))];
	for (enum ref_field field = REF_HOST; out->is_tcp && field <= REF_PATH; field++)
		out->values[field] = NULL;
	if (out->is_tcp)
		out->values[REF_HEADER] = NULL;
}

/* ---- writing ---- */

static const char *const list_names[REF_FIELDS][2] = {
	[REF_PRINCIPAL] = { "principals", "notPrincipals" },
	[REF_NAMESPACE] = { "namespaces", "notNamespaces" },
	[REF_IP] = { "ipBlocks", "notIpBlocks" },
	[REF_HOST] = { "hosts", "notHosts" },
	[REF_METHOD] = { "methods", "notMethods" },
	[REF_PATH] = { "paths", "notPaths" },
	[REF_PORT] = { "ports", "notPorts" },
	[REF_HEADER] = { "values", "notValues" },
};

static void write_list(struct buffer *out, const char *name, const char *const *items, size_t count)
{
	if (count == 0)
		return;
	buffer_printf(out, "%s: [", name);
	for (size_t i = 0; i < count; i++)
		buffer_printf(out, "%s\"%s\"", i > 0 ? ", " : "", items[i]);
	buffer_add_text(out, "], ");
}

static void write_clause(struct buffer *out, const struct ref_clause *clause)
{
	for (size_t i = 0; i < clause->count; i++) {
		const struct ref_term *term = &clause->terms[i];

		write_list(out, list_names[term->field][0], term->values, term->value_count);
		write_list(out, list_names[term->field][1], term->not_values,
			   term->not_value_count);
	}
}

static void write_rule(struct buffer *out, const struct ref_rule *rule)
{
	buffer_add_text(out, "  - {");
	if (rule->source_count > 0)
		buffer_add_text(out, "from: [");
	for (size_t i = 0; i < rule->source_count; i++) {
		buffer_add_text(out, "{source: {");
		write_clause(out, &rule->sources[i]);
		buffer_add_text(out, "}}, ");
	}
	buffer_add_text(out, rule->source_count > 0 ? "], " : "");
	buffer_add_text(out, rule->operation_count > 0 ? "to: [" : "");
	for (size_t i = 0; i < rule->operation_count; i++) {
		buffer_add_text(out, "{operation: {");
		write_clause(out, &rule->operations[i]);
		buffer_add_text(out, "}}, ");
	}
	buffer_add_text(out, rule->operation_count > 0 ? "], " : "");
	if (rule->conditions.count > 0) {
		buffer_add_text(out, "when: [{key: \"request.headers[x-a]\", ");
		write_clause(out, &rule->conditions);
		buffer_add_text(out, "}], ");
	}
	buffer_add_text(out, "}\n");
}

void ref_write(const struct ref_policies *policies, struct buffer *out)
{
	static const char *const actions[] = { "ALLOW", "DENY", "AUDIT" };

	for (size_t i = 0; i < policies->count; i++) {
		const struct ref_policy *policy = &policies->items[i];

		buffer_printf(out,
			      "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"
			      "metadata: {name: p%zu, namespace: %s%s}\nspec:\n  action: %s\n",
			      i, policy->namespace,
			      policy->dry_run ? ", annotations: {\"istio.io/dry-run\": \"true\"}"
					      : "",
			      actions[policy->action]);
		if (policy->app != NULL)
			buffer_printf(out, "  selector: {matchLabels: {app: %s}}\n", policy->app);
		if (policy->rule_count > 0)
			buffer_add_text(out, "  rules:\n");
		for (size_t j = 0; j < policy->rule_count; j++)
			write_rule(out, &policy->rules[j]);
	}
}

/* ---- judging ---- */

static void fold(char *out, const char *in)
{
	while (*in != '\0') {
		*out++ = (char)(*in >= 'A' && *in <= 'Z' ? *in + 32 : *in);
		in++;
	}
	*out = '\0';
}

static bool text_fits(const char *pattern, const char *value, bool star_takes_empty)
{
	size_t p = strlen(pattern), v = strlen(value);

	if (strcmp(pattern, "*") == 0)
		return star_takes_empty || v > 0;
	if (pattern[0] == '*')
		return v >= p - 1 && strcmp(value + v - (p - 1), pattern + 1) == 0;
	if (p > 0 && pattern[p - 1] == '*')
		return strncmp(value, pattern, p - 1) == 0;
	return strcmp(pattern, value) == 0;
}

static unsigned long ip_number(const char *text, int *bits)
{
	unsigned long number = 0;
	char *rest = (char *)text;

	for (int part = 0; part < 4; part++) {
		number = number << 8 | strtoul(rest, &rest, 10);
		rest += *rest == '.';
	}
	*bits = *rest == '/' ? (int)strtol(rest + 1, NULL, 10) : 32;
	return number;
}

static bool ip_fits(const char *block, const char *value)
{
	int bits, ignored;
	unsigned long base = ip_number(block, &bits), ip = ip_number(value, &ignored);

	return bits == 0 || base >> (32 - bits) == ip >> (32 - bits);
}

static bool namespace_fits(const char *pattern, const char *principal)
{
	char namespace[64];
	const char *start = strstr(principal, "/ns/") + 4;

	snprintf(namespace, sizeof(namespace), "%.*s", (int)strcspn(start, "/"), start);
	return text_fits(pattern, namespace, true);
}

static bool fits(enum ref_field field, const char *pattern, const struct ref_request *request)
{
	const char *value = request->values[field == REF_NAMESPACE ? REF_PRINCIPAL : field];
	char a[64], b[64];

	if (value == NULL)
		return false;
	switch (field) {
	case REF_NAMESPACE:
		return namespace_fits(pattern, value);
	case REF_IP:
		return ip_fits(pattern, value);
	case REF_HOST:
		fold(a, pattern);
		fold(b, value);
		return text_fits(a, b, true);
	default:
		return text_fits(pattern, value, field == REF_HEADER || field == REF_METHOD);
	}
}

static bool is_http(enum ref_field field)
{
	return field == REF_HOST || field == REF_METHOD || field == REF_PATH || field == REF_HEADER;
}

static bool term_fits(const struct ref_term *term, const struct ref_request *request)
{
	bool found = term->value_count == 0;

	if (request->is_tcp && is_http(term->field))
		return true; /* left out: only where the rule is no ALLOW rule */
	for (size_t i = 0; i < term->value_count; i++)
		found = found || fits(term->field, term->values[i], request);
	for (size_t i = 0; i < term->not_value_count; i++)
		if (fits(term->field, term->not_values[i], request))
			return false;
	return found;
}

static bool clause_fits(const struct ref_clause *clause, const struct ref_request *request)
{
	for (size_t i = 0; i < clause->count; i++)
		if (!term_fits(&clause->terms[i], request))
			return false;
	return true;
}

static bool clause_is_http(const struct ref_clause *clause)
{
	for (size_t i = 0; i < clause->count; i++)
		if (is_http(clause->terms[i].field))
			return true;
	return false;
}

static bool rule_fits(const struct ref_rule *rule, bool is_allow, const struct ref_request *request)
{
	bool source = rule->source_count == 0, operation = rule->operation_count == 0;
	bool asks_http = clause_is_http(&rule->conditions);

	for (size_t i = 0; i < rule->source_count; i++)
		source = source || clause_fits(&rule->sources[i], request);
	for (size_t i = 0; i < rule->operation_count; i++) {
		operation = operation || clause_fits(&rule->operations[i], request);
		asks_http = asks_http || clause_is_http(&rule->operations[i]);
	}
	if (request->is_tcp && is_allow && asks_http)
		return false;
	return source && operation && clause_fits(&rule->conditions, request);
}

struct ref_verdict ref_judge(const struct ref_policies *policies, const struct ref_request *request)
{
	struct ref_verdict verdict = { 0 };

	for (size_t i = 0; i < policies->count; i++) {
		const struct ref_policy *policy = &policies->items[i];
		bool matches = false;

		if (policy->dry_run || policy->action == REF_AUDIT
		    || (strcmp(policy->namespace, request->namespace) != 0
			&& strcmp(policy->namespace, "istio-system") != 0)
		    || (policy->app != NULL && strcmp(policy->app, request->app) != 0))
			continue;
		for (size_t j = 0; j < policy->rule_count; j++)
			matches = matches
				  || rule_fits(&policy->rules[j], policy->action == REF_ALLOW,
					       request);
		if (policy->action == REF_DENY) {
			verdict.some_deny_matches = verdict.some_deny_matches || matches;
		} else {
			verdict.has_allow = true;
			verdict.some_allow_matches = verdict.some_allow_matches || matches;
		}
	}
	verdict.allowed =
		!verdict.some_deny_matches && (!verdict.has_allow || verdict.some_allow_matches);
	return verdict;
}
