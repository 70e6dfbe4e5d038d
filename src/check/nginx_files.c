/* SPDX-License-Identifier: Apache-2.0 */
#include "check/nginx_rules.h"

#include <string.h>

static bool is_denied(const struct nginx_directive *location)
{
	const struct nginx_directive *deny = nginx_child(location, "deny");
	const struct nginx_directive *answer = nginx_child(location, "return");

	return (deny != NULL && text_is(nginx_arg(deny, 0), "all"))
	       || (answer != NULL && text_starts_with(nginx_arg(answer, 0), TEXT("4")));
}

static bool denies_matching(const struct nginx_directive *server, const char *const *parts)
{
	for (const struct nginx_directive *at = server->first; at != NULL; at = nginx_next(at)) {
		if (nginx_enclosing(at, "server") != server)
			return false;
		if (!nginx_is(at, "location") || !is_denied(at))
			continue;
		for (const char *const *part = parts; *part != NULL; part++)
			if (text_contains(nginx_arg(at, at->count - 1), text_of(*part)))
				return true;
	}
	return false;
}

/* Servers that hand out files: those with a root that is not only for error pages. */
static bool serves_files(const struct nginx_directive *server)
{
	if (nginx_effective(server, "root") != NULL)
		return true;
	NGINX_FOR_EACH(server, item)
	{
		if (nginx_is(item, "location")
		    && (nginx_child(item, "root") != NULL || nginx_child(item, "alias") != NULL))
			return true;
	}
	return false;
}

static void report_undenied(struct examination *exam, const char *const *parts, const char *mend)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at)) {
		if (!nginx_is(at, "server") || !at->is_block || !serves_files(at)
		    || denies_matching(at, parts))
			continue;

		struct finding *finding = nginx_report(exam, at, "%s", exam->check->title);

		exam_mend(exam, finding, (struct range){ at->body.start, at->body.start }, "%s",
			  mend);
	}
}

void ng_hidden_files(struct examination *exam)
{
	report_undenied(
		exam, (const char *const[]){ "/\\.", "\\.(?!", "/[.]", "\\.git", NULL },
		"\n        location ~ /\\.(?!well-known) {\n            deny all;\n        }");
}

void ng_backup_files(struct examination *exam)
{
	report_undenied(exam, (const char *const[]){ "~$", "bak", "(env", "old|", "swp", NULL },
			"\n        location ~* (~|\\.(bak|old|orig|swp|sql|env))$ {\n"
			"            deny all;\n        }");
}

void ng_autoindex(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at)) {
		if (!nginx_is(at, "autoindex") || !text_is(nginx_arg(at, 0), "on"))
			continue;
		exam_mend(exam, nginx_report(exam, at, "%s", exam->check->title), at->args[0].at,
			  "off");
	}
}

void ng_root_directory(struct examination *exam)
{
	static const char *const bad[] = { "/",    "/etc", "/etc/nginx", "/home", "/root",
					   "/usr", "/var", "/proc",      "/sys" };

	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at)) {
		struct text path = nginx_arg(at, 0);

		if (!nginx_is(at, "root") && !nginx_is(at, "alias"))
			continue;
		while (path.len > 1 && path.ptr[path.len - 1] == '/')
			path.len--;
		for (size_t i = 0; i < COUNT_OF(bad); i++)
			if (text_is(path, bad[i]))
				nginx_report_at(exam, at->source, at->args[0].at,
						"everything below %s is handed out", bad[i]);
	}
}

/* The words of "\.(js|css|png)$", or of "\.map$". */
static struct text extensions(struct text regex)
{
	if (!text_starts_with(regex, TEXT("\\.")) || !text_ends_with(regex, TEXT("$")))
		return (struct text){ 0 };
	regex = (struct text){ regex.ptr + 2, regex.len - 3 };
	if (text_starts_with(regex, TEXT("(")) && text_ends_with(regex, TEXT(")")))
		regex = (struct text){ regex.ptr + 1, regex.len - 2 };
	for (size_t i = 0; i < regex.len; i++)
		if (strchr("()[]*+?.\\^$", regex.ptr[i]) != NULL)
			return (struct text){ 0 };
	return regex;
}

static bool shares_word(struct text a, struct text b)
{
	while (a.ptr != NULL) {
		const struct text word = text_split(&a, '|');
		struct text others = b;

		while (others.ptr != NULL)
			if (text_equal_nocase(word, text_split(&others, '|')))
				return true;
	}
	return false;
}

void ng_dead_location(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at)) {
		if (!nginx_is(at, "location") || !nginx_is(at->parent, "location"))
			continue;

		const struct text inner = extensions(nginx_arg(at, 1));
		const struct text outer = extensions(nginx_arg(at->parent, 1));

		if (inner.ptr != NULL && outer.ptr != NULL && !shares_word(inner, outer))
			nginx_report_at(exam, at->source, at->args[1].at,
					"no request gets here: the location around it matches only "
					"%.*s",
					TEXT_ARGS(outer));
	}
}

void ng_status_open(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at))
		if ((nginx_is(at, "stub_status") || nginx_is(at, "status"))
		    && nginx_effective(at->parent, "deny") == NULL
		    && nginx_effective(at->parent, "auth_basic") == NULL)
			nginx_report(exam, at, "%s", exam->check->title);
}

void ng_error_log_off(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at))
		if (nginx_is(at, "error_log") && text_is(nginx_arg(at, 0), "off"))
			nginx_report_at(exam, at->source, at->args[0].at, "%s", exam->check->title);
}
