/* SPDX-License-Identifier: Apache-2.0 */
/* decode.h — a record from a ring becomes a struct sensor_event: the one place that knows both.
 *
 * A record is input like any other: nothing is read beyond its bytes, and what makes no sense is
 * left out. The event's parameters are views of the record or of the decoder's own storage; both
 * must stay until the event is done with. */
#pragma once

#include "sensor/event.h"
#include "sensor/record.h"

struct decoder {                /* the caller's storage, filled anew by each decode */
	int64_t boot_offset_ns; /* add to a time since boot for one since 1970; the caller's to set
				 */
	uint32_t used;
	char storage[8 * RECORD_TEXT_MAX];
};

/* What a record tells beyond its event's parameters: who acted, as the kernel had it. */
struct record_facts {
	const struct record *record;
	struct text pieces; /* all of them; record_piece finds one */
};

/* False where the bytes are no record that makes an event. */
bool decode_record(struct decoder *decoder, const void *bytes, size_t len,
		   struct sensor_event *event, struct record_facts *facts);

/* The first piece of that kind for that argument; absent where there is none. */
struct text record_piece(const struct record_facts *facts, unsigned kind, unsigned arg);
/* A path of the kernel's, assembled in the decoder's storage, with its NUL counted in len; absent
 * where there is no such piece. */
struct text record_path(struct decoder *decoder, const struct record_facts *facts, unsigned kind,
			unsigned arg);
