/* SPDX-License-Identifier: Apache-2.0 */
#include "check/catalog.h"

#include "check/families.h"

#include <string.h>

/* clang-format off */ /* a line each, in the order of --list */
const struct family *const families[] = {
	&hadolint_instructions_family,
	&hadolint_run_family,
	&hadolint_packages_family,
	&hadolint_labels_family,
	&shellcheck_family,
	&dockerfile_family,
	&compose_family,
	&nginx_family,
	&pod_security_family,
	&kubernetes_family,
	&network_family,
	&rbac_family,
	&mesh_family,
	&falco_family,
	&docker_host_family,
	NULL,
};
/* clang-format on */

const struct check *check_find(struct text id_or_name)
{
	for (size_t i = 0; families[i] != NULL; i++)
		for (size_t j = 0; j < families[i]->count; j++)
			if (text_is(id_or_name, families[i]->checks[j].id)
			    || text_is(id_or_name, families[i]->checks[j].name))
				return &families[i]->checks[j];
	return NULL;
}

const struct family *check_family(const struct check *check)
{
	for (size_t i = 0; families[i] != NULL; i++)
		if (check >= families[i]->checks
		    && check < families[i]->checks + families[i]->count)
			return families[i];
	return NULL;
}

bool check_matches(const struct check *check, const char *selector)
{
	const size_t len = strlen(selector);
	const struct family *family;

	if (strcmp(check->id, selector) == 0 || strcmp(check->name, selector) == 0)
		return true;
	family = check_family(check);
	if (strcmp(family->name, selector) == 0
	    || (family->part_of != NULL && strcmp(family->part_of, selector) == 0))
		return true;
	return len > 0 && selector[len - 1] == '*' && strncmp(check->id, selector, len - 1) == 0;
}
