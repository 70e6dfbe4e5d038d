/* SPDX-License-Identifier: Apache-2.0 */
/* json_event.h — an event written as a JSON object of field -> value, as `rules eval` takes them.
 *
 * Keys are fields as rules write them ("proc.aname[2]", "evt.arg.path"). Strings, numbers and
 * booleans are read as the field's type wants them; an array gives several values; null and what is
 * not there: the event has no such thing. Fields that only combine others (fd.net, fd.ip,
 * proc.aname without index, …) are made from those where they are not given. */
#pragma once

#include "rules/rule_event.h"

struct json_event {
	struct rule_event event; /* first: get() finds its way back */
	void *root;              /* json_t */
	struct arena arena;      /* of texts made from it; reset by each parse */
};

void json_event_init(struct json_event *event);
void json_event_done(struct json_event *event);
int json_event_parse(struct json_event *event, struct text line, struct error *err);
