/* SPDX-License-Identifier: Apache-2.0 */
/* Sets: what counts as a resource, how they are found, ordered and kept apart. */
#include "resource/resource.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct loaded {
	struct diagnostics found;
	struct resource_set *set;
};

static int set_up(void **state)
{
	struct loaded *loaded = MEM_NEW(struct loaded);

	diagnostics_init(&loaded->found);
	*state = loaded;
	return 0;
}

static int tear_down(void **state)
{
	struct loaded *loaded = *state;

	resource_set_unref(loaded->set);
	diagnostics_done(&loaded->found);
	mem_free(loaded);
	return 0;
}

static int load(struct loaded *loaded, const char *yaml)
{
	return resource_set_parse("set.yaml", text_of(yaml), NULL, &loaded->found, &loaded->set,
				  NULL);
}

#define ACCOUNT(metadata) "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: " metadata "\n"

static void resources_come_in_order(void **state)
{
	static const char *const wanted[] = { "old", "young", "a", "b", "a" };
	struct loaded *loaded = *state;

	assert_int_equal(
		load(loaded, ACCOUNT("{name: a, namespace: z}") ACCOUNT("{name: b}") ACCOUNT(
				     "{name: young, creationTimestamp: 2026-01-01T00:00:00Z}")
				     ACCOUNT("{name: a}")
					     ACCOUNT("{name: old, namespace: z, creationTimestamp: "
						     "2025-01-01T00:00:00Z}")),
		0);

	const struct resource_list list = resource_set_list(loaded->set, KIND_SERVICE_ACCOUNT);

	assert_int_equal(list.count, COUNT_OF(wanted));
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		assert_string_equal(list.items[i]->name.ptr, wanted[i]);
	assert_string_equal(list.items[4]->namespace.ptr, "z");
}

static void a_resource_is_found_by_name(void **state)
{
	struct loaded *loaded = *state;

	assert_int_equal(load(loaded, ACCOUNT("{name: a}") ACCOUNT("{name: a, namespace: z}")), 0);
	assert_non_null(
		resource_find(loaded->set, KIND_SERVICE_ACCOUNT, TEXT("default"), TEXT("a")));
	assert_non_null(resource_find(loaded->set, KIND_SERVICE_ACCOUNT, TEXT("z"), TEXT("a")));
	assert_null(resource_find(loaded->set, KIND_SERVICE_ACCOUNT, TEXT("z"), TEXT("b")));
	assert_null(resource_find(loaded->set, KIND_SECRET, TEXT("z"), TEXT("a")));
}

static void the_same_name_twice_is_an_error(void **state)
{
	struct loaded *loaded = *state;

	assert_int_equal(load(loaded, ACCOUNT("{name: a}") ACCOUNT("{name: a}")), -EINVAL);
	assert_null(loaded->set);
	assert_string_equal(loaded->found.items[0]->error.text,
			    "ServiceAccount 'a' of namespace 'default' is already in set.yaml:4; a "
			    "set may have it once");
	assert_int_equal(loaded->found.items[0]->error.at.line, 8);
}

static void kinds_for_others_are_kept_silently(void **state)
{
	struct loaded *loaded = *state;

	assert_int_equal(load(loaded, "apiVersion: apps/v1\nkind: Deployment\n"
				      "metadata: {name: a}\nspec: {replicas: 3}\n"),
			 0);
	assert_int_equal(loaded->found.count, 0);

	const struct resource_list list = resource_set_list(loaded->set, KIND_UNTYPED);
	int64_t replicas = 0;

	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0]->kind_name.ptr, "Deployment");
	assert_true(value_as_int(value_find(list.items[0]->document, "spec.replicas"), &replicas));
	assert_int_equal(replicas, 3);
}

static void falco_rules_are_kept(void **state)
{
	struct loaded *loaded = *state;

	assert_int_equal(load(loaded, "- macro: a\n  condition: b\n- rule: c\n  desc: d\n"), 0);
	assert_int_equal(loaded->found.count, 0);
	assert_int_equal(resource_set_list(loaded->set, KIND_FALCO_RULES).count, 1);
}

static void lists_hold_resources(void **state)
{
	struct loaded *loaded = *state;

	assert_int_equal(load(loaded, "apiVersion: v1\nkind: List\nitems:\n"
				      "- {apiVersion: v1, kind: Namespace, metadata: {name: a}}\n"
				      "- {apiVersion: v1, kind: Namespace, metadata: {name: b}}\n"),
			 0);
	assert_int_equal(resource_set_list(loaded->set, KIND_NAMESPACE).count, 2);
}

static const struct document_case {
	const char *name, *yaml, *text;
} documents[] = {
	{ "no resource", "name: workflow\n",
	  "not a resource, skipped: it has no 'apiVersion' and 'kind'" },
	{ "a text", "hello\n", "not a resource, skipped: this is a text" },
	{ "a misspelt kind", "apiVersion: networking.istio.io/v1\nkind: VirtualServce\n",
	  "unknown kind 'VirtualServce', skipped; did you mean 'VirtualService'?" },
	{ "the wrong group", "apiVersion: networking.istio.io/v1\nkind: PeerAuthentication\n",
	  "PeerAuthentication is not of group 'networking.istio.io' but of 'security.istio.io'; "
	  "skipped" },
	{ "a version of tomorrow",
	  "apiVersion: security.istio.io/v9\nkind: PeerAuthentication\nmetadata: {name: a}\n",
	  "PeerAuthentication has no version 'v9'; it is read as security.istio.io/v1" },
	{ "no name", "apiVersion: v1\nkind: Namespace\nmetadata: {}\n",
	  "every resource needs metadata.name" },
	{ "no metadata", "apiVersion: v1\nkind: Namespace\n",
	  "every resource needs metadata.name" },
	{ "a name that is none", "apiVersion: v1\nkind: Namespace\nmetadata: {name: A/b}\n",
	  "'A/b' is no name for a resource: lower-case letters, digits, '-' and '.', at most 253" },
	{ "a field beside spec",
	  "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a}\nspecs: {}\n",
	  "unknown field 'specs' in the document; did you mean 'spec'?" },
};

static void check_document(void **state)
{
	const struct document_case *row = *state;
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;

	diagnostics_init(&found);
	resource_set_parse("one.yaml", text_of(row->yaml), NULL, &found, &set, NULL);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.items[0]->error.text, row->text);
}

static void json_is_read_too(void **state)
{
	struct loaded *loaded = *state;
	const char *json = "{\"apiVersion\": \"v1\",\t\"kind\": \"Service\",\n"
			   " \"metadata\": {\"name\": \"a\"},\n"
			   " \"spec\": {\"ports\": [{\"port\": 80, \"targetPort\": \"http\"}]}}\n";

	assert_int_equal(resource_set_parse("a.json", text_of(json), NULL, &loaded->found,
					    &loaded->set, NULL),
			 0);

	const struct resource_list list = resource_set_list(loaded->set, KIND_SERVICE);

	assert_int_equal(list.count, 1);
	assert_int_equal(service_of(list.items[0])->ports.items[0].port, 80);
	assert_string_equal(service_of(list.items[0])->ports.items[0].target_port.name.ptr, "http");
}

static void no_secret_is_ever_shown(void **state)
{
	struct loaded *loaded = *state;

	assert_int_equal(load(loaded, "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"
				      "data: {key: aHVudGVyMg=}\nstringData: {pin: 4711}\n"
				      "colour: hunter2\n"),
			 -EINVAL);
	assert_int_equal(loaded->found.count, 3);
	for (size_t i = 0; i < loaded->found.count; i++) {
		assert_null(loaded->found.items[i]->line.ptr);
		assert_null(strstr(loaded->found.items[i]->error.text, "4711"));
		assert_null(strstr(loaded->found.items[i]->error.text, "aHV"));
	}
	assert_string_equal(loaded->found.items[0]->error.text, "'key' is not base64");
}

static void a_reference_keeps_a_set(void **state)
{
	struct loaded *loaded = *state;

	assert_int_equal(load(loaded, ACCOUNT("{name: a}")), 0);

	struct resource_set *other = resource_set_ref(loaded->set);

	resource_set_unref(TAKE(loaded->set));
	assert_int_equal(resource_set_list(other, KIND_SERVICE_ACCOUNT).count, 1);
	resource_set_unref(other);
}

static void selectors_match_labels(void **state)
{
	const struct text_pair pairs[] = { { .key = TEXT("app"), .value = TEXT("a") },
					   { .key = TEXT("version"), .value = TEXT("v1") } };
	const struct text_map labels = { pairs, 2 }, one = { pairs, 1 }, none = { NULL, 0 };
	const struct workload_selector selector = { .match_labels = one };

	(void)state;
	assert_true(resource_labels_match(&labels, &one));
	assert_true(resource_labels_match(&labels, &none));
	assert_false(resource_labels_match(&one, &labels));
	assert_true(resource_selector_matches(NULL, &none));
	assert_true(resource_selector_matches(&selector, &labels));
	assert_false(resource_selector_matches(&selector, &none));
}

/* An empty list item costs three bytes of file, but hundreds of memory. */
static void memory_is_bounded(void **state)
{
	struct loaded *loaded = *state;
	AUTO_BUFFER struct buffer yaml = { 0 };

	buffer_add_text(&yaml, "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
			       "metadata: {name: a}\nspec:\n  hosts: [a]\n  http: [{}");
	for (int i = 0; i < 1500000; i++)
		buffer_add_text(&yaml, ",{}");
	buffer_add_text(&yaml, "]\n");
	assert_int_equal(load(loaded, yaml.data), -EINVAL);
	assert_non_null(strstr(loaded->found.items[0]->error.text, "too much memory"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest plain[] = {
		TEST(resources_come_in_order),
		TEST(a_resource_is_found_by_name),
		TEST(the_same_name_twice_is_an_error),
		TEST(kinds_for_others_are_kept_silently),
		TEST(falco_rules_are_kept),
		TEST(lists_hold_resources),
		TEST(json_is_read_too),
		TEST(no_secret_is_ever_shown),
		TEST(a_reference_keeps_a_set),
		TEST(selectors_match_labels),
		TEST(memory_is_bounded),
	};
	struct CMUnitTest tests[COUNT_OF(plain) + COUNT_OF(documents)];

	memcpy(tests, plain, sizeof(plain));
	for (size_t i = 0; i < COUNT_OF(documents); i++)
		tests[COUNT_OF(plain) + i] =
			(struct CMUnitTest){ .name = documents[i].name,
					     .test_func = check_document,
					     .initial_state = (void *)&documents[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
