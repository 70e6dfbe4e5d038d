/* SPDX-License-Identifier: Apache-2.0 */
#include "check/nginx_rules.h"

static bool is_old_version(struct text version)
{
	return text_is(version, "SSLv2") || text_is(version, "SSLv3") || text_is(version, "TLSv1")
	       || text_is(version, "TLSv1.1");
}

void ng_tls_versions(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at)) {
		if (!nginx_is(at, "ssl_protocols") && !nginx_is(at, "proxy_ssl_protocols"))
			continue;
		for (size_t i = 0; i < at->count; i++) {
			if (!is_old_version(at->args[i].text))
				continue;

			struct finding *finding =
				nginx_report_at(exam, at->source, at->args[i].at, "%.*s is broken",
						TEXT_ARGS(at->args[i].text));

			exam_mend(exam, finding,
				  (struct range){ at->args[0].at.start,
						  at->args[at->count - 1].at.end },
				  "TLSv1.2 TLSv1.3");
			break;
		}
	}
}

void ng_tls_ciphers(struct examination *exam)
{
	static const char *const weak[] = { "RC4",    "3DES",  "DES",   "MD5", "NULL",
					    "EXPORT", "aNULL", "eNULL", "LOW", "ADH" };

	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at)) {
		struct text list = nginx_arg(at, 0);

		if (!nginx_is(at, "ssl_ciphers") && !nginx_is(at, "proxy_ssl_ciphers"))
			continue;
		while (list.ptr != NULL) {
			const struct text item = text_split(&list, ':');

			if (item.len == 0 || item.ptr[0] == '!' || item.ptr[0] == '-')
				continue;
			for (size_t i = 0; i < COUNT_OF(weak); i++) {
				if (!text_is(item, weak[i])
				    && !text_ends_with(item, text_of(weak[i])))
					continue;
				nginx_report_at(exam, at->source, at->args[0].at, "%.*s is broken",
						TEXT_ARGS(item));
				break;
			}
		}
	}
}

void ng_tls_off(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at)) {
		const struct text address = nginx_arg(at, 0);

		if (nginx_is(at, "listen")
		    && (text_is(address, "443") || text_ends_with(address, TEXT(":443")))
		    && !nginx_has_arg(at, "ssl") && !nginx_has_arg(at, "quic")) {
			struct finding *finding = nginx_report_at(exam, at->source, at->args[0].at,
								  "%s", exam->check->title);

			exam_mend(exam, finding,
				  (struct range){ at->args[0].at.end, at->args[0].at.end }, " ssl");
		}
	}
}

void ng_upstream_unverified(struct examination *exam)
{
	for (const struct nginx_directive *at = exam->nginx->root.first; at != NULL;
	     at = nginx_next(at)) {
		const struct nginx_directive *verify;

		if (!nginx_is(at, "proxy_pass")
		    || !text_starts_with(nginx_arg(at, 0), TEXT("https://")))
			continue;
		verify = nginx_effective(at->parent, "proxy_ssl_verify");
		if (verify == NULL || !text_is(nginx_arg(verify, 0), "on"))
			nginx_report_at(exam, at->source, at->args[0].at, "%s", exam->check->title);
	}
}
