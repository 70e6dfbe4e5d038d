/* SPDX-License-Identifier: Apache-2.0 */
/* No text may crash the loader or make it say one thing now and another the next time: the same
 * bytes give the same resources and the same warnings. A set that loads has no errors. */
#include "resource/resource.h"

#include <stdlib.h>

/* libfyaml 0.7.12 forgets a buffer when a quoted text does not end: 4 KiB for a broken file. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml";
}

struct loaded {
	struct diagnostics found;
	struct resource_set *set;
};

static void load(struct loaded *loaded, const uint8_t *data, size_t size)
{
	/* the first byte chooses the language */
	const char *file = size > 0 && data[0] == '{' ? "fuzz.json" : "fuzz.yaml";
	const struct text text = { (const char *)data, size };

	diagnostics_init(&loaded->found);
	loaded->set = NULL;
	const int result = resource_set_parse(file, text, NULL, &loaded->found, &loaded->set, NULL);

	if ((result == 0) != (loaded->found.errors == 0) || (result == 0) != (loaded->set != NULL))
		abort();
}

static void compare_diagnostics(const struct diagnostics *a, const struct diagnostics *b)
{
	if (a->count != b->count || a->errors != b->errors)
		abort();
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i]->error.text, b->items[i]->error.text) != 0
		    || a->items[i]->error.at.line != b->items[i]->error.at.line)
			abort();
}

static void compare_sets(const struct resource_set *a, const struct resource_set *b)
{
	for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++) {
		const struct resource_list one = resource_set_list(a, (enum resource_kind)kind);
		const struct resource_list two = resource_set_list(b, (enum resource_kind)kind);

		if (one.count != two.count)
			abort();
		for (size_t i = 0; i < one.count; i++)
			if (!text_equal(one.items[i]->name, two.items[i]->name)
			    || one.items[i]->at.line != two.items[i]->at.line)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct loaded first, second;

	load(&first, data, size);
	load(&second, data, size);
	compare_diagnostics(&first.found, &second.found);
	if (first.set != NULL)
		compare_sets(first.set, second.set);
	resource_set_unref(first.set);
	resource_set_unref(second.set);
	diagnostics_done(&first.found);
	diagnostics_done(&second.found);
	return 0;
}
