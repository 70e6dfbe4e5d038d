/* SPDX-License-Identifier: Apache-2.0 */
/* learn.h — what a record of the kernel's tells beyond its event becomes part of the state.
 *
 * So the state is right where events were dropped, or never asked for: who the thread is now, where
 * a relative path starts, what the descriptors that the call was given stand for. */
#pragma once

#include "sensor/decode.h"
#include "sensor/state.h"

/* Before sensor_state_apply. */
void sensor_learn(struct sensor_state *state, struct decoder *decoder,
		  const struct record_facts *facts);
