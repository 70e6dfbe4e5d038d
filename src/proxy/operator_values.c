/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/operator_values.h"

#include "proxy/downstream.h"
#include "proxy/exchange.h"
#include "proxy/worker.h"

#include <limits.h>
#include <time.h>
#include <unistd.h>

#define READ(name)                                                                                 \
	static struct operator_value name(const struct operator_call *call,                        \
					  const struct operator_subject *subject, char *scratch)

static const struct operator_value absent = { 0 };

static struct operator_value text_value(struct text text)
{
	return (struct operator_value){ .kind = VALUE_TEXT, .text = text };
}

static struct operator_value number_value(uint64_t number)
{
	return (struct operator_value){ .kind = VALUE_NUMBER, .number = number };
}

/* Whole milliseconds, as Envoy counts. */
static struct operator_value duration_value(uint64_t from_ns, uint64_t to_ns)
{
	return from_ns == 0 || to_ns < from_ns ? absent
					       : number_value((to_ns - from_ns) / NS_PER_MS);
}

/* ---- time ---- */

/* %f, and %1f to %9f: the fraction of the second, in so many digits. */
static size_t put_fraction(char *out, size_t room, unsigned digits, uint32_t ns)
{
	char all[10];

	snprintf(all, sizeof(all), "%09u", ns);
	digits = MIN_OF(digits, 9U);
	if (room <= digits)
		return 0;
	memcpy(out, all, digits);
	return digits;
}

static struct operator_value format_time(struct text format, int64_t wall_ns, char *scratch)
{
	const time_t seconds = (time_t)(wall_ns / (int64_t)NS_PER_SEC);
	const uint32_t ns = (uint32_t)(wall_ns % (int64_t)NS_PER_SEC);
	struct tm when;
	size_t len = 0;

	gmtime_r(&seconds, &when);
	for (size_t i = 0; i < format.len && len < OPERATOR_SCRATCH_MAX - 1; i++) {
		const size_t room = OPERATOR_SCRATCH_MAX - len;
		const char *at = format.ptr + i;

		if (*at != '%' || i + 1 == format.len) {
			scratch[len++] = *at;
		} else if (at[1] == 'f') {
			len += put_fraction(scratch + len, room, 9, ns);
			i++;
		} else if (char_is_digit(at[1]) && i + 2 < format.len && at[2] == 'f') {
			len += put_fraction(scratch + len, room, (unsigned)(at[1] - '0'), ns);
			i += 2;
		} else {
			const char one[] = { '%', at[1], '\0' };

			len += strftime(scratch + len, room, one, &when);
			i++;
		}
	}
	return text_value((struct text){ scratch, len });
}

READ(start_time)
{
	const int64_t at = subject->exchange != NULL ? subject->exchange->start_wall_ns
						     : loop_wall(subject->downstream->worker->loop);

	return format_time(call->argument.len > 0 ? call->argument : TEXT("%Y-%m-%dT%H:%M:%S.%3fZ"),
			   at, scratch);
}

READ(duration)
{
	(void)call, (void)scratch;
	return duration_value(subject->exchange->start_ns,
			      loop_now(subject->exchange->worker->loop));
}

READ(request_duration)
{
	(void)call, (void)scratch;
	return duration_value(subject->exchange->start_ns, subject->exchange->request_end_ns);
}

READ(response_duration)
{
	(void)call, (void)scratch;
	return duration_value(subject->exchange->start_ns, subject->exchange->response_start_ns);
}

READ(response_tx_duration)
{
	(void)call, (void)scratch;
	return duration_value(subject->exchange->response_start_ns,
			      loop_now(subject->exchange->worker->loop));
}

/* ---- the messages ---- */

/* What the client asked for, before it was normalised and rewritten. */
static struct text request_value(const struct exchange *exchange, struct text name)
{
	if (text_is(name, ":path") || text_is(name, "x-envoy-original-path"))
		return exchange->original_path;
	if (text_is(name, ":authority") || text_is(name, "host"))
		return exchange->original_authority;
	if (text_is(name, ":method"))
		return exchange->request.method;
	if (text_is(name, ":scheme"))
		return exchange->scheme;
	if (text_is(name, "x-request-id"))
		return exchange->request_id;

	const struct http_field *field = http_fields_find(&exchange->request.fields, name);

	return field != NULL ? field->value : (struct text){ NULL, 0 };
}

READ(request_header)
{
	struct text value = request_value(subject->exchange, call->argument);

	(void)scratch;
	if (value.ptr == NULL && call->alternative.ptr != NULL)
		value = request_value(subject->exchange, call->alternative);
	return text_value(value);
}

static struct operator_value field_value(const struct http_fields *fields,
					 const struct operator_call *call)
{
	const struct http_field *field = http_fields_find(fields, call->argument);

	if (field == NULL && call->alternative.ptr != NULL)
		field = http_fields_find(fields, call->alternative);
	return field != NULL ? text_value(field->value) : absent;
}

READ(response_header)
{
	(void)scratch;
	return field_value(&subject->exchange->response.fields, call);
}

READ(trailer)
{
	(void)scratch;
	return field_value(&subject->exchange->response_trailers, call);
}

READ(grpc_status)
{
	const struct operator_call of = { .argument = TEXT("grpc-status") };
	const struct operator_value value = field_value(&subject->exchange->response_trailers, &of);

	(void)call, (void)scratch;
	return value.kind != VALUE_ABSENT ? value
					  : field_value(&subject->exchange->response.fields, &of);
}

READ(protocol)
{
	static const struct text names[] = {
		[HTTP_VERSION_1_0] = { "HTTP/1.0", 8 },
		[HTTP_VERSION_1_1] = { "HTTP/1.1", 8 },
		[HTTP_VERSION_2] = { "HTTP/2", 6 },
	};

	(void)call, (void)scratch;
	return text_value(names[subject->exchange->request.version]);
}

READ(response_code)
{
	(void)call, (void)scratch;
	return number_value(subject->exchange != NULL ? subject->exchange->response.status : 0);
}

READ(response_details)
{
	const char *details =
		subject->exchange != NULL ? subject->exchange->details : subject->details;

	(void)call, (void)scratch;
	if (details == NULL && subject->exchange != NULL)
		details = "via_upstream";
	return text_value(text_of(details));
}

READ(termination_details)
{
	(void)call, (void)scratch;
	return text_value(text_of(subject->exchange == NULL ? subject->details : NULL));
}

READ(response_flags)
{
	(void)call;
	_Static_assert(EXCHANGE_FLAGS_MAX <= OPERATOR_SCRATCH_MAX, "the flags fit");
	return text_value(
		(struct text){ scratch, exchange_flags_text(subject->exchange->flags, scratch) });
}

READ(bytes_received)
{
	(void)call, (void)scratch;
	return number_value(subject->exchange->request_bytes);
}

READ(bytes_sent)
{
	(void)call, (void)scratch;
	return number_value(subject->exchange->response_bytes);
}

/* ---- the way ---- */

READ(upstream_host)
{
	const struct cluster_endpoint *endpoint = subject->exchange->endpoint;

	(void)call, (void)scratch;
	return endpoint != NULL ? text_value(text_of(endpoint->upstream->address_text)) : absent;
}

READ(upstream_cluster)
{
	const struct weighted_cluster *destination = subject->exchange->destination;

	(void)call, (void)scratch;
	return destination != NULL ? text_value(text_of(destination->cluster->name)) : absent;
}

READ(transport_failure)
{
	const struct exchange *exchange = subject->exchange;

	(void)call, (void)scratch;
	return exchange->flags & FLAG_CONNECT_FAILED ? text_value(text_of(exchange->details))
						     : absent;
}

/* Which port of ours a connection to an upstream has is nowhere kept. */
READ(never)
{
	(void)call, (void)subject, (void)scratch;
	return absent;
}

READ(upstream_attempts)
{
	(void)call, (void)scratch;
	return number_value(subject->exchange->attempts);
}

READ(route_name)
{
	const struct route *route = subject->exchange->route;

	(void)call, (void)scratch;
	return route != NULL ? text_value(route->name) : absent;
}

READ(hostname)
{
	char name[HOST_NAME_MAX + 1];

	(void)call, (void)subject;
	if (gethostname(name, sizeof(name)) < 0)
		return absent;
	snprintf(scratch, OPERATOR_SCRATCH_MAX, "%s", name);
	return text_value(text_of(scratch));
}

/* ---- the client's connection ---- */

static struct operator_value address_value(const struct address *address, bool with_port,
					   char *scratch)
{
	if (address->any.sa_family == AF_UNSPEC)
		return absent;
	return text_value((struct text){ scratch, with_port
							  ? address_format(address, scratch)
							  : address_format_ip(address, scratch) });
}

READ(remote_address)
{
	(void)call;
	return address_value(&subject->downstream->peer_address, true, scratch);
}

READ(remote_ip)
{
	(void)call;
	return address_value(&subject->downstream->peer_address, false, scratch);
}

READ(remote_port)
{
	(void)call, (void)scratch;
	return number_value(address_port(&subject->downstream->peer_address));
}

READ(local_address)
{
	(void)call;
	return address_value(&subject->downstream->local_address, true, scratch);
}

READ(local_ip)
{
	(void)call;
	return address_value(&subject->downstream->local_address, false, scratch);
}

READ(local_port)
{
	(void)call, (void)scratch;
	return number_value(address_port(&subject->downstream->local_address));
}

READ(server_name)
{
	(void)call, (void)scratch;
	return text_value(text_of(subject->downstream->server_name));
}

READ(peer_uri_san)
{
	(void)call, (void)scratch;
	return text_value(text_of(subject->downstream->peer_id));
}

READ(local_uri_san)
{
	const struct listener_plan *listener = subject->exchange != NULL
						       ? subject->exchange->listener
						       : subject->downstream->listener->plan;

	(void)call, (void)scratch;
	return link_is_tls(&subject->downstream->link) && listener != NULL
		       ? text_value(text_of(listener->workload->spiffe_id))
		       : absent;
}

READ(peer_fingerprint)
{
	static const char digits[] = "0123456789abcdef";
	const struct downstream *downstream = subject->downstream;
	const size_t bytes = sizeof(downstream->peer_fingerprint);

	(void)call;
	if (downstream->peer_id == NULL)
		return absent;
	for (size_t i = 0; i < bytes; i++) {
		scratch[2 * i] = digits[downstream->peer_fingerprint[i] >> 4];
		scratch[2 * i + 1] = digits[downstream->peer_fingerprint[i] & 15];
	}
	return text_value((struct text){ scratch, 2 * bytes });
}

READ(tls_version)
{
	(void)call, (void)scratch;
	return text_value(text_of(link_tls_version(&subject->downstream->link)));
}

READ(tls_cipher)
{
	(void)call, (void)scratch;
	return text_value(text_of(link_tls_cipher(&subject->downstream->link)));
}

/* ---- the table ---- */

#define HEADER (OPERATOR_TAKES_ARGUMENT | OPERATOR_NEEDS_ARGUMENT)
#define ALWAYS OPERATOR_OF_CONNECTION

const struct operator operators[] = {
	{ "START_TIME", OPERATOR_TAKES_ARGUMENT | OPERATOR_KEEPS_CASE | ALWAYS, start_time },
	{ "REQ", HEADER, request_header },
	{ "RESP", HEADER | OPERATOR_OF_RESPONSE, response_header },
	{ "TRAILER", HEADER | OPERATOR_OF_RESPONSE, trailer },
	{ "PROTOCOL", 0, protocol },
	{ "RESPONSE_CODE", ALWAYS, response_code },
	{ "RESPONSE_CODE_DETAILS", ALWAYS, response_details },
	{ "CONNECTION_TERMINATION_DETAILS", ALWAYS, termination_details },
	{ "RESPONSE_FLAGS", 0, response_flags },
	{ "GRPC_STATUS", OPERATOR_OF_RESPONSE, grpc_status },
	{ "BYTES_RECEIVED", 0, bytes_received },
	{ "BYTES_SENT", 0, bytes_sent },
	{ "DURATION", 0, duration },
	{ "REQUEST_DURATION", 0, request_duration },
	{ "RESPONSE_DURATION", 0, response_duration },
	{ "RESPONSE_TX_DURATION", 0, response_tx_duration },
	{ "UPSTREAM_HOST", 0, upstream_host },
	{ "UPSTREAM_REMOTE_ADDRESS", 0, upstream_host },
	{ "UPSTREAM_CLUSTER", 0, upstream_cluster },
	{ "UPSTREAM_CLUSTER_RAW", 0, upstream_cluster },
	{ "UPSTREAM_LOCAL_ADDRESS", 0, never },
	{ "UPSTREAM_TRANSPORT_FAILURE_REASON", 0, transport_failure },
	{ "UPSTREAM_REQUEST_ATTEMPT_COUNT", 0, upstream_attempts },
	{ "ROUTE_NAME", 0, route_name },
	{ "HOSTNAME", ALWAYS, hostname },
	{ "DOWNSTREAM_REMOTE_ADDRESS", ALWAYS, remote_address },
	{ "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", ALWAYS, remote_ip },
	{ "DOWNSTREAM_REMOTE_PORT", ALWAYS, remote_port },
	{ "DOWNSTREAM_DIRECT_REMOTE_ADDRESS", ALWAYS, remote_address },
	{ "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", ALWAYS, remote_ip },
	{ "DOWNSTREAM_LOCAL_ADDRESS", ALWAYS, local_address },
	{ "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", ALWAYS, local_ip },
	{ "DOWNSTREAM_LOCAL_PORT", ALWAYS, local_port },
	{ "REQUESTED_SERVER_NAME", ALWAYS, server_name },
	{ "DOWNSTREAM_PEER_URI_SAN", ALWAYS, peer_uri_san },
	{ "DOWNSTREAM_LOCAL_URI_SAN", ALWAYS, local_uri_san },
	{ "DOWNSTREAM_PEER_FINGERPRINT_256", ALWAYS, peer_fingerprint },
	{ "DOWNSTREAM_TLS_VERSION", ALWAYS, tls_version },
	{ "DOWNSTREAM_TLS_CIPHER", ALWAYS, tls_cipher },
	{ 0 },
};
