/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/access_log_line.h"

#include "proxy/downstream.h"
#include "proxy/exchange.h"
#include "proxy/worker.h"

#define TEXT_MAX 1024 /* of one value; six bytes a character at worst */

/* Values stop at value_end; names, numbers and brackets have the rest, so a line always closes. */
struct line {
	char *next;
	char *value_end, *end;
};

#define LITERALS_MAX 2048 /* all the rest of a line takes less */

static struct line line_at(char out[ACCESS_LOG_LINE_MAX])
{
	char *end = out + ACCESS_LOG_LINE_MAX;

	return (struct line){ out, end - LITERALS_MAX, end };
}

static void put(struct line *line, struct text text)
{
	const size_t len = MIN_OF(text.len, (size_t)(line->end - line->next));

	memcpy(line->next, text.ptr, len);
	line->next += len;
}

static void put_number(struct line *line, uint64_t number)
{
	char digits[TEXT_NUMBER_MAX];

	put(line, (struct text){ digits, text_format_number(digits, number) });
}

/* JSON escapes; bytes that are no UTF-8 become U+FFFD. Plain ASCII, which is nearly all, is copied.
 */
static void put_escaped(struct line *line, struct text text)
{
	size_t plain = 0;

	if (line->next >= line->value_end)
		return;
	text.len = MIN_OF(text.len, (size_t)TEXT_MAX);
	text.len = MIN_OF(text.len, (size_t)(line->value_end - line->next));
	while (plain < text.len && (unsigned char)text.ptr[plain] >= 0x20
	       && (unsigned char)text.ptr[plain] < 0x7f && text.ptr[plain] != '"'
	       && text.ptr[plain] != '\\')
		plain++;
	put(line, text_until(text, plain));
	if (plain == text.len)
		return;

	AUTO_BUFFER struct buffer escaped = { 0 };

	json_escape(&escaped, text_from(text, plain));
	if (escaped.len <= (size_t)(line->value_end - line->next)) /* never cut inside an escape */
		put(line, buffer_text(&escaped));
}

#define PUT(line, literal) put((line), TEXT(literal))

static void put_text(struct line *line, struct text key, struct text value)
{
	put(line, key);
	if (value.ptr == NULL) {
		PUT(line, "null");
		return;
	}
	PUT(line, "\"");
	put_escaped(line, value);
	PUT(line, "\"");
}

static void put_duration(struct line *line, struct text key, uint64_t from_ns, uint64_t to_ns)
{
	put(line, key);
	if (from_ns == 0 || to_ns < from_ns) {
		PUT(line, "null");
		return;
	}

	const uint64_t us = (to_ns - from_ns) / 1000;

	put_number(line, us / 1000);
	if (us % 1000 > 0) {
		const char fraction[] = { '.', (char)('0' + us / 100 % 10),
					  (char)('0' + us / 10 % 10), (char)('0' + us % 10) };

		put(line, (struct text){ fraction, sizeof(fraction) });
	}
}

static void put_who(struct line *line, const struct downstream *downstream,
		    const struct listener_plan *listener)
{
	put_text(line, TEXT(",\"source_ip\":"), text_of(downstream->peer_ip));
	put_text(line, TEXT(",\"source_principal\":"), text_of(downstream->peer_id));
	if (listener == NULL)
		return;
	put_text(line, TEXT(",\"listener\":"), text_of(listener_role_name(listener->role)));
	put_text(line, TEXT(",\"workload\":"), listener->workload->instance->name);
	put_text(line, TEXT(",\"namespace\":"), listener->workload->instance->namespace);
	put_text(line, TEXT(",\"port\":"), (struct text){ NULL, 0 });
	line->next -= 4; /* not null: a number */
	put_number(line, listener->port);
}

/* Why it was let in or not: the answer to the question that comes with every 403. */
static void put_decision(struct line *line, const struct exchange *exchange)
{
	const struct decision *decision = &exchange->decision;
	const struct rule_origin *by = decision->by != NULL ? decision->by : decision->unmatched;

	if (exchange->listener == NULL || exchange->listener->role == LISTENER_OUTBOUND)
		return;
	put_text(line, TEXT(",\"decision\":"),
		 decision->verdict == VERDICT_ALLOW ? TEXT("allow") : TEXT("deny"));
	put_text(line, TEXT(",\"stage\":"), text_of(decision_stage_name(decision->stage)));
	if (by == NULL)
		return;
	PUT(line, ",\"policy\":\"");
	put_escaped(line, text_of(by->namespace));
	PUT(line, "/");
	put_escaped(line, text_of(by->policy));
	PUT(line, "\",\"rule\":");
	if (decision->by != NULL)
		put_number(line, by->rule);
	else /* none of its rules matched */
		PUT(line, "null");
	put_text(line, TEXT(",\"policy_file\":"), text_of(by->at.file));
	PUT(line, ",\"policy_line\":");
	put_number(line, by->at.line);
}

static void put_upstream(struct line *line, const struct exchange *exchange)
{
	if (exchange->destination != NULL)
		put_text(line, TEXT(",\"cluster\":"),
			 text_of(exchange->destination->cluster->name));
	if (exchange->endpoint != NULL)
		put_text(line, TEXT(",\"upstream\":"),
			 text_of(exchange->endpoint->upstream->address_text));
	if (exchange->attempts > 1) {
		PUT(line, ",\"attempts\":");
		put_number(line, exchange->attempts);
	}
}

static void put_time(struct line *line, int64_t wall_ns)
{
	char now[CLOCK_TEXT_MAX];

	PUT(line, "{\"time\":\"");
	put(line, (struct text){ now, clock_format_utc(now, wall_ns) });
	PUT(line, "\"");
}

static size_t end_line(struct line *line, const char *start)
{
	PUT(line, "}\n");
	return (size_t)(line->next - start);
}

size_t access_log_line(char out[ACCESS_LOG_LINE_MAX], const struct exchange *exchange)
{
	struct line line = line_at(out);
	const uint64_t now = loop_now(exchange->worker->loop);

	put_time(&line, exchange->start_wall_ns);
	put_who(&line, exchange->downstream, exchange->listener);
	put_text(&line, TEXT(",\"method\":"), exchange->request.method);
	put_text(&line, TEXT(",\"authority\":"), exchange->original_authority);
	put_text(&line, TEXT(",\"path\":"), exchange->original_path);
	PUT(&line, ",\"status\":");
	put_number(&line, exchange->response.status);
	put_text(&line, TEXT(",\"response_flags\":"), exchange_flags_text(exchange->flags));
	if (exchange->details != NULL)
		put_text(&line, TEXT(",\"details\":"), text_of(exchange->details));
	put_decision(&line, exchange);
	put_upstream(&line, exchange);
	PUT(&line, ",\"bytes_received\":");
	put_number(&line, exchange->request_bytes);
	PUT(&line, ",\"bytes_sent\":");
	put_number(&line, exchange->response_bytes);
	put_duration(&line, TEXT(",\"duration_ms\":"), exchange->start_ns, now);
	put_duration(&line, TEXT(",\"upstream_ms\":"), exchange->upstream_start_ns,
		     exchange->response_start_ns);
	put_text(&line, TEXT(",\"request_id\":"), exchange->request_id);
	return end_line(&line, out);
}

size_t access_log_refusal_line(char out[ACCESS_LOG_LINE_MAX], const struct downstream *downstream,
			       const char *reason)
{
	struct line line = line_at(out);

	put_time(&line, loop_wall(downstream->worker->loop));
	put_who(&line, downstream, downstream->listener->plan);
	PUT(&line, ",\"status\":0,\"decision\":\"deny\",\"stage\":\"handshake\"");
	put_text(&line, TEXT(",\"details\":"), text_of(reason));
	return end_line(&line, out);
}
