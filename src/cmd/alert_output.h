/* SPDX-License-Identifier: Apache-2.0 */
/* alert_output.h — alerts on their way to one receiver: a bounded queue and a thread behind it.
 *
 * Whoever pushes never waits for the receiver: what finds no room is dropped and counted, and the
 * thread says so. Only a replay, which nothing outruns, waits for room instead. A receiver that is
 * away is tried again each second; what is queued reaches it when it is back. */
#pragma once

#include "cmd/alert_sink.h"

#define ALERT_OUTPUTS_MAX 16

struct alert_output_options {
	bool json;
	bool waits; /* for room, and for what is queued to be written at the end */
};

struct alert_output_counts {
	uint64_t pushed, written;
	uint64_t dropped; /* no room, or the end came first */
	uint64_t refused; /* the receiver does not want them */
};

/* "stdout", "file=PATH", "syslog", "unix=PATH", "http=URL". Opens it; NULL with err. The text is
 * borrowed. */
struct alert_output *alert_output_open(const char *text, const struct alert_output_options *options,
				       struct error *err);
int alert_output_start(struct alert_output *output, struct error *err); /* its thread */
void alert_output_push(struct alert_output *output, const struct alert *alert);
const char *alert_output_name(const struct alert_output *output);            /* as it was opened */
struct alert_output_counts alert_output_counts(struct alert_output *output); /* any thread */
/* Gives it a moment to empty its queue, tells what did not reach the receiver, frees it; NULL is
 * fine. True: everything did. */
bool alert_output_close(struct alert_output *output);

/* For a sink: until the descriptor is ready. False: the end is near, give up. */
bool alert_output_wait(struct alert_output *output, int fd, short events);
/* For a sink: has the time to give up come? */
bool alert_output_gives_up(const struct alert_output *output);
