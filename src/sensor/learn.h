/* SPDX-License-Identifier: Apache-2.0 */
/* learn.h — what a record of the kernel's tells beyond its event becomes part of the state.
 *
 * So the state is right where events were dropped, or never asked for: who the thread is now, where
 * a relative path starts, what the descriptors that the call was given stand for. */
#pragma once

#include "sensor/decode.h"
#include "sensor/state.h"

/* The path of the file that a call opened, with its NUL, as the kernel has it: symbolic links are
 * followed, and no program can have changed it meanwhile. Absent for other calls. */
struct text sensor_opened_path(struct decoder *decoder, const struct record_facts *facts);

/* Before sensor_state_apply. */
void sensor_learn(struct sensor_state *state, struct decoder *decoder,
		  const struct record_facts *facts);
