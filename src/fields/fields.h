/* SPDX-License-Identifier: Apache-2.0 */
/* fields.h — what rules ask about an event, answered from the event and the state around it.
 *
 *	view = sensor_state_apply(state, event);
 *	matched = rules_evaluate(evaluator, fields_take(fields, view), &count);
 *
 * A room of its own between sensor, which knows no rules, and rules, which know no sensor. A field
 *is worked out when a rule asks for it, and the evaluator asks once an event. Meanings are Falco's
 * (libsinsp's filter checks); what an event does not have stays absent, and no rule is true of it.
 *
 *	fields_table.c   which function answers which field
 *	fields_event.c   evt.*          fields_process.c  proc.*, thread.*   fields_user.c  user.*,
 *group.* fields_file.c    fd.* of files  fields_socket.c   fd.* of sockets    fields_path.c
 *fs.path.* fields_container.c              container.*, k8s.*
 *
 * One thread's. Texts point into the state, the event or the fields' own memory, and stay until the
 * next event. */
#pragma once

#include "fields/host_names.h"
#include "rules/rules.h"
#include "sensor/sensor.h"

struct fields;

struct fields_options {
	const char *hostname;     /* evt.hostname; borrowed; NULL: absent */
	struct users *users;      /* borrowed; NULL: users have numbers only */
	struct host_names *hosts; /* borrowed; NULL: addresses have no names */
};

struct fields *fields_new(const struct fields_options *options);
void fields_free(struct fields *fields);
DEFINE_AUTO(struct fields, fields_free)

/* The event as rules see it. The view and its state stay as they are until the event is done with.
 */
const struct rule_event *fields_take(struct fields *fields, const struct sensor_view *view);
