/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of our first users and Istio's own samples: all of it loads. */
#include "resource/resource.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *shared(void)
{
	const char *given = getenv("MANGROVE_SHARED");

	return given != NULL ? given : getenv("MANGROVE_SHARED_DEFAULT");
}

/* Reads a file below the shared data; skips the test where it is not there. */
static void read_shared(const char *path, struct buffer *out)
{
	AUTO(mem_free_text)
	char *full = mem_printf("%s/%s", shared() != NULL ? shared() : "", path);

	if (file_read(full, VALUE_LIMIT_BYTES, out, NULL) < 0) {
		print_message("%s is not here\n", full);
		skip();
	}
}

/* The n-th "```yaml" block of a document, counted from 0. */
static struct text yaml_block(struct text document, unsigned number)
{
	struct text rest = document;

	while (rest.ptr != NULL) {
		if (!text_is(text_split(&rest, '\n'), "```yaml") || number-- > 0)
			continue;

		const char *start = rest.ptr;

		while (rest.ptr != NULL) {
			const char *line = rest.ptr;

			if (text_is(text_split(&rest, '\n'), "```"))
				return (struct text){ start, (size_t)(line - start) };
		}
	}
	return (struct text){ NULL, 0 };
}

static const struct seed_case {
	const char *name, *file;
	unsigned block;
	size_t resources;
	const char *warnings; /* the field or word that each is about, in order */
} seeds[] = {
	{ "a workflow is no resource", "seeds/000_184106915ba6b0c9.txt", 0, 0, "not a resource" },
	{ "pod security", "seeds/000_184106915ba6b0c9.txt", 1, 3, "" },
	{ "a deployment", "seeds/000_184106915ba6b0c9.txt", 2, 4, "" },
	{ "a mesh", "seeds/000_184106915ba6b0c9.txt", 3, 7,
	  "'LEAST_CONN' 'circuitBreaker' 'consecutiveErrors'" },
	{ "Falco rules", "seeds/000_184106915ba6b0c9.txt", 4, 1, "" },
	{ "strict mutual TLS", "seeds/003_e5f1356dfd6ec6ce.txt", 0, 3,
	  "'minProtocolVersion' 'maxProtocolVersion' 'cipherSuites'" },
	{ "isolation", "seeds/003_e5f1356dfd6ec6ce.txt", 1, 3, "'requiredDropCapabilities'" },
};

static size_t count_all(const struct resource_set *set)
{
	size_t total = 0;

	for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
		total += resource_set_list(set, (enum resource_kind)kind).count;
	return total;
}

static void check_seed(void **state)
{
	const struct seed_case *row = *state;
	AUTO_BUFFER struct buffer document = { 0 };
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	struct text wanted = text_of(row->warnings);
	size_t count = 0;

	read_shared(row->file, &document);
	diagnostics_init(&found);
	assert_int_equal(resource_set_parse(row->file,
					    yaml_block(buffer_text(&document), row->block), NULL,
					    &found, &set, NULL),
			 0);
	assert_int_equal(count_all(set), row->resources);
	if (strcmp(row->warnings, "not a resource") == 0) {
		assert_int_equal(found.count, 1);
		assert_non_null(strstr(found.items[0]->error.text, row->warnings));
		return;
	}
	while (wanted.len > 0) {
		const struct text word = text_split(&wanted, ' ');

		assert_true(count < found.count);
		assert_true(text_starts_with(text_of(found.items[count++]->error.text), word));
	}
	assert_int_equal(found.count, count);
}

static void istios_samples_load_without_a_word(void **state)
{
	AUTO(mem_free_text)
	char *path = mem_printf("%s/data/istio/bookinfo", shared() != NULL ? shared() : "");
	DIR *directory = opendir(path);
	size_t files = 0;

	(void)state;
	if (directory == NULL) {
		print_message("%s is not here\n", path);
		skip();
	}
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;

		AUTO(mem_free_text) char *file = mem_printf("%s/%s", path, entry->d_name);
		AUTO_DIAGNOSTICS struct diagnostics found;
		AUTO(resource_set_unref) struct resource_set *set = NULL;
		const char *const paths[] = { file };

		diagnostics_init(&found);
		assert_int_equal(resource_set_load(paths, 1, NULL, &found, &set, NULL), 0);
		assert_int_equal(found.count, 0);
		files++;
	}
	closedir(directory);
	assert_true(files > 10);
}

static void falcos_rules_load(void **state)
{
	AUTO(mem_free_text)
	char *path = mem_printf("%s/data/falco-rules", shared() != NULL ? shared() : "");
	const char *const paths[] = { path };
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;

	(void)state;
	diagnostics_init(&found);
	if (!file_exists(path))
		skip();
	assert_int_equal(resource_set_load(paths, 1, NULL, &found, &set, NULL), 0);
	assert_int_equal(found.count, 0);
	assert_int_equal(resource_set_list(set, KIND_FALCO_RULES).count, 3);
}

int main(void)
{
	const struct CMUnitTest plain[] = {
		cmocka_unit_test(istios_samples_load_without_a_word),
		cmocka_unit_test(falcos_rules_load),
	};
	struct CMUnitTest tests[COUNT_OF(plain) + COUNT_OF(seeds)];

	memcpy(tests, plain, sizeof(plain));
	for (size_t i = 0; i < COUNT_OF(seeds); i++)
		tests[COUNT_OF(plain) + i] =
			(struct CMUnitTest){ .name = seeds[i].name,
					     .test_func = check_seed,
					     .initial_state = (void *)&seeds[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
