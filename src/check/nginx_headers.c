/* SPDX-License-Identifier: Apache-2.0 */
#include "check/nginx_rules.h"

#include <string.h>

#define HALF_A_YEAR (180 * 86400)

static const char *const security_headers[] = {
	"Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options",
	"X-Frame-Options",         "Referrer-Policy",           "Permissions-Policy",
};

static bool is_security_header(struct text name)
{
	for (size_t i = 0; i < COUNT_OF(security_headers); i++)
		if (text_equal_nocase(name, text_of(security_headers[i])))
			return true;
	return false;
}

static const struct nginx_directive *header_in(const struct nginx_directive *block,
					       const char *name)
{
	if (block == NULL)
		return NULL;
	NGINX_FOR_EACH(block, item)
	{
		if (nginx_is(item, "add_header")
		    && text_equal_nocase(nginx_arg(item, 0), text_of(name)))
			return item;
	}
	return NULL;
}

/* The block whose add_header apply here: the nearest one with any. */
static const struct nginx_directive *headers_block(const struct nginx_directive *block)
{
	while (block != NULL && nginx_child(block, "add_header") == NULL)
		block = block->parent;
	return block;
}

void ng_version(struct examination *exam)
{
	const struct nginx_directive *http = nginx_http(exam);
	const struct nginx_directive *tokens = NULL;

	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at)) {
		if (!nginx_is(at, "server_tokens"))
			continue;
		tokens = at;
		if (text_is(nginx_arg(at, 0), "off") || at->count == 0)
			continue;

		struct finding *finding = nginx_report(exam, at, "%s", exam->check->title);

		exam_mend(exam, finding, at->args[0].at, "off");
	}
	if (http == NULL || tokens != NULL)
		return;

	struct finding *finding = nginx_report(exam, http, "%s", exam->check->title);
	const struct range at = { http->body.start, http->body.start };

	if (http->source->file == exam->file || strcmp(http->source->file, exam->file) == 0)
		exam_mend(exam, finding, at, "\n    server_tokens off;");
}

/* A block with an add_header of its own inherits none of those around it. */
static void check_lost(struct examination *exam, const struct nginx_directive *block)
{
	const struct nginx_directive *outer = headers_block(block->parent);
	const struct nginx_directive *own = nginx_child(block, "add_header");
	AUTO_BUFFER struct buffer lost = { 0 };

	if (own == NULL || outer == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(security_headers); i++)
		if (header_in(outer, security_headers[i]) != NULL
		    && header_in(block, security_headers[i]) == NULL)
			buffer_printf(&lost, "%s%s", lost.len > 0 ? ", " : "", security_headers[i]);
	if (lost.len > 0)
		nginx_report(exam, own,
			     "with an add_header here the block inherits none: %s %s lost",
			     lost.data, strchr(lost.data, ',') != NULL ? "are" : "is");
}

void ng_header_lost(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at))
		if (at->is_block
		    && (nginx_is(at, "server") || nginx_is(at, "location") || nginx_is(at, "if")))
			check_lost(exam, at);
}

static bool frames_are_limited(const struct nginx_directive *block)
{
	const struct nginx_directive *csp = header_in(block, "Content-Security-Policy");

	return header_in(block, "X-Frame-Options") != NULL
	       || (csp != NULL && text_contains(nginx_arg(csp, 1), TEXT("frame-ancestors")));
}

static bool answers_only_redirects(const struct nginx_directive *server)
{
	const struct nginx_directive *answer = nginx_child(server, "return");

	return answer != NULL && text_starts_with(nginx_arg(answer, 0), TEXT("3"));
}

static void check_missing(struct examination *exam, const struct nginx_directive *server)
{
	static const char *const wanted[] = { "Content-Security-Policy", "X-Content-Type-Options",
					      "Referrer-Policy" };
	const struct nginx_directive *block = headers_block(server);
	AUTO_BUFFER struct buffer missing = { 0 };

	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		if (header_in(block, wanted[i]) == NULL)
			buffer_printf(&missing, "%s%s", missing.len > 0 ? ", " : "", wanted[i]);
	if (!frames_are_limited(block != NULL ? block : server))
		buffer_printf(&missing, "%sX-Frame-Options", missing.len > 0 ? ", " : "");
	if (missing.len == 0)
		return;

	struct finding *finding = nginx_report(exam, server, "answers carry no %s", missing.data);

	if (block == NULL && header_in(server, "X-Content-Type-Options") == NULL)
		exam_mend(exam, finding, (struct range){ server->body.start, server->body.start },
			  "\n        add_header X-Content-Type-Options nosniff always;"
			  "\n        add_header X-Frame-Options DENY always;"
			  "\n        add_header Referrer-Policy strict-origin-when-cross-origin "
			  "always;"
			  "\n        add_header Content-Security-Policy \"default-src 'self'; "
			  "frame-ancestors 'none'; base-uri 'self'; object-src 'none'\" always;");
}

void ng_header_missing(struct examination *exam)
{
	const struct nginx_directive *http = nginx_http(exam);

	if (http == NULL)
		return;
	NGINX_FOR_EACH(http, server)
	{
		if (nginx_is(server, "server") && !answers_only_redirects(server))
			check_missing(exam, server);
	}
}

void ng_header_not_always(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at)) {
		if (!nginx_is(at, "add_header") || at->count != 2
		    || !is_security_header(nginx_arg(at, 0)))
			continue;

		struct finding *finding = nginx_report(
			exam, at, "%.*s is missing on error pages: 'always' is not set",
			TEXT_ARGS(nginx_arg(at, 0)));

		exam_mend(exam, finding, (struct range){ at->args[1].at.end, at->args[1].at.end },
			  " always");
	}
}

void ng_header_multiline(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at))
		if (nginx_is(at, "add_header")
		    && text_find_char(nginx_arg(at, 1), '\n') != TEXT_NONE)
			nginx_report_at(exam, at->source, at->args[1].at, "%s", exam->check->title);
}

void ng_content_type(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at))
		if (nginx_is(at, "add_header")
		    && text_equal_nocase(nginx_arg(at, 0), TEXT("content-type")))
			nginx_report_at(exam, at->source, at->args[0].at, "%s", exam->check->title);
}

void ng_xss_protection(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at))
		if (nginx_is(at, "add_header")
		    && text_equal_nocase(nginx_arg(at, 0), TEXT("x-xss-protection"))
		    && !text_is(nginx_arg(at, 1), "0"))
			nginx_report_at(exam, at->source, at->args[0].at, "%s", exam->check->title);
}

/* ---- Content-Security-Policy ---- */

/* The sources of a directive, default-src where it is absent. */
static struct text csp_sources(struct text policy, const char *name)
{
	struct text fallback = { 0 };

	while (policy.ptr != NULL) {
		struct text directive = text_trim(text_split(&policy, ';'));
		const struct text key = text_split(&directive, ' ');

		if (text_equal_nocase(key, text_of(name)))
			return directive.ptr != NULL ? directive : TEXT("");
		if (text_equal_nocase(key, TEXT("default-src")))
			fallback = directive.ptr != NULL ? directive : TEXT("");
	}
	return fallback;
}

static bool has_source(struct text sources, const char *wanted)
{
	while (sources.ptr != NULL)
		if (text_equal_nocase(text_split(&sources, ' '), text_of(wanted)))
			return true;
	return false;
}

static void check_policy(struct examination *exam, const struct nginx_directive *header)
{
	static const struct {
		const char *source, *why;
	} weak[] = {
		{ "'unsafe-inline'", "script that an attacker puts into the page runs" },
		{ "'unsafe-eval'", "text becomes code" },
		{ "*", "scripts of every site run" },
		{ "https:", "scripts of every site run" },
		{ "http:", "scripts of every site run" },
		{ "data:", "a data: URL is a script" },
	};
	const struct text scripts = csp_sources(nginx_arg(header, 1), "script-src");

	if (scripts.ptr == NULL)
		nginx_report_at(
			exam, header->source, header->args[1].at,
			"the policy has neither script-src nor default-src: every script runs");
	for (size_t i = 0; i < COUNT_OF(weak); i++)
		if (has_source(scripts, weak[i].source))
			nginx_report_at(exam, header->source, header->args[1].at,
					"script-src allows %s: %s", weak[i].source, weak[i].why);
}

void ng_csp(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at))
		if (nginx_is(at, "add_header") && at->count >= 2
		    && text_equal_nocase(nginx_arg(at, 0), TEXT("content-security-policy")))
			check_policy(exam, at);
}

/* ---- Strict-Transport-Security ---- */

static bool listens_tls(const struct nginx_directive *server)
{
	NGINX_FOR_EACH(server, item)
	{
		if (nginx_is(item, "listen") && nginx_has_arg(item, "ssl"))
			return true;
	}
	return false;
}

static uint64_t max_age(struct text value)
{
	while (value.ptr != NULL) {
		struct text part = text_trim(text_split(&value, ';'));
		const struct text key = text_split(&part, '=');
		uint64_t seconds;

		if (text_equal_nocase(key, TEXT("max-age")) && part.ptr != NULL
		    && text_parse_number(part, UINT64_MAX, &seconds))
			return seconds;
	}
	return 0;
}

static void check_hsts(struct examination *exam, const struct nginx_directive *server)
{
	const struct nginx_directive *header =
		header_in(headers_block(server), "Strict-Transport-Security");

	if (header == NULL)
		nginx_report(exam, server, "answers over TLS carry no Strict-Transport-Security");
	else if (max_age(nginx_arg(header, 1)) < HALF_A_YEAR)
		nginx_report_at(exam, header->source, header->args[1].at,
				"max-age is below half a year");
}

void ng_hsts(struct examination *exam)
{
	const struct nginx_directive *http = nginx_http(exam);

	if (http == NULL)
		return;
	NGINX_FOR_EACH(http, server)
	{
		if (nginx_is(server, "server") && listens_tls(server))
			check_hsts(exam, server);
	}
}
