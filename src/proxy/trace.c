/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/trace.h"

#include "proxy/downstream.h"
#include "proxy/exchange.h"
#include "proxy/worker.h"

#define FLUSH_NS  NS_PER_SEC
#define BATCH_MAX (64 * 1024) /* bytes; then the batch goes at once */
#define TEXT_MAX  256         /* of one attribute */

enum span_kind { SPAN_SERVER = 2, SPAN_CLIENT = 3 }; /* opentelemetry-proto: trace.proto */
#define STATUS_ERROR 2

static void put_attribute(struct json_writer *json, const char *name, struct text value)
{
	if (value.len == 0)
		return;
	json_begin_object(json);
	json_key(json, "key");
	json_cstring(json, name);
	json_key(json, "value");
	json_begin_object(json);
	json_key(json, "stringValue");
	json_text(json, text_until(value, MIN_OF(value.len, (size_t)TEXT_MAX)));
	json_end_object(json);
	json_end_object(json);
}

static void put_number(struct json_writer *json, const char *name, uint64_t value)
{
	char digits[TEXT_NUMBER_MAX];

	json_begin_object(json);
	json_key(json, "key");
	json_cstring(json, name);
	json_key(json, "value");
	json_begin_object(json);
	json_key(json, "intValue"); /* 64 bits are texts in the JSON of protobuf */
	json_text(json, (struct text){ digits, text_format_number(digits, value) });
	json_end_object(json);
	json_end_object(json);
}

static void put_time(struct json_writer *json, const char *name, int64_t wall_ns)
{
	char digits[TEXT_NUMBER_MAX];

	json_key(json, name);
	json_text(json, (struct text){ digits, text_format_number(digits, (uint64_t)wall_ns) });
}

/* The names of OpenTelemetry's HTTP conventions, and Istio's. */
static void put_attributes(struct json_writer *json, const struct exchange *exchange)
{
	const struct downstream *downstream = exchange->downstream;
	char flags[EXCHANGE_FLAGS_MAX];

	json_key(json, "attributes");
	json_begin_array(json);
	put_attribute(json, "http.request.method", exchange->request.method);
	put_attribute(json, "url.path",
		      path_without_query(exchange->original_path)); /* a query may hold secrets */
	put_attribute(json, "url.scheme", exchange->scheme);
	put_attribute(json, "server.address", exchange->original_authority);
	put_number(json, "http.response.status_code", exchange->response.status);
	put_attribute(json, "client.address", text_of(downstream->peer_ip));
	put_attribute(json, "source.principal", text_of(downstream->peer_id));
	if (exchange->destination != NULL)
		put_attribute(json, "upstream_cluster",
			      text_of(exchange->destination->cluster->name));
	if (exchange->endpoint != NULL)
		put_attribute(json, "network.peer.address",
			      text_of(exchange->endpoint->upstream->address_text));
	put_attribute(json, "response_flags",
		      (struct text){ flags, exchange_flags_text(exchange->flags, flags) });
	put_attribute(json, "guid:x-request-id", exchange->request_id);
	json_end_array(json);
}

static void put_service(struct json_writer *json, const struct local_workload *workload)
{
	char name[TEXT_MAX];

	snprintf(name, sizeof(name), "%.*s.%.*s", TEXT_ARGS(workload->instance->name),
		 TEXT_ARGS(workload->instance->namespace));
	json_key(json, "resource");
	json_begin_object(json);
	json_key(json, "attributes");
	json_begin_array(json);
	put_attribute(json, "service.name", text_of(name));
	put_attribute(json, "spiffe.id", text_of(workload->spiffe_id));
	json_end_array(json);
	json_end_object(json);
}

static void put_span(struct json_writer *json, const struct exchange *exchange, int64_t end_ns)
{
	const struct trace_span *span = &exchange->span;
	const bool is_client = exchange->listener->role == LISTENER_OUTBOUND;

	json_begin_object(json);
	json_key(json, "traceId");
	json_text(json, (struct text){ span->trace, TRACE_ID_LEN });
	json_key(json, "spanId");
	json_text(json, (struct text){ span->id, SPAN_ID_LEN });
	if (span->has_parent) {
		json_key(json, "parentSpanId");
		json_text(json, (struct text){ span->parent, SPAN_ID_LEN });
	}
	json_key(json, "name");
	json_text(json, exchange->original_authority.len > 0 ? exchange->original_authority
							     : TEXT("unknown"));
	json_key(json, "kind");
	json_number(json, is_client ? SPAN_CLIENT : SPAN_SERVER);
	put_time(json, "startTimeUnixNano", exchange->start_wall_ns);
	put_time(json, "endTimeUnixNano", end_ns);
	put_attributes(json, exchange);
	json_key(json, "status");
	json_begin_object(json);
	if (exchange->response.status >= 500 || exchange->response.status == 0) {
		json_key(json, "code");
		json_number(json, STATUS_ERROR);
	}
	json_end_object(json);
	json_end_object(json);
}

static void flush(struct trace_buffer *buffer)
{
	if (buffer->count > 0)
		trace_export_give(buffer->export, buffer_text(&buffer->spans), buffer->count);
	buffer->spans.len = 0;
	buffer->count = 0;
}

static void on_flush(struct timer *timer)
{
	flush(CONTAINER_OF(timer, struct trace_buffer, timer));
}

void trace_buffer_init(struct trace_buffer *buffer, struct trace_export *export, struct loop *loop)
{
	*buffer = (struct trace_buffer){ .export = export, .loop = loop, .timer.fire = on_flush };
}

void trace_buffer_done(struct trace_buffer *buffer)
{
	timer_cancel(buffer->loop, &buffer->timer);
	flush(buffer);
	buffer_done(&buffer->spans);
}

void trace_exchange(struct trace_buffer *buffer, const struct exchange *exchange)
{
	struct json_writer json = { .out = &buffer->spans };
	const uint64_t took = loop_now(exchange->worker->loop) - exchange->start_ns;

	if (!exchange->span.is_sampled || exchange->listener == NULL)
		return;
	if (buffer->count++ > 0)
		buffer_add_char(&buffer->spans, ',');
	json_begin_object(&json); /* an element of resourceSpans */
	put_service(&json, exchange->listener->workload);
	json_key(&json, "scopeSpans");
	json_begin_array(&json);
	json_begin_object(&json);
	json_key(&json, "scope");
	json_begin_object(&json);
	json_key(&json, "name");
	json_cstring(&json, "mangrove");
	json_key(&json, "version");
	json_cstring(&json, MANGROVE_VERSION);
	json_end_object(&json);
	json_key(&json, "spans");
	json_begin_array(&json);
	put_span(&json, exchange, exchange->start_wall_ns + (int64_t)took);
	json_end_array(&json);
	json_end_object(&json);
	json_end_array(&json);
	json_end_object(&json);
	if (buffer->spans.len >= BATCH_MAX)
		flush(buffer);
	else if (!timer_is_set(&buffer->timer))
		timer_set(buffer->loop, &buffer->timer, loop_now(buffer->loop) + FLUSH_NS);
}
