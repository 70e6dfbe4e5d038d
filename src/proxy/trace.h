/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h — spans: what each request did here and how long it took, for a collector of
 * OpenTelemetry's.
 *
 * A request belongs to the trace that its traceparent names, or begins one (trace_context.c). Where
 * a collector is configured and the trace is sampled, this proxy's part is a span of its own. A
 * worker writes spans as they end; a thread sends them in batches by OTLP/HTTP, in JSON
 * (opentelemetry-proto: trace/v1). Nobody waits for a collector: what it does not take is dropped
 * and counted. */
#pragma once

#include "net/net.h"

struct exchange;

#define TRACE_ID_LEN 32 /* hexadecimal */
#define SPAN_ID_LEN  16

struct trace_span {
	bool is_sampled; /* it is to be told */
	bool has_parent;
	char trace[TRACE_ID_LEN], id[SPAN_ID_LEN], parent[SPAN_ID_LEN];
};

/* Where spans go, as a plan has it. Lies in the plan's arena. */
struct trace_plan {
	const char *url;
	const char *connect_to; /* libcurl's CONNECT_TO, for a service of the mesh; NULL: by DNS */
	const char **headers;   /* "name: value"; NULL ends them */
	uint64_t timeout_ns;
	uint32_t sampling; /* of 2^32 traces that begin here */
	bool samples_all;
};

/* ---- the thread that sends; any thread may call ---- */

struct trace_export;
struct trace_export *trace_export_new(void);
void trace_export_to(struct trace_export *export,
		     const struct trace_plan *plan); /* NULL: nowhere */
uint64_t trace_export_dropped(struct trace_export *export);
void trace_export_give(struct trace_export *export, struct text spans, size_t count); /* copied */
void trace_export_free(struct trace_export *export); /* sends what it has, but not for long */

/* ---- a worker's side ---- */

struct trace_buffer {
	struct trace_export *export;
	struct loop *loop;
	struct buffer spans; /* JSON objects with commas between them */
	size_t count;
	struct timer timer;
};

void trace_buffer_init(struct trace_buffer *buffer, struct trace_export *export, struct loop *loop);
void trace_buffer_done(struct trace_buffer *buffer);
/* It is over: its span is written, where it has one. */
void trace_exchange(struct trace_buffer *buffer, const struct exchange *exchange);
