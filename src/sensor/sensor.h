/* SPDX-License-Identifier: Apache-2.0 */
/* sensor.h — what processes do, and the state of the machine that makes it readable.
 *
 *	event.h   one event, whoever recorded it, and the tables of all events, parameters and flags
 *	live.h    events of this machine, as they happen, by eBPF
 */
#pragma once

#include "sensor/event.h"
#include "sensor/live.h"
