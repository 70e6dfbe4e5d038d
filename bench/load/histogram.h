/* SPDX-License-Identifier: Apache-2.0 */
/* histogram.h — latencies in buckets that are exact below 64 ns and within 1.6 % above. */
#pragma once

#include <stdint.h>

#define HISTOGRAM_BUCKETS (64 * 64)

struct histogram {
	uint64_t buckets[HISTOGRAM_BUCKETS];
	uint64_t count, sum_ns, max_ns;
};

void histogram_add(struct histogram *histogram, uint64_t ns);
double histogram_mean_us(const struct histogram *histogram);
double histogram_percentile_us(const struct histogram *histogram, double fraction); /* 0.99 */
