/* SPDX-License-Identifier: Apache-2.0 */
/* admit_pages.c — what the webhook answers: reviews, and pages about itself. */
#include "cmd/admit_visitor.h"

#include "policy/policy.h"

#include <stdarg.h>
#include <stdio.h>

#define LEVEL_TEXT_MAX 64

static void say(struct admit_answer *answer, unsigned status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void say(struct admit_answer *answer, unsigned status, const char *fmt, ...)
{
	va_list args;

	answer->status = status;
	answer->content_type = "text/plain";
	va_start(args, fmt);
	buffer_vprintf(&answer->body, fmt, args);
	va_end(args);
	buffer_add_char(&answer->body, '\n');
}

static void log_outcome(const struct admission_outcome *outcome)
{
	if (outcome->reason[0] != '\0')
		log_info("%s %s: %s", outcome->allowed ? "dry run, would refuse" : "refused",
			 outcome->object, outcome->reason);
	else if (outcome->verdict == ADMISSION_UNEXAMINED)
		log_warn("let through unexamined: %s", outcome->object);
	else
		log_debug("%s %s", admission_verdict_name(outcome->verdict), outcome->object);
}

static void review(struct admit_server *server, struct pod_security enforce, struct text body,
		   struct admit_answer *answer)
{
	const uint64_t start = clock_monotonic_ns();
	struct admission_outcome outcome;
	struct error err = { 0 };

	answer->status = 200;
	answer->content_type = "application/json";
	if (admission_review(server->admission, body, enforce, &answer->body, &outcome, &err)
	    != 0) {
		server->metrics.malformed++;
		log_warn("a request that cannot be answered: %s", err.text);
		say(answer, 400, "%s", err.text);
		return;
	}
	admit_metrics_count(&server->metrics, &outcome, clock_monotonic_ns() - start);
	log_outcome(&outcome);
}

/* What follows /validate: "" or "/restricted:v1.32". */
static void validate(struct admit_server *server, struct text level, struct text body,
		     struct admit_answer *answer)
{
	struct pod_security enforce = { 0 };
	struct error err = { 0 };
	char text[LEVEL_TEXT_MAX];

	if (level.len > 1) {
		snprintf(text, sizeof(text), "%.*s", (int)MIN_OF(level.len - 1, sizeof(text) - 1),
			 level.ptr + 1);
		if (pod_security_parse(text, &enforce, &err) != 0) {
			say(answer, 404, "/validate/: %s", err.text);
			return;
		}
	}
	review(server, enforce, body, answer);
}

void admit_respond(struct admit_server *server, struct text method, struct text target,
		   struct text body, bool is_secure, struct admit_answer *answer)
{
	const struct text path = path_without_query(target), at = TEXT("/validate");
	const bool is_review =
		text_starts_with(path, at) && (path.len == at.len || path.ptr[at.len] == '/');

	if (is_review && !is_secure)
		say(answer, 403, "reviews are answered over TLS alone");
	else if (is_review && !text_is(method, "POST"))
		say(answer, 405, "a review is sent by POST");
	else if (is_review)
		validate(server, text_from(path, at.len), body, answer);
	else if (!text_is(method, "GET") && !text_is(method, "HEAD"))
		say(answer, 405, "only GET is served here");
	else if (text_is(path, "/healthz") || text_is(path, "/readyz"))
		say(answer, 200, "ok");
	else if (text_is(path, "/metrics")) {
		answer->status = 200;
		answer->content_type = "text/plain; version=0.0.4";
		admit_metrics_write(&server->metrics, &answer->body);
	} else
		say(answer, 404, "there are /validate, /healthz, /readyz and /metrics");
}
