/* SPDX-License-Identifier: Apache-2.0 */
/* call_log.c — who called whom, and how it ended: one line of JSON on standard error.
 *
 * What may be secret (the query, headers, bodies, the token) is not in it. */
#include "cmd/call.h"

#include <stdio.h>

static void add_member(struct json_writer *json, const char *key, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	json_key(json, key);
	json_cstring(json, value);
}

static void add_url(struct json_writer *json, const char *url)
{
	json_key(json, "url");
	json_text(json, text_until(text_of(url), strcspn(url, "?#")));
}

static const char *method_of(const struct call_options *options)
{
	if (options->method != NULL)
		return options->method;
	return options->has_body ? "POST" : "GET";
}

static void add_end(struct json_writer *json, const struct call *call, const struct error *err)
{
	if (call->status > 0) {
		json_key(json, "status");
		json_number(json, call->status);
	}
	json_key(json, "durationMs");
	json_double(json, (double)call->took_ns / (double)NS_PER_MS);
	if (err == NULL)
		return;
	add_member(json, "code", verify_reason_code(call->peer.reason));
	add_member(json, "error", err->text);
}

void call_log(const struct call *call, const struct error *err)
{
	AUTO_BUFFER struct buffer line = { 0 };
	struct json_writer json = { .out = &line };
	char now[CLOCK_TEXT_MAX];

	clock_format_utc(now, clock_wall_ns());
	json_begin_object(&json);
	add_member(&json, "time", now);
	add_member(&json, "event", err == NULL ? "call" : "call-failed");
	add_member(&json, "requestId", call->request_id);
	add_member(&json, "source", call->svid != NULL ? call->svid->id : NULL);
	add_member(&json, "target", call->peer.reason == VERIFY_UNCHECKED ? NULL : call->peer.text);
	add_member(&json, "method", method_of(call->options));
	add_url(&json, call->options->url);
	add_end(&json, call, err);
	json_end_object(&json);
	fprintf(stderr, "%s\n", line.data);
}
