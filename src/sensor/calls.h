/* SPDX-License-Identifier: Apache-2.0 */
/* calls.h — the system calls that the live sensor understands (call_table.h), and their numbers on
 * this architecture and in its 32-bit form. */
#pragma once

#include "sensor/event.h"
#include "sensor/record.h"

enum call { /* a row's number; in records and in the kernel's tables */
	    CALL_NONE,
#define CALL(name, event, ring, captures, sources) CALL_##name,
#include "sensor/call_table.h"
#undef CALL
	    CALL_COUNT,
};

struct call_info {
	const char *name;
	uint16_t event; /* the exit's enum sensor_event_type */
	uint8_t ring;
	const char *captures, *sources;
};

struct call_number {
	uint16_t call;
	int16_t number;
};

const struct call_info *call_info(unsigned call); /* call < CALL_COUNT */
/* What the kernel is to copy; want: WANT_SUCCESS | WANT_FAILURE. */
struct call_plan call_plan(unsigned call, uint8_t want);
/* Calls may have several numbers, and none. */
const struct call_number *call_native_numbers(size_t *count);
const struct call_number *call_compat_numbers(size_t *count);
