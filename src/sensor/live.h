/* SPDX-License-Identifier: Apache-2.0 */
/* live.h — events of this machine, as they happen, in the order of their times.
 *
 *	live_open                          loads and attaches the programs; from then on nothing is
 *lost but what does not fit into the rings, and that is counted for (;;) { while (live_next(...))
 *use the event; live_wait(...); }
 *
 * Order: events of one thread, and of a child after those of its parent that led to it, come in the
 * order in which they happened, whichever rings they went through: a round of live_next ends with
 * what happened before the round began, and until then all rings are looked at. One thread. */
#pragma once

#include "sensor/decode.h"
#include "sensor/event.h"
#include "sensor/filter.h"

#include <signal.h>

struct live;

struct live_options {
	/* Does anybody ask for events of this name ("openat")? */
	bool (*wants)(const void *context, const char *name);
	const void *context;
	const struct filter
		*filter; /* what may be dropped; NULL: nothing. Borrowed for live_open */
	/* Of a ring; those for processes and for files have four times as much. 0: 1 MiB. */
	size_t ring_bytes;
};

struct live_count {
	const char *ring; /* "process", "rare", "network", "file" */
	uint64_t written, dropped;
};

#define LIVE_RINGS 4

/* -EPERM and -ENOTSUP: the machine does not permit it; err tells what is missing. */
int live_open(const struct live_options *options, struct live **out, struct error *err);
void live_close(struct live *live);
DEFINE_AUTO(struct live, live_close)

/* False: this round is over. The event and the facts are valid until the next call. */
bool live_next(struct live *live, struct sensor_event *event, struct record_facts *facts);
struct decoder *live_decoder(struct live *live); /* for record_path, of the event at hand */
/* Until there is something, or the time is up; after a round with events a millisecond, so that
 * many make one round. Meanwhile `signals` are blocked instead of those that are. -EINTR: one came.
 */
int live_wait(struct live *live, int timeout_ms, const sigset_t *signals);
void live_counts(const struct live *live, struct live_count counts[LIVE_RINGS]);
