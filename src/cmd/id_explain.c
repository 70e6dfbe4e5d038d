/* SPDX-License-Identifier: Apache-2.0 */
/* id_explain.c — `mangrove id explain --pid N`: why a process gets, or does not get, an identity.
 */
#include "cmd/id.h"

#include <stdio.h>

static void print_property(const json_t *property)
{
	const bool fits = json_is_true(json_object_get(property, "fits"));
	const char *wanted = id_member(property, "wanted"), *found = id_member(property, "found");

	if (fits)
		printf("      %-12s fits: %s\n", id_member(property, "property"), found);
	else if (wanted[0] != '\0')
		printf("      %-12s wants %s, but: %s\n", id_member(property, "property"), wanted,
		       found);
	else
		printf("      %-12s %s\n", id_member(property, "property"), found);
}

static void print_comparison(const json_t *each)
{
	const json_t *properties = json_object_get(each, "properties");
	const char *obstacle = id_member(each, "obstacle");

	printf("  %s  Workload %s/%s (%s)\n",
	       json_is_true(json_object_get(each, "fits")) ? "fits " : "no   ",
	       id_member(each, "namespace"), id_member(each, "workload"), id_member(each, "at"));
	printf("      -> %s\n", id_member(each, "id"));
	if (obstacle[0] != '\0')
		printf("      but %s\n", obstacle);
	for (size_t i = 0; i < json_array_size(properties); i++)
		print_property(json_array_get(properties, i));
}

static void print_identities(const json_t *answer)
{
	const json_t *identities = json_object_get(answer, "identities");

	if (json_array_size(identities) == 0)
		puts("gets no identity");
	for (size_t i = 0; i < json_array_size(identities); i++)
		printf("gets %s\n", json_string_value(json_array_get(identities, i)));
	if (json_is_true(json_object_get(answer, "isNodeProxy")))
		puts("as the node's proxy: its user is the one of --proxy-uid, which gets all");
}

static void print_answer(const json_t *answer)
{
	const json_t *compared = json_object_get(answer, "compared");

	printf("process %lld, uid %lld, gid %lld\n",
	       (long long)json_integer_value(json_object_get(answer, "pid")),
	       (long long)json_integer_value(json_object_get(answer, "uid")),
	       (long long)json_integer_value(json_object_get(answer, "gid")));
	print_identities(answer);
	puts(json_array_size(compared) > 0
		     ? "compared with each entry of each Workload, the nearest first:"
		     : "no Workload has 'processes' to compare it with");
	for (size_t i = 0; i < json_array_size(compared); i++)
		print_comparison(json_array_get(compared, i));
}

int id_explain(const struct id_arguments *arguments)
{
	AUTO(mem_free_text)
	char *request = mem_printf("{\"pid\":%llu}", (unsigned long long)arguments->pid);
	AUTO_ANSWER json_t *answer = NULL;
	struct error err = { 0 };

	if (arguments->pid == 0) {
		fputs("mangrove id: explain needs --pid N\n", stderr);
		return STATUS_USAGE;
	}
	if (id_ask(arguments, "Explain", text_of(request), &answer, &err) < 0)
		return id_fail(&err);
	if (arguments->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_answer(answer);
	}
	return json_array_size(json_object_get(answer, "identities")) > 0 ? STATUS_FINE : STATUS_NO;
}
