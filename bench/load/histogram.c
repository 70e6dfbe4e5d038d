/* SPDX-License-Identifier: Apache-2.0 */
#include "load/histogram.h"

#include "base/base.h"

/* 64 buckets for each power of two from 64 on. */
static unsigned bucket_of(uint64_t ns)
{
	if (ns < 64)
		return (unsigned)ns;

	const unsigned exponent = 63u - (unsigned)__builtin_clzll(ns);

	return (exponent - 5) * 64 + (unsigned)((ns >> (exponent - 6)) & 63);
}

static uint64_t middle_of(unsigned bucket)
{
	if (bucket < 64)
		return bucket;

	const unsigned exponent = bucket / 64 + 5;
	const uint64_t width = UINT64_C(1) << (exponent - 6);

	return (64 + bucket % 64) * width + width / 2;
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
	histogram->buckets[bucket_of(ns)]++;
	histogram->count++;
	histogram->sum_ns += ns;
	histogram->max_ns = MAX_OF(histogram->max_ns, ns);
}

double histogram_mean_us(const struct histogram *histogram)
{
	if (histogram->count == 0)
		return 0;
	return (double)histogram->sum_ns / (double)histogram->count / 1000;
}

double histogram_percentile_us(const struct histogram *histogram, double fraction)
{
	const double wanted = (double)histogram->count * fraction;
	uint64_t seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if ((double)seen > wanted)
			return (double)middle_of(i) / 1000;
	}
	return 0;
}
