/* SPDX-License-Identifier: Apache-2.0 */
/* alert_outputs.h — all receivers of a command's alerts: those named by --output, or standard
 * output. */
#pragma once

#include "cmd/alert_output.h"

struct alert_outputs {
	const char *names[ALERT_OUTPUTS_MAX]; /* borrowed: as --output has them */
	size_t name_count;
	struct alert_output *items[ALERT_OUTPUTS_MAX];
	size_t count;
};

/* False: there are ALERT_OUTPUTS_MAX already. */
bool alert_outputs_name(struct alert_outputs *outputs, const char *name);
/* Before privileges are given up. */
int alert_outputs_open(struct alert_outputs *outputs, const struct alert_output_options *options,
		       struct error *err);
int alert_outputs_start(struct alert_outputs *outputs, struct error *err); /* and after */
void alert_outputs_push(const struct alert_outputs *outputs, const struct alert *alert);
bool alert_outputs_close(struct alert_outputs *outputs); /* true: every alert was written */
