/* SPDX-License-Identifier: Apache-2.0 */
/* rule_event.h — an event as rules see it: a type, a time, and a way to ask for fields.
 *
 * The sensor, a replay and `rules eval` each bring their own `get`. It is called at most once for a
 * field and an event; what it points to must stay until the event is done with. */
#pragma once

#include "rules/event_type.h"
#include "rules/field.h"

struct rule_event {
	unsigned type;   /* event_type_find */
	int64_t time_ns; /* since 1970 */
	/* Fills *out (FIELD_VALUE_NONE where the event has no such thing). */
	void (*get)(const struct rule_event *event, const struct field_use *use,
		    struct field_value *out);
};
