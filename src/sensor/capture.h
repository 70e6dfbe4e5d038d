/* SPDX-License-Identifier: Apache-2.0 */
/* capture.h — .scap captures as Falco and sysdig write them, all versions: a file of blocks (like
 * pcap-ng), packed with gzip or not.
 *
 *	capture_open -> capture_load (the machine as it was at the beginning) -> capture_next ...
 *
 * A capture comes from outside: every length is checked before it is believed, blocks have a limit,
 * and what is wrong is an error that names the block and the byte. Events of types that we do not
 * know are passed over and counted. Old recorders wrote a call as two events: the first is kept and
 * completes the second, and one comes out, as recorders write it today. */
#pragma once

#include "sensor/state.h"
#include "sensor/users.h"

struct capture;

struct capture_counters {
	uint64_t blocks, events; /* events: those that came out */
	uint64_t unknown;        /* events of types, and blocks of kinds, that we do not know */
};

int capture_open(const char *path, struct capture **out, struct error *err);
void capture_close(struct capture *capture);
DEFINE_AUTO(struct capture, capture_close)

/* Reads until the first event: what ran and was open, and who the users are. */
int capture_load(struct capture *capture, struct sensor_state *state, struct users *users,
		 struct error *err);
/* 1 and an event, valid until the next call; 0 at the end; -EBADMSG where the file is broken. */
int capture_next(struct capture *capture, struct sensor_event *event, struct error *err);

const char *capture_hostname(const struct capture *capture); /* "" where it is not told */
struct capture_counters capture_counters(const struct capture *capture);
