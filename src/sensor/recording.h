/* SPDX-License-Identifier: Apache-2.0 */
/* recording.h — .scap captures as Falco and sysdig write them, all versions: a file of blocks (like
 * pcap-ng), packed with gzip or not.
 *
 *	recording_open -> recording_load (the machine as it was at the beginning) -> recording_next
 *...
 *
 * A capture comes from outside: every length is checked before it is believed, blocks have a limit,
 * and what is wrong is an error that names the block and the byte. Events of types that we do not
 * know are passed over and counted. Old recorders wrote a call as two events: the first is kept and
 * completes the second, and one comes out, as recorders write it today. */
#pragma once

#include "sensor/state.h"
#include "sensor/users.h"

struct recording;

struct recording_counters {
	uint64_t blocks, events; /* events: those that came out */
	uint64_t unknown;        /* events of types, and blocks of kinds, that we do not know */
};

int recording_open(const char *path, struct recording **out, struct error *err);
void recording_close(struct recording *recording);
DEFINE_AUTO(struct recording, recording_close)

/* Reads until the first event: what ran and was open, and who the users are. */
int recording_load(struct recording *recording, struct sensor_state *state, struct users *users,
		   struct error *err);
/* 1 and an event, valid until the next call; 0 at the end; -EBADMSG where the file is broken. */
int recording_next(struct recording *recording, struct sensor_event *event, struct error *err);

const char *recording_hostname(const struct recording *recording); /* "" where it is not told */
struct recording_counters recording_counters(const struct recording *recording);
