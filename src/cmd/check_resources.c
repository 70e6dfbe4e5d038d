/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/check_resources.h"

#include "cmd/command.h"
#include "cmd/load.h"
#include "policy/policy.h"
#include "resource/resource.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct arguments {
	bool strict, json;
	const char *root_namespace;
	const char *const *paths;
	size_t path_count;
};

/* Options may stand anywhere; paths are moved together at the front. */
static int parse_arguments(struct arguments *out, int argc, char **argv)
{
	size_t paths = 1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--strict") == 0)
			out->strict = true;
		else if (strcmp(argv[i], "--json") == 0)
			out->json = true;
		else if (strcmp(argv[i], "--root-namespace") == 0 && i + 1 < argc)
			out->root_namespace = argv[++i];
		else if (argv[i][0] == '-')
			return command_usage(&check_command,
					     "resources: unknown option, or one without its value: "
					     "'%s'",
					     argv[i]);
		else
			argv[paths++] = argv[i];
	}
	out->paths = (const char *const *)argv + 1;
	out->path_count = paths - 1;
	return out->path_count > 0
		       ? 0
		       : command_usage(&check_command, "resources: name a file or a directory");
}

static size_t count_all(const struct resource_set *set)
{
	size_t total = 0;

	for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
		total += resource_set_list(set, (enum resource_kind)kind).count;
	return total;
}

/* "12 resources: 3 VirtualService, 1 Gateway" */
static void print_counts(const struct resource_set *set, const struct diagnostics *found)
{
	const char *separator = ": ";
	const size_t total = count_all(set);

	printf("%zu resource%s", total, total == 1 ? "" : "s");
	for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++) {
		const size_t count = resource_set_list(set, (enum resource_kind)kind).count;

		if (count == 0)
			continue;
		printf("%s%zu %s", separator, count, resource_kind_name((enum resource_kind)kind));
		separator = ", ";
	}
	if (found->warnings > 0)
		printf("; %zu warning%s", found->warnings, found->warnings == 1 ? "" : "s");
	printf("\n");
}

static void print_for_people(const struct resource_set *set, const struct diagnostics *found)
{
	load_print_problems(found, true);
	if (found->errors + found->warnings > found->count)
		fprintf(stderr, "… and %zu more\n", found->errors + found->warnings - found->count);
	if (set != NULL)
		print_counts(set, found);
	else
		fprintf(stderr, "%zu error%s, %zu warning%s: these resources do not load\n",
			found->errors, found->errors == 1 ? "" : "s", found->warnings,
			found->warnings == 1 ? "" : "s");
}

static void print_json(const struct resource_set *set, const struct diagnostics *found)
{
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer json = { .out = &out };

	json_begin_object(&json);
	json_key(&json, "loads");
	json_bool(&json, set != NULL);
	json_key(&json, "errors");
	json_number(&json, (int64_t)found->errors);
	json_key(&json, "warnings");
	json_number(&json, (int64_t)found->warnings);
	json_key(&json, "findings");
	json_begin_array(&json);
	for (size_t i = 0; i < found->count; i++)
		diagnostic_write_json(found->items[i], &json);
	json_end_array(&json);
	json_key(&json, "kinds");
	json_begin_object(&json);
	for (int kind = KIND_NONE + 1; set != NULL && kind < KIND_COUNT; kind++) {
		const size_t count = resource_set_list(set, (enum resource_kind)kind).count;

		if (count == 0)
			continue;
		json_key(&json, resource_kind_name((enum resource_kind)kind));
		json_number(&json, (int64_t)count);
	}
	json_end_object(&json);
	json_end_object(&json);
	printf("%s\n", out.data);
}

/* As a proxy would: read all, then compile what was said about access. */
static int load(const struct arguments *arguments, struct diagnostics *found,
		struct resource_set **set)
{
	const struct resource_options options = { .strict = arguments->strict,
						  .root_namespace = arguments->root_namespace };
	AUTO(resource_set_unref) struct resource_set *loaded = NULL;
	AUTO(policy_unref) struct policy *policy = NULL;
	const int result = load_mesh(arguments->paths, arguments->path_count, &options, found,
				     &loaded, &policy, NULL);

	if (result == 0 && found->errors == 0)
		*set = TAKE(loaded);
	return *set != NULL ? 0 : -EINVAL;
}

int check_resources(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	const int usage = parse_arguments(&arguments, argc, argv);

	if (usage != 0)
		return usage;

	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;

	diagnostics_init(&found);
	const int result = load(&arguments, &found, &set);

	if (arguments.json)
		print_json(set, &found);
	else
		print_for_people(set, &found);
	return result == 0 ? STATUS_FINE : STATUS_USAGE;
}
