/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/source_base.h"

void source_publish(struct identity_source *source, struct identity_set *set)
{
	AUTO(identity_set_unref) struct identity_set *before = source->current;

	source->current = set;
	source->changed(source->owner, set);
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
