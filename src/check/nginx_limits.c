/* SPDX-License-Identifier: Apache-2.0 */
#include "check/nginx_rules.h"

#include <string.h>

#define BODY_MAX    ((uint64_t)100 << 20)
#define TIMEOUT_MAX 60
#define HEADER_MIN  4096
#define ZONES_MAX   1000 /* each is looked for in the whole file */

void ng_body_size(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at)) {
		uint64_t bytes;

		if (nginx_is(at, "client_max_body_size")
		    && nginx_parse_size(nginx_arg(at, 0), &bytes)
		    && (bytes == 0 || bytes > BODY_MAX))
			nginx_report_at(exam, at->source, at->args[0].at,
					bytes == 0
						? "0 means: no limit"
						: "a body this large fills the disk, many at once "
						  "do so quickly");
	}
}

static bool is_set_anywhere(const struct examination *exam, const char *name)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at))
		if (nginx_is(at, name))
			return true;
	return false;
}

/* Ten seconds between two reads or writes are plenty for whoever is there at all. */
static void report_missing(struct examination *exam, const struct nginx_directive *http,
			   const char *name)
{
	struct finding *finding = nginx_report(
		exam, http, "%s is not set: a client may take 60 seconds a byte", name);
	const struct range at = { http->body.start, http->body.start };

	if (strcmp(http->source->file, exam->file) == 0)
		exam_mend(exam, finding, at, "\n    %s 10s;", name);
}

void ng_timeouts(struct examination *exam)
{
	static const char *const names[] = { "client_header_timeout", "client_body_timeout",
					     "send_timeout" };
	const struct nginx_directive *http = nginx_http(exam);

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (http != NULL && !is_set_anywhere(exam, names[i]))
			report_missing(exam, http, names[i]);
		for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
		     at = nginx_next(at)) {
			uint64_t seconds;

			if (nginx_is(at, names[i])
			    && nginx_parse_seconds(nginx_arg(at, 0), &seconds)
			    && (seconds > TIMEOUT_MAX || seconds == 0))
				nginx_report_at(exam, at->source, at->args[0].at,
						"slow clients hold their connections this long");
		}
	}
}

void ng_no_rate_limit(struct examination *exam)
{
	const struct nginx_directive *http = nginx_http(exam);

	if (http != NULL && nginx_child(http, "server") != NULL
	    && !is_set_anywhere(exam, "limit_req") && !is_set_anywhere(exam, "limit_conn"))
		nginx_report(exam, http, "%s", exam->check->title);
}

/* "zone=NAME:10m" of limit_req_zone, "zone=NAME" of limit_req. */
static struct text zone_name(const struct nginx_directive *directive)
{
	for (size_t i = 0; i < directive->count; i++) {
		struct text arg = directive->args[i].text;

		if (!text_starts_with(arg, TEXT("zone=")))
			continue;
		arg = text_from(arg, 5);
		return text_split(&arg, ':');
	}
	return nginx_is(directive, "limit_conn") ? nginx_arg(directive, 0) : (struct text){ 0 };
}

static bool has_zone(const struct examination *exam, const char *directive, struct text name)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at))
		if (nginx_is(at, directive) && text_equal(zone_name(at), name))
			return true;
	return false;
}

static const struct zone_pair {
	const char *defines, *uses;
} zone_pairs[] = { { "limit_req_zone", "limit_req" }, { "limit_conn_zone", "limit_conn" } };

static void compare_zones(struct examination *exam, const char *here, const char *there,
			  const char *fault)
{
	unsigned looked_up = 0;

	if (nginx_http(exam) == NULL)
		return;
	for (const struct nginx_directive *at = exam->nginx->root.first;
	     at != NULL && looked_up < ZONES_MAX; at = nginx_next(at)) {
		const struct text name = nginx_is(at, here) ? zone_name(at) : (struct text){ 0 };

		looked_up += name.ptr != NULL;
		if (name.ptr != NULL && !has_zone(exam, there, name))
			nginx_report(exam, at, "the zone '%.*s' %s", TEXT_ARGS(name), fault);
	}
}

void ng_zone_unused(struct examination *exam)
{
	for (size_t i = 0; i < COUNT_OF(zone_pairs); i++)
		compare_zones(exam, zone_pairs[i].defines, zone_pairs[i].uses,
			      "is defined and limits nothing: no location uses it");
}

void ng_zone_undefined(struct examination *exam)
{
	for (size_t i = 0; i < COUNT_OF(zone_pairs); i++)
		compare_zones(exam, zone_pairs[i].uses, zone_pairs[i].defines,
			      "is not defined: nginx does not start");
}

void ng_header_buffers(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at)) {
		uint64_t bytes;

		if (nginx_is(at, "large_client_header_buffers")
		    && nginx_parse_size(nginx_arg(at, 1), &bytes) && bytes < HEADER_MIN)
			nginx_report_at(
				exam, at->source, at->args[1].at,
				"an ordinary cookie or token does not fit: requests fail with "
				"400 or 414");
	}
}

/* Directives that may stand once a block; nginx refuses to start on a second one. */
void ng_duplicate(struct examination *exam)
{
	static const char *const once[] = {
		"server_tokens",
		"keepalive_timeout",
		"client_max_body_size",
		"client_body_timeout",
		"client_header_timeout",
		"send_timeout",
		"root",
		"client_body_buffer_size",
		"client_header_buffer_size",
		"default_type",
		"sendfile",
		"ssl_protocols",
		"ssl_ciphers",
		"ssl_prefer_server_ciphers",
		"proxy_pass",
		"gzip",
		"large_client_header_buffers",
		"alias",
	};

	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at)) {
		for (size_t i = 0; i < COUNT_OF(once); i++) {
			const struct nginx_directive *first;

			if (!nginx_is(at, once[i]))
				continue;
			first = nginx_child(at->parent, once[i]);
			if (first != at && first->source == at->source)
				nginx_report(exam, at,
					     "%s stands in this block already: nginx does "
					     "not start",
					     once[i]);
		}
	}
}
