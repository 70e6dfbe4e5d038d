/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/access_log_line.h"

#include "proxy/downstream.h"
#include "proxy/exchange.h"
#include "proxy/line.h"
#include "proxy/log_format.h"
#include "proxy/worker.h"

static void put_text(struct line *line, struct text key, struct text value)
{
	line_put(line, key);
	if (value.ptr == NULL) {
		LINE_PUT(line, "null");
		return;
	}
	LINE_PUT(line, "\"");
	line_put_escaped(line, value);
	LINE_PUT(line, "\"");
}

static void put_duration(struct line *line, struct text key, uint64_t from_ns, uint64_t to_ns)
{
	line_put(line, key);
	if (from_ns == 0 || to_ns < from_ns) {
		LINE_PUT(line, "null");
		return;
	}

	const uint64_t us = (to_ns - from_ns) / 1000;

	line_put_number(line, us / 1000);
	if (us % 1000 > 0) {
		const char fraction[] = { '.', (char)('0' + us / 100 % 10),
					  (char)('0' + us / 10 % 10), (char)('0' + us % 10) };

		line_put(line, (struct text){ fraction, sizeof(fraction) });
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
	line_put_number(line, listener->port);
}

/* The connection's validation: which of its three answers, and how long it took. */
static void put_validation(struct line *line, const struct downstream *downstream, const char *code)
{
	if (code == NULL)
		return;
	put_text(line, TEXT(",\"reason\":"), text_of(code));
	if (downstream->verified.took_ns > 0)
		put_duration(line, TEXT(",\"validation_ms\":"), 1,
			     1 + downstream->verified.took_ns);
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
	if (decision->verdict != VERDICT_ALLOW)
		put_validation(line, exchange->downstream, VERIFY_CODE_DENIED);
	if (by == NULL)
		return;
	LINE_PUT(line, ",\"policy\":\"");
	line_put_escaped(line, text_of(by->namespace));
	LINE_PUT(line, "/");
	line_put_escaped(line, text_of(by->policy));
	LINE_PUT(line, "\",\"rule\":");
	if (decision->by != NULL)
		line_put_number(line, by->rule);
	else /* none of its rules matched */
		LINE_PUT(line, "null");
	put_text(line, TEXT(",\"policy_file\":"), text_of(by->at.file));
	LINE_PUT(line, ",\"policy_line\":");
	line_put_number(line, by->at.line);
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
		LINE_PUT(line, ",\"attempts\":");
		line_put_number(line, exchange->attempts);
	}
}

static void put_time(struct line *line, int64_t wall_ns)
{
	char now[CLOCK_TEXT_MAX];

	LINE_PUT(line, "{\"time\":\"");
	line_put(line, (struct text){ now, clock_format_utc(now, wall_ns) });
	LINE_PUT(line, "\"");
}

static size_t end_line(struct line *line, const char *start)
{
	LINE_PUT(line, "}\n");
	return (size_t)(line->next - start);
}

static size_t formatted_line(char out[ACCESS_LOG_LINE_MAX], const struct log_format *format,
			     const struct operator_subject *subject)
{
	struct line line = line_at(out);

	log_format_write(format, subject, &line);
	return (size_t)(line.next - out);
}

static void put_what(struct line *line, const struct exchange *exchange)
{
	if (exchange->is_tcp) {
		LINE_PUT(line, ",\"protocol\":\"tcp\"");
		put_text(line, TEXT(",\"server_name\":"),
			 text_of(exchange->downstream->server_name));
		return;
	}
	put_text(line, TEXT(",\"method\":"), exchange->request.method);
	put_text(line, TEXT(",\"authority\":"), exchange->original_authority);
	put_text(line, TEXT(",\"path\":"), exchange->original_path);
	LINE_PUT(line, ",\"status\":");
	line_put_number(line, exchange->response.status);
}

size_t access_log_line(char out[ACCESS_LOG_LINE_MAX], const struct exchange *exchange)
{
	const struct log_format *format =
		exchange->plan != NULL ? exchange->plan->plan->log_format : NULL;
	struct line line = line_at(out);

	if (format != NULL)
		return formatted_line(
			out, format,
			&(struct operator_subject){ exchange, exchange->downstream, NULL });

	const uint64_t now = loop_now(exchange->worker->loop);
	char flags[EXCHANGE_FLAGS_MAX];

	put_time(&line, exchange->start_wall_ns);
	put_who(&line, exchange->downstream, exchange->listener);
	put_what(&line, exchange);
	put_text(&line, TEXT(",\"response_flags\":"),
		 (struct text){ flags, exchange_flags_text(exchange->flags, flags) });
	if (exchange->details != NULL)
		put_text(&line, TEXT(",\"details\":"), text_of(exchange->details));
	put_decision(&line, exchange);
	put_upstream(&line, exchange);
	LINE_PUT(&line, ",\"bytes_received\":");
	line_put_number(&line, exchange->request_bytes);
	LINE_PUT(&line, ",\"bytes_sent\":");
	line_put_number(&line, exchange->response_bytes);
	put_duration(&line, TEXT(",\"duration_ms\":"), exchange->start_ns, now);
	put_duration(&line, TEXT(",\"upstream_ms\":"), exchange->upstream_start_ns,
		     exchange->response_start_ns);
	put_text(&line, TEXT(",\"request_id\":"), exchange->request_id);
	return end_line(&line, out);
}

size_t access_log_refusal_line(char out[ACCESS_LOG_LINE_MAX], const struct downstream *downstream,
			       const char *stage, const char *reason)
{
	const struct held_plan *held = downstream->worker->plan;
	struct line line = line_at(out);

	if (held != NULL && held->plan->log_format != NULL)
		return formatted_line(out, held->plan->log_format,
				      &(struct operator_subject){ NULL, downstream, reason });

	put_time(&line, loop_wall(downstream->worker->loop));
	put_who(&line, downstream, downstream->listener->plan);
	LINE_PUT(&line, ",\"status\":0,\"decision\":\"deny\"");
	put_text(&line, TEXT(",\"stage\":"), text_of(stage));
	put_validation(&line, downstream, verify_reason_code(downstream->verified.reason));
	put_text(&line, TEXT(",\"details\":"), text_of(reason));
	return end_line(&line, out);
}
