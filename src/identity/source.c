/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/source_base.h"

void source_publish(struct identity_source *source, struct identity_set *set)
{
	AUTO(identity_set_unref) struct identity_set *before = source->current;

	source->current = set;
	source->problem[0] = '\0';
	source->changed(source->owner, set);
}

bool source_note_problem(struct identity_source *source, const char *problem)
{
	if (strcmp(source->problem, problem) == 0)
		return false;
	snprintf(source->problem, sizeof(source->problem), "%s", problem);
	return true;
}

const char *identity_source_problem(const struct identity_source *source)
{
	return source->problem;
}

struct identity_set *identity_source_current(const struct identity_source *source)
{
	return source->current;
}

void identity_source_free(struct identity_source *source)
{
	if (source == NULL)
		return;
	identity_set_unref(source->current);
	source->free(source);
}
