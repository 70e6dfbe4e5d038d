/* SPDX-License-Identifier: Apache-2.0 */
/* watch_events.h — events as such, before any rule, for those who write rules or doubt the sensor.
 */
#pragma once

#include "sensor/sensor.h"

/* One JSON object and a newline: type, time, thread, and the parameters by their names. */
void watch_event_json(const struct sensor_event *event, const struct record_facts *facts,
		      struct buffer *out);
