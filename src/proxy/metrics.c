/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/metrics.h"

#include "proxy/downstream.h"
#include "proxy/exchange.h"
#include "proxy/metrics_cluster.h"
#include "proxy/worker.h"

#include <stddef.h>

#define LABELS_MAX 2048
#define SERIES_MAX                                                                                 \
	20000 /* a worker's; beyond it requests are counted under labels of "overflow"             \
	       */

/* Istio's and Envoy's default bounds, in milliseconds. */
static const double bounds_ms[DURATION_BUCKETS - 1] = { 0.5,    1,      5,       10,     25,
							50,     100,    250,     500,    1000,
							2500,   5000,   10000,   30000,  60000,
							300000, 600000, 1800000, 3600000 };

static void free_series(struct metric_series *series)
{
	mem_free(series->labels);
	mem_free(series);
}

void metrics_done(struct metrics *metrics)
{
	MAP_FOR_EACH (&metrics->series, entry)
		free_series(entry->value);
	map_done(&metrics->series);
	metrics_clusters_done(&metrics->clusters);
}

static struct metric_series *series_for(struct metrics *metrics, struct text labels)
{
	struct metric_series *series = map_get(&metrics->series, labels);

	if (series != NULL)
		return series;
	if (metrics->series.count >= SERIES_MAX)
		labels = TEXT("reporter=\"overflow\"");
	series = map_get(&metrics->series, labels);
	if (series == NULL) {
		series = MEM_NEW(struct metric_series);
		series->labels = mem_strndup(labels.ptr, labels.len);
		map_put(&metrics->series, text_of(series->labels), series);
	}
	return series;
}

struct labels { /* built without a heap: this runs once a request */
	char text[LABELS_MAX];
	size_t len;
};

static void add(struct labels *labels, struct text text)
{
	const size_t len = MIN_OF(text.len, sizeof(labels->text) - labels->len);

	memcpy(labels->text + labels->len, text.ptr, len);
	labels->len += len;
}

static void add_label(struct labels *labels, struct text name, struct text value)
{
	add(labels, name);
	add(labels, value.len > 0 ? value : TEXT("unknown"));
	add(labels, TEXT("\""));
}

/* The service account's namespace and name stand for the workload at the other end: only they are
 * verified. */
static void add_source(struct labels *labels, const struct exchange *exchange)
{
	const struct local_workload *own = exchange->listener->workload;
	struct spiffe_id id;
	struct text namespace = TEXT(""), account = TEXT(""), principal = TEXT("");

	if (exchange->listener->role == LISTENER_OUTBOUND) {
		principal = text_of(own->spiffe_id);
		namespace = own->instance->namespace;
		account = own->instance->name;
	} else if (exchange->downstream->peer_id != NULL) {
		principal = text_of(exchange->downstream->peer_id);
		if (spiffe_id_parse(principal, &id, NULL) == 0)
			spiffe_id_service_account(&id, &namespace, &account);
	}
	add_label(labels, TEXT(",source_workload=\""), account);
	add_label(labels, TEXT(",source_workload_namespace=\""), namespace);
	add_label(labels, TEXT(",source_principal=\""), principal);
}

static void add_destination(struct labels *labels, const struct exchange *exchange)
{
	const struct local_workload *own = exchange->listener->workload;
	const struct cluster_endpoint *endpoint = exchange->endpoint;
	const struct cluster *cluster =
		exchange->destination != NULL ? exchange->destination->cluster : NULL;
	const bool is_own = exchange->listener->role == LISTENER_INBOUND;

	add_label(labels, TEXT(",destination_workload=\""),
		  is_own ? own->instance->name
			 : (endpoint != NULL ? endpoint->workload : TEXT("")));
	add_label(labels, TEXT(",destination_workload_namespace=\""),
		  is_own ? own->instance->namespace
			 : (endpoint != NULL ? endpoint->namespace : TEXT("")));
	add_label(labels, TEXT(",destination_service=\""),
		  cluster != NULL ? cluster->service_host : TEXT(""));
	add_label(labels, TEXT(",destination_service_name=\""),
		  cluster != NULL ? cluster->service_name : TEXT(""));
}

static void add_protocol(struct labels *labels, const struct exchange *exchange)
{
	char status[TEXT_NUMBER_MAX];

	if (exchange->is_tcp) {
		add(labels, TEXT(",request_protocol=\"tcp\""));
		return;
	}
	add(labels, TEXT(",request_protocol=\"http\""));
	add_label(labels, TEXT(",response_code=\""),
		  (struct text){ status, text_format_number(status, exchange->response.status) });
}

static void build_labels(struct labels *labels, const struct exchange *exchange)
{
	char flags[EXCHANGE_FLAGS_MAX];
	const bool is_destination = exchange->listener->role == LISTENER_INBOUND;
	const bool is_mutual = exchange->downstream->peer_id != NULL;

	add(labels,
	    is_destination ? TEXT("reporter=\"destination\"") : TEXT("reporter=\"source\""));
	add_source(labels, exchange);
	add_destination(labels, exchange);
	add_protocol(labels, exchange);
	add_label(labels, TEXT(",response_flags=\""),
		  (struct text){ flags, exchange_flags_text(exchange->flags, flags) });
	add_label(labels, TEXT(",connection_security_policy=\""),
		  !is_destination ? TEXT("unknown")
				  : (is_mutual ? TEXT("mutual_tls") : TEXT("none")));
}

static size_t bucket_of(uint64_t duration_us)
{
	size_t bucket = 0;

	while (bucket < COUNT_OF(bounds_ms) && (double)duration_us > bounds_ms[bucket] * 1000)
		bucket++;
	return bucket;
}

static struct metric_series *series_of(struct metrics *metrics, const struct exchange *exchange)
{
	struct labels labels = { .len = 0 };

	build_labels(&labels, exchange);
	return series_for(metrics, (struct text){ labels.text, labels.len });
}

void metrics_count_tcp_opened(struct metrics *metrics, struct exchange *exchange)
{
	exchange->tcp_series = series_of(metrics, exchange);
	exchange->tcp_series->tcp_opened++;
}

void metrics_count_tcp_bytes(struct exchange *exchange, uint64_t received, uint64_t sent)
{
	exchange->tcp_series->tcp_received += received;
	exchange->tcp_series->tcp_sent += sent;
}

void metrics_count_exchange(struct metrics *metrics, const struct exchange *exchange)
{
	struct metric_series *series;

	if (exchange->listener == NULL)
		return;
	series = series_of(metrics, exchange);
	if (exchange->is_tcp) {
		series->tcp_opened += exchange->tcp_series == NULL; /* it got no further */
		series->tcp_closed++;
		return;
	}

	const uint64_t us = (loop_now(exchange->worker->loop) - exchange->start_ns) / 1000;

	series->requests++;
	series->durations[bucket_of(us)]++;
	series->duration_us += us;
	series->request_bytes += exchange->request_bytes;
	series->response_bytes += exchange->response_bytes;
}

void metrics_count_handshake_failure(struct metrics *metrics, const struct listener_plan *listener)
{
	(void)listener;
	metrics->handshake_failures++;
}

void metrics_add(struct metrics *sum, const struct metrics *part)
{
	sum->handshake_failures += part->handshake_failures;
	sum->delays_injected += part->delays_injected;
	sum->aborts_injected += part->aborts_injected;
	sum->checks_allowed += part->checks_allowed;
	sum->checks_denied += part->checks_denied;
	sum->checks_failed += part->checks_failed;
	sum->checks_failed_open += part->checks_failed_open;
	sum->heap_allocations += part->heap_allocations;
	sum->tls_allocations += part->tls_allocations;
	metrics_clusters_add(&sum->clusters, &part->clusters);
	MAP_FOR_EACH (&part->series, entry) {
		const struct metric_series *from = entry->value;
		struct metric_series *to = series_for(sum, entry->key);

		to->requests += from->requests;
		to->duration_us += from->duration_us;
		to->request_bytes += from->request_bytes;
		to->response_bytes += from->response_bytes;
		to->tcp_opened += from->tcp_opened;
		to->tcp_closed += from->tcp_closed;
		to->tcp_received += from->tcp_received;
		to->tcp_sent += from->tcp_sent;
		for (size_t i = 0; i < DURATION_BUCKETS; i++)
			to->durations[i] += from->durations[i];
	}
}

void metrics_copy(const struct metrics *metrics, struct metrics *out)
{
	*out = (struct metrics){
		.heap_allocations = mem_thread_allocations(), /* before what this copy takes */
		.tls_allocations = tls_thread_allocations(),
	};
	metrics_add(out, metrics);
}

/* ---- writing ---- */

static void write_head(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_counter(struct buffer *out, const char *name, const char *help, uint64_t value)
{
	write_head(out, name, "counter", help);
	buffer_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

static void write_durations(const struct metrics *metrics, struct buffer *out)
{
	const char *name = "istio_request_duration_milliseconds";

	write_head(out, name, "histogram", "Time from the first byte in to the last byte out.");
	MAP_FOR_EACH (&metrics->series, entry) {
		const struct metric_series *series = entry->value;
		uint64_t below = 0;

		if (series->requests == 0)
			continue;
		for (size_t i = 0; i < DURATION_BUCKETS; i++) {
			below += series->durations[i];
			if (i < COUNT_OF(bounds_ms))
				buffer_printf(out, "%s_bucket{%s,le=\"%g\"} %llu\n", name,
					      series->labels, bounds_ms[i],
					      (unsigned long long)below);
			else
				buffer_printf(out, "%s_bucket{%s,le=\"+Inf\"} %llu\n", name,
					      series->labels, (unsigned long long)below);
		}
		buffer_printf(out, "%s_sum{%s} %.3f\n%s_count{%s} %llu\n", name, series->labels,
			      (double)series->duration_us / 1000, name, series->labels,
			      (unsigned long long)below);
	}
}

/* One counter of every series; which of them stand on a line is the series' affair. */
static void write_series(const struct metrics *metrics, struct buffer *out, const char *name,
			 const char *help, size_t offset, bool of_tcp)
{
	write_head(out, name, "counter", help);
	MAP_FOR_EACH (&metrics->series, entry) {
		const struct metric_series *series = entry->value;
		const uint64_t *value = (const uint64_t *)((const char *)series + offset);

		if (of_tcp ? series->tcp_opened + series->tcp_closed > 0 : series->requests > 0)
			buffer_printf(out, "%s{%s} %llu\n", name, series->labels,
				      (unsigned long long)*value);
	}
}

#define SERIES(member) offsetof(struct metric_series, member)

void metrics_write(const struct metrics *metrics, struct buffer *out)
{
	write_series(metrics, out, "istio_requests_total", "Requests answered.", SERIES(requests),
		     false);
	write_durations(metrics, out);
	write_series(metrics, out, "istio_request_bytes_sum", "Bytes of request bodies.",
		     SERIES(request_bytes), false);
	write_series(metrics, out, "istio_response_bytes_sum", "Bytes of response bodies.",
		     SERIES(response_bytes), false);
	write_series(metrics, out, "istio_tcp_connections_opened_total",
		     "TCP connections accepted.", SERIES(tcp_opened), true);
	write_series(metrics, out, "istio_tcp_connections_closed_total", "TCP connections ended.",
		     SERIES(tcp_closed), true);
	write_series(metrics, out, "istio_tcp_received_bytes_total",
		     "Bytes from TCP clients, counted as they pass.", SERIES(tcp_received), true);
	write_series(metrics, out, "istio_tcp_sent_bytes_total",
		     "Bytes to TCP clients, counted as they pass.", SERIES(tcp_sent), true);
	metrics_clusters_write(&metrics->clusters, out);
	write_counter(out, "envoy_http_fault_delays_injected",
		      "Requests delayed by a route's fault.", metrics->delays_injected);
	write_counter(out, "envoy_http_fault_aborts_injected", "Requests ended by a route's fault.",
		      metrics->aborts_injected);
	write_counter(out, "envoy_http_ext_authz_ok", "Allowed by an external authorizer.",
		      metrics->checks_allowed);
	write_counter(out, "envoy_http_ext_authz_denied", "Denied by one.", metrics->checks_denied);
	write_counter(out, "envoy_http_ext_authz_error", "Without a sound answer of one.",
		      metrics->checks_failed);
	write_counter(out, "envoy_http_ext_authz_failure_mode_allowed",
		      "Let pass without one, as failOpen says.", metrics->checks_failed_open);
	write_counter(out, "mangrove_handshake_failures_total",
		      "Connections refused before a request.", metrics->handshake_failures);
	write_counter(out, "mangrove_worker_heap_allocations_total",
		      "Times a worker took memory from the heap; a steady path takes none.",
		      metrics->heap_allocations);
	write_counter(out, "mangrove_worker_tls_allocations_total",
		      "Times OpenSSL did so on a worker's behalf.", metrics->tls_allocations);
}
