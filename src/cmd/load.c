/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/load.h"

#include <stdio.h>

int load_mesh(const char *const *paths, size_t path_count, const struct resource_options *options,
	      struct diagnostics *found, struct resource_set **set, struct policy **policy,
	      struct error *err)
{
	AUTO(resource_set_unref) struct resource_set *loaded = NULL;
	AUTO(policy_unref) struct policy *compiled = NULL;
	int result = resource_set_load(paths, path_count, options, found, &loaded, err);
	const size_t told = found->count; /* these have their lines */

	if (result == 0)
		result = policy_compile(loaded, &compiled, found, err);
	diagnostics_quote(found, told);
	if (result < 0)
		return result;
	*set = TAKE(loaded);
	*policy = TAKE(compiled);
	return 0;
}

void load_print_problems(const struct diagnostics *found, bool with_warnings)
{
	AUTO_BUFFER struct buffer text = { 0 };

	for (size_t i = 0; i < found->count; i++)
		if (with_warnings || found->items[i]->severity == SEVERITY_ERROR)
			diagnostic_print(found->items[i], terminal_has_colour(stderr), &text);
	if (text.len > 0)
		fwrite(text.data, 1, text.len, stderr);
}
