/* SPDX-License-Identifier: Apache-2.0 */
/* load.h — reading the keys of rule file items. Private to the room.
 *
 * Each reader returns 0 or, after reporting, -EINVAL. A NULL key's value is "not given". */
#pragma once

#include "rules/definition.h"

#include "resource/resource.h"

struct loader {
	struct definitions *all;
	struct text text;         /* the file's */
	const struct value *item; /* being read */
};

/* The entry's scalar; it must be there and not be empty. */
int load_text(struct loader *loader, const char *key, struct text *out);
/* As load_text, but fine where absent: *out is left as it is. */
int load_optional_text(struct loader *loader, const char *key, struct text *out);
int load_optional_bool(struct loader *loader, const char *key, bool *out);
int load_texts(struct loader *loader, const char *key, struct texts *out);
int load_condition(struct loader *loader, struct written_condition *out);

/* Warns of keys of the item that are not in the list (ends with NULL). */
void load_check_keys(struct loader *loader, const char *const *known);

/* "override: {condition: append}": which of the item's parts are appended and which replaced. */
struct override_key {
	const char *key;
	unsigned part; /* enum rule_part, or 1 where there is only one */
	bool appendable;
};

int load_overrides(struct loader *loader, const struct override_key *keys, size_t count,
		   unsigned *append, unsigned *replace);

int load_rule(struct loader *loader);
int load_exceptions(struct loader *loader, bool appending, struct exception **out);
int load_required_engine(struct loader *loader);
int load_required_plugins(struct loader *loader);
