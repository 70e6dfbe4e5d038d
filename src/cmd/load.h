/* SPDX-License-Identifier: Apache-2.0 */
/* load.h — resources and what they say about access, read as a proxy reads them. */
#pragma once

#include "policy/policy.h"
#include "resource/resource.h"

/* All problems go to `found`, each with its line quoted. -EINVAL: the set does not load, and
 * neither *set nor *policy is touched. err may be NULL. */
int load_mesh(const char *const *paths, size_t path_count, const struct resource_options *options,
	      struct diagnostics *found, struct resource_set **set, struct policy **policy,
	      struct error *err);
/* To standard error, in colour on a terminal. */
void load_print_problems(const struct diagnostics *found, bool with_warnings);
