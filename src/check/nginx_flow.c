/* SPDX-License-Identifier: Apache-2.0 */
#include "check/nginx_rules.h"

#include <string.h>

/* Calls `visit` for every directive of that name. */
typedef void (*visit_fn)(struct examination *exam, const struct nginx_directive *directive);

static void each(struct examination *exam, const char *name, visit_fn visit)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at))
		if (nginx_is(at, name))
			visit(exam, at);
}

void ng_syntax(struct examination *exam)
{
	const struct nginx *nginx = exam->nginx;

	for (size_t i = 0; i < nginx->fault_count; i++)
		nginx_report_at(exam, nginx->faults[i].source, nginx->faults[i].at, "%s",
				nginx->faults[i].message);
}

/* ---- where requests are sent ---- */

static bool is_chosen_by_client(struct text text)
{
	static const char *const names[] = { "arg_",         "args",         "http_",
					     "cookie_",      "request_uri",  "uri",
					     "document_uri", "query_string", "request_body" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (nginx_uses_variable(text, names[i]))
			return true;
	for (int digit = '1'; digit <= '9'; digit++)
		if (nginx_uses_variable(text, (char[]){ (char)digit, '\0' }))
			return true;
	return false;
}

/* "http://HOST[:PORT]" of "http://HOST:PORT/path": what decides where the request goes. */
static struct text authority(struct text url)
{
	const size_t scheme = text_find_char(url, ':');
	struct text rest = url;

	if (scheme != TEXT_NONE && text_starts_with(text_from(url, scheme), TEXT("://")))
		rest = text_from(url, scheme + 3);

	const size_t slash = text_find_char(rest, '/');

	return slash == TEXT_NONE ? rest : text_until(rest, slash);
}

static void check_ssrf(struct examination *exam, const struct nginx_directive *pass)
{
	const struct text host = authority(nginx_arg(pass, 0));
	const struct nginx_directive *location = nginx_enclosing(pass, "location");

	if (host.len == 0 || !is_chosen_by_client(host)
	    || (location != NULL && nginx_child(location, "internal") != NULL))
		return;
	nginx_report_at(exam, pass->source, pass->args[0].at,
			"the client chooses the host %.*s that the request is sent to",
			TEXT_ARGS(host));
}

void ng_ssrf(struct examination *exam)
{
	static const char *const passes[] = { "proxy_pass", "grpc_pass", "fastcgi_pass",
					      "uwsgi_pass", "scgi_pass" };

	for (size_t i = 0; i < COUNT_OF(passes); i++)
		each(exam, passes[i], check_ssrf);
}

/* ---- line ends that reach a header ---- */

/* "[^/]" also matches a line end; "." does not. */
static bool has_capture_of_newlines(const struct nginx_directive *at)
{
	for (; at != NULL; at = at->parent) {
		if (!nginx_is(at, "location") && !nginx_is(at, "rewrite") && !nginx_is(at, "if"))
			continue;
		for (size_t i = 0; i < at->count; i++) {
			const struct text pattern = at->args[i].text;
			const char *negated =
				pattern.len > 0 ? memmem(pattern.ptr, pattern.len, "([^", 3) : NULL;

			if (negated != NULL && !text_contains(pattern, TEXT("\\n"))
			    && !text_contains(pattern, TEXT("\\s")))
				return true;
		}
	}
	return false;
}

static bool carries_newlines(const struct nginx_directive *directive, struct text value)
{
	if (nginx_uses_variable(value, "uri") || nginx_uses_variable(value, "document_uri"))
		return true;
	for (int digit = '1'; digit <= '9'; digit++)
		if (nginx_uses_variable(value, (char[]){ (char)digit, '\0' }))
			return has_capture_of_newlines(directive);
	return false;
}

static void check_splitting(struct examination *exam, const struct nginx_directive *directive)
{
	const size_t first = nginx_is(directive, "proxy_pass") ? 0 : 1;

	for (size_t i = first; i < directive->count; i++) {
		if (!carries_newlines(directive, directive->args[i].text))
			continue;
		nginx_report_at(exam, directive->source, directive->args[i].at,
				"%.*s is decoded: a line end in the request's path ends the header "
				"here and begins another",
				TEXT_ARGS(directive->args[i].text));
		return;
	}
}

static void check_redirect(struct examination *exam, const struct nginx_directive *directive)
{
	if (text_starts_with(nginx_arg(directive, 0), TEXT("3")))
		check_splitting(exam, directive);
}

void ng_splitting(struct examination *exam)
{
	each(exam, "return", check_redirect);
	each(exam, "add_header", check_splitting);
	each(exam, "proxy_set_header", check_splitting);
	each(exam, "proxy_pass", check_splitting);
}

/* ---- locations ---- */

static void check_alias(struct examination *exam, const struct nginx_directive *alias)
{
	const struct nginx_directive *location = alias->parent;
	const struct text prefix = location->count == 1                    ? nginx_arg(location, 0)
				   : text_is(nginx_arg(location, 0), "^~") ? nginx_arg(location, 1)
									   : TEXT("");

	if (!nginx_is(location, "location") || prefix.len == 0 || prefix.ptr[0] == '@'
	    || text_ends_with(prefix, TEXT("/")) || !text_ends_with(nginx_arg(alias, 0), TEXT("/")))
		return;

	struct finding *finding = nginx_report_at(
		exam, location->source, location->args[location->count - 1].at,
		"%.*s../ leads out of %.*s: the location has no / at its end, the alias has",
		TEXT_ARGS(prefix), TEXT_ARGS(nginx_arg(alias, 0)));
	const size_t end = location->args[location->count - 1].at.end;

	exam_mend(exam, finding, (struct range){ end, end }, "/");
}

void ng_alias_traversal(struct examination *exam)
{
	each(exam, "alias", check_alias);
}

static void check_host(struct examination *exam, const struct nginx_directive *set)
{
	if (!text_equal_nocase(nginx_arg(set, 0), TEXT("host"))
	    || !nginx_uses_variable(nginx_arg(set, 1), "http_host"))
		return;

	struct finding *finding =
		nginx_report_at(exam, set->source, set->args[1].at, "%s", exam->check->title);

	exam_mend(exam, finding, set->args[1].at, "$host");
}

void ng_host_spoofing(struct examination *exam)
{
	each(exam, "proxy_set_header", check_host);
}

static bool is_regex_loose(struct text regex)
{
	bool loose = !text_starts_with(regex, TEXT("^")) || !text_ends_with(regex, TEXT("$"));

	for (size_t i = 1; i < regex.len; i++)
		loose |= regex.ptr[i] == '.' && regex.ptr[i - 1] != '\\'
			 && (i + 1 == regex.len || strchr("*+?", regex.ptr[i + 1]) == NULL);
	return loose;
}

static void check_origin_header(struct examination *exam, const struct nginx_directive *header)
{
	if (text_equal_nocase(nginx_arg(header, 0), TEXT("access-control-allow-origin"))
	    && nginx_uses_variable(nginx_arg(header, 1), "http_origin")
	    && nginx_enclosing(header, "if") == NULL)
		nginx_report_at(
			exam, header->source, header->args[1].at,
			"every site that asks is allowed: the origin is sent back unchecked");
}

static void check_origin_test(struct examination *exam, const struct nginx_directive *test)
{
	static const char *const names[] = { "$http_origin", "$http_referer" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (test->count >= 3 && text_contains(nginx_arg(test, 0), text_of(names[i]))
		    && text_contains(nginx_arg(test, 1), TEXT("~"))) {
			struct text regex = nginx_arg(test, 2);

			if (text_ends_with(regex, TEXT(")")) && test->count == 3)
				regex.len--;
			if (is_regex_loose(regex))
				nginx_report_at(
					exam, test->source, test->args[2].at,
					"other sites match %.*s too: anchor it with ^ and $ "
					"and escape its dots",
					TEXT_ARGS(regex));
		}
}

void ng_origins(struct examination *exam)
{
	each(exam, "add_header", check_origin_header);
	each(exam, "if", check_origin_test);
}

static void check_referers(struct examination *exam, const struct nginx_directive *referers)
{
	if (nginx_has_arg(referers, "none"))
		nginx_report(exam, referers, "%s", exam->check->title);
}

void ng_valid_referers(struct examination *exam)
{
	each(exam, "valid_referers", check_referers);
}

static bool is_private_address(struct text address)
{
	return text_starts_with(address, TEXT("127.")) || text_starts_with(address, TEXT("10."))
	       || text_starts_with(address, TEXT("192.168."))
	       || text_starts_with(address, TEXT("169.254."))
	       || text_starts_with(address, TEXT("172."))
	       || text_starts_with(address, TEXT("[::1]"))
	       || text_starts_with(address, TEXT("[fd"));
}

static void check_resolver(struct examination *exam, const struct nginx_directive *resolver)
{
	for (size_t i = 0; i < resolver->count; i++) {
		const struct text address = resolver->args[i].text;

		if (text_find_char(address, '=') != TEXT_NONE || address.len == 0
		    || (!char_is_digit(address.ptr[0]) && address.ptr[0] != '[')
		    || is_private_address(address))
			continue;
		nginx_report_at(
			exam, resolver->source, resolver->args[i].at,
			"answers of %.*s come over the open network, where they can be forged",
			TEXT_ARGS(address));
	}
}

void ng_resolver(struct examination *exam)
{
	each(exam, "resolver", check_resolver);
}

static void check_if(struct examination *exam, const struct nginx_directive *block)
{
	if (!nginx_is(block->parent, "location"))
		return;
	NGINX_FOR_EACH(block, item)
	{
		if (!nginx_is(item, "return") && !nginx_is(item, "rewrite")
		    && !nginx_is(item, "set") && !nginx_is(item, "break")) {
			nginx_report(exam, item,
				     "%.*s inside an if of a location does not do what "
				     "it says: only return, rewrite, set and break do",
				     TEXT_ARGS(item->name));
			return;
		}
	}
}

void ng_if_is_evil(struct examination *exam)
{
	each(exam, "if", check_if);
}

static bool denies_rest(const struct nginx_directive *block)
{
	NGINX_FOR_EACH(block, item)
	{
		if (nginx_is(item, "deny") && text_is(nginx_arg(item, 0), "all"))
			return true;
	}
	return false;
}

static void check_allow(struct examination *exam, const struct nginx_directive *allow)
{
	if (!text_is(nginx_arg(allow, 0), "all") && nginx_child(allow->parent, "allow") == allow
	    && !denies_rest(allow->parent))
		nginx_report(exam, allow, "%s", exam->check->title);
}

void ng_allow_without_deny(struct examination *exam)
{
	each(exam, "allow", check_allow);
}

static void check_return(struct examination *exam, const struct nginx_directive *answer)
{
	const struct text status = nginx_arg(answer, 0);

	if (nginx_child(answer->parent, "deny") != NULL && !text_starts_with(status, TEXT("4")))
		nginx_report(exam, answer, "%s", exam->check->title);
}

void ng_return_bypasses(struct examination *exam)
{
	each(exam, "return", check_return);
}

/* "location ~ \.php": also matches /a.php5 and /a.php/b. */
static void check_anchor(struct examination *exam, const struct nginx_directive *location)
{
	const struct text regex = nginx_arg(location, 1);

	if (location->count == 2 && text_starts_with(nginx_arg(location, 0), TEXT("~"))
	    && text_starts_with(regex, TEXT("\\.")) && regex.len > 3
	    && !text_ends_with(regex, TEXT("$")) && text_find_char(regex, '/') == TEXT_NONE
	    && !text_ends_with(regex, TEXT("*")) && nginx_child(location, "deny") == NULL)
		nginx_report_at(exam, location->source, location->args[1].at,
				"%.*s has no $ at its end and matches in the middle of paths too",
				TEXT_ARGS(regex));
}

void ng_unanchored(struct examination *exam)
{
	each(exam, "location", check_anchor);
}

static void check_real_ip(struct examination *exam, const struct nginx_directive *from)
{
	if (text_is(nginx_arg(from, 0), "0.0.0.0/0") || text_is(nginx_arg(from, 0), "::/0"))
		nginx_report_at(exam, from->source, from->args[0].at, "%s", exam->check->title);
}

void ng_real_ip(struct examination *exam)
{
	each(exam, "set_real_ip_from", check_real_ip);
}

static bool is_upstream(const struct examination *exam, struct text name)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at))
		if (nginx_is(at, "upstream") && text_equal(nginx_arg(at, 0), name))
			return true;
	return false;
}

static void check_upstream(struct examination *exam, const struct nginx_directive *pass)
{
	const struct text host = authority(nginx_arg(pass, 0));

	if (host.len == 0 || text_find_char(host, '$') != TEXT_NONE
	    || text_find_char(host, '.') != TEXT_NONE || text_find_char(host, ':') != TEXT_NONE
	    || text_is(host, "localhost") || is_upstream(exam, host))
		return;
	nginx_report_at(
		exam, pass->source, pass->args[0].at,
		"no upstream is called '%.*s': nginx asks DNS once at its start, and does not "
		"start where there is no answer",
		TEXT_ARGS(host));
}

void ng_undefined_upstream(struct examination *exam)
{
	if (nginx_http(exam) != NULL)
		each(exam, "proxy_pass", check_upstream);
}
