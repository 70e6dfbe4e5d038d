/* SPDX-License-Identifier: Apache-2.0 */
/* watch_metrics.h — what the sensor counts, as Prometheus reads it. */
#pragma once

#include "cmd/judge.h"

#include "sensor/sensor.h"

/* judge NULL: nothing is judged. */
void watch_metrics(const struct live *live, const struct judge *judge,
		   const struct alert_outputs *outputs, struct buffer *out);
