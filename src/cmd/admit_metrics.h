/* SPDX-License-Identifier: Apache-2.0 */
/* admit_metrics.h — what the webhook counts, and how Prometheus reads it. */
#pragma once

#include "check/check.h"

#define ADMIT_BUCKETS 8

struct admit_metrics {
	uint64_t verdicts[ADMISSION_VERDICT_COUNT];
	uint64_t malformed; /* requests that were no review */
	uint64_t warnings;
	uint64_t durations[ADMIT_BUCKETS + 1]; /* not cumulative; the last: longer than all */
	uint64_t duration_ns;                  /* sum */
	uint64_t certificates_loaded, certificates_refused;
	int64_t certificate_end_ns;
};

void admit_metrics_count(struct admit_metrics *metrics, const struct admission_outcome *outcome,
			 uint64_t duration_ns);
void admit_metrics_write(const struct admit_metrics *metrics, struct buffer *out);
