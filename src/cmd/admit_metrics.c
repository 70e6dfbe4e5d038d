/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/admit_metrics.h"

static const struct bucket {
	uint64_t below_ns;
	const char *seconds;
} buckets[ADMIT_BUCKETS] = {
	{ 50 * NS_PER_US, "0.00005" },  { 100 * NS_PER_US, "0.0001" },
	{ 250 * NS_PER_US, "0.00025" }, { 500 * NS_PER_US, "0.0005" },
	{ NS_PER_MS, "0.001" },         { 5 * NS_PER_MS, "0.005" },
	{ 25 * NS_PER_MS, "0.025" },    { 100 * NS_PER_MS, "0.1" },
};

void admit_metrics_count(struct admit_metrics *metrics, const struct admission_outcome *outcome,
			 uint64_t duration_ns)
{
	size_t bucket = 0;

	while (bucket < ADMIT_BUCKETS && duration_ns > buckets[bucket].below_ns)
		bucket++;
	metrics->durations[bucket]++;
	metrics->duration_ns += duration_ns;
	metrics->verdicts[outcome->verdict]++;
	metrics->warnings += outcome->warnings;
}

static void write_head(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_printf(out, "# HELP mangrove_admission_%s %s\n# TYPE mangrove_admission_%s %s\n",
		      name, help, name, type);
}

static void write_counter(struct buffer *out, const char *name, const char *help, uint64_t value)
{
	write_head(out, name, "counter", help);
	buffer_printf(out, "mangrove_admission_%s %llu\n", name, (unsigned long long)value);
}

static void write_durations(const struct admit_metrics *metrics, struct buffer *out)
{
	uint64_t count = 0;

	write_head(out, "review_duration_seconds", "histogram",
		   "From a review read to its answer.");
	for (size_t i = 0; i <= ADMIT_BUCKETS; i++) {
		count += metrics->durations[i];
		buffer_printf(
			out, "mangrove_admission_review_duration_seconds_bucket{le=\"%s\"} %llu\n",
			i < ADMIT_BUCKETS ? buckets[i].seconds : "+Inf", (unsigned long long)count);
	}
	buffer_printf(out,
		      "mangrove_admission_review_duration_seconds_sum %.6f\n"
		      "mangrove_admission_review_duration_seconds_count %llu\n",
		      (double)metrics->duration_ns / (double)NS_PER_SEC, (unsigned long long)count);
}

void admit_metrics_write(const struct admit_metrics *metrics, struct buffer *out)
{
	write_head(out, "reviews_total", "counter", "Reviews answered, by verdict.");
	for (size_t i = 0; i < ADMISSION_VERDICT_COUNT; i++)
		buffer_printf(out, "mangrove_admission_reviews_total{verdict=\"%s\"} %llu\n",
			      admission_verdict_name((enum admission_verdict)i),
			      (unsigned long long)metrics->verdicts[i]);
	write_counter(out, "malformed_requests_total", "Requests that were no review.",
		      metrics->malformed);
	write_counter(out, "warnings_total", "Warnings given.", metrics->warnings);
	write_counter(out, "certificates_loaded_total", "Certificates put in use.",
		      metrics->certificates_loaded);
	write_counter(out, "certificates_refused_total", "Changed files that could not be used.",
		      metrics->certificates_refused);
	write_head(out, "certificate_end_seconds", "gauge",
		   "When the certificate in use ends, since 1970.");
	buffer_printf(out, "mangrove_admission_certificate_end_seconds %lld\n",
		      (long long)(metrics->certificate_end_ns / (int64_t)NS_PER_SEC));
	write_durations(metrics, out);
}
