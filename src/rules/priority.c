/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/ruleset.h"

static const char *const names[] = {
	[PRIORITY_EMERGENCY] = "Emergency",
	[PRIORITY_ALERT] = "Alert",
	[PRIORITY_CRITICAL] = "Critical",
	[PRIORITY_ERROR] = "Error",
	[PRIORITY_WARNING] = "Warning",
	[PRIORITY_NOTICE] = "Notice",
	[PRIORITY_INFORMATIONAL] = "Informational",
	[PRIORITY_DEBUG] = "Debug",
};

/* What people write from other scales. */
static const struct spelling {
	const char *name;
	enum rule_priority means;
	bool portable;
} spellings[] = {
	{ "INFO", PRIORITY_INFORMATIONAL, true }, { "HIGH", PRIORITY_ERROR, false },
	{ "MEDIUM", PRIORITY_WARNING, false },    { "LOW", PRIORITY_NOTICE, false },
	{ "FATAL", PRIORITY_EMERGENCY, false },   { "SEVERE", PRIORITY_CRITICAL, false },
	{ "EMERG", PRIORITY_EMERGENCY, false },   { "CRIT", PRIORITY_CRITICAL, false },
	{ "ERR", PRIORITY_ERROR, false },         { "WARN", PRIORITY_WARNING, false },
};

const char *rule_priority_name(enum rule_priority priority)
{
	return names[priority];
}

bool rule_priority_parse(struct text name, enum rule_priority *out, bool *portable)
{
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (text_equal_nocase(name, text_of(names[i]))) {
			*out = (enum rule_priority)i;
			*portable = true;
			return true;
		}
	}
	for (size_t i = 0; i < COUNT_OF(spellings); i++) {
		if (text_equal_nocase(name, text_of(spellings[i].name))) {
			*out = spellings[i].means;
			*portable = spellings[i].portable;
			return true;
		}
	}
	return false;
}
