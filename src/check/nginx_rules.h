/* SPDX-License-Identifier: Apache-2.0 */
/* nginx_rules.h — what a security reviewer looks for in an nginx configuration: the classes that
 * gixy made known, and hardening. The table with all texts is nginx_checks.c. */
#pragma once

#include "check/examination.h"
#include "check/nginx.h"

/* Reports where the directive stands, which may be an included file. */
struct finding *nginx_report(struct examination *exam, const struct nginx_directive *directive,
			     const char *fmt, ...) __attribute__((format(printf, 3, 4)));
struct finding *nginx_report_at(struct examination *exam, const struct nginx_source *source,
				struct range at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The http block: NULL where the file is only a part, whose surroundings are unknown. */
const struct nginx_directive *nginx_http(const struct examination *exam);

/* nginx_flow.c: requests that go where they should not */
void ng_syntax(struct examination *exam);
void ng_ssrf(struct examination *exam);
void ng_splitting(struct examination *exam);
void ng_alias_traversal(struct examination *exam);
void ng_host_spoofing(struct examination *exam);
void ng_origins(struct examination *exam);
void ng_valid_referers(struct examination *exam);
void ng_resolver(struct examination *exam);
void ng_if_is_evil(struct examination *exam);
void ng_allow_without_deny(struct examination *exam);
void ng_return_bypasses(struct examination *exam);
void ng_unanchored(struct examination *exam);
void ng_real_ip(struct examination *exam);
void ng_undefined_upstream(struct examination *exam);

/* nginx_headers.c */
void ng_version(struct examination *exam);
void ng_header_lost(struct examination *exam);
void ng_header_missing(struct examination *exam);
void ng_header_not_always(struct examination *exam);
void ng_header_multiline(struct examination *exam);
void ng_content_type(struct examination *exam);
void ng_xss_protection(struct examination *exam);
void ng_csp(struct examination *exam);
void ng_hsts(struct examination *exam);

/* nginx_limits.c */
void ng_body_size(struct examination *exam);
void ng_timeouts(struct examination *exam);
void ng_no_rate_limit(struct examination *exam);
void ng_zone_unused(struct examination *exam);
void ng_zone_undefined(struct examination *exam);
void ng_header_buffers(struct examination *exam);
void ng_duplicate(struct examination *exam);

/* nginx_files.c */
void ng_hidden_files(struct examination *exam);
void ng_backup_files(struct examination *exam);
void ng_autoindex(struct examination *exam);
void ng_root_directory(struct examination *exam);
void ng_dead_location(struct examination *exam);
void ng_status_open(struct examination *exam);
void ng_error_log_off(struct examination *exam);

/* nginx_tls.c */
void ng_tls_versions(struct examination *exam);
void ng_tls_ciphers(struct examination *exam);
void ng_tls_off(struct examination *exam);
void ng_upstream_unverified(struct examination *exam);
