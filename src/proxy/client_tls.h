/* SPDX-License-Identifier: Apache-2.0 */
/* client_tls.h — TLS towards servers outside the mesh (SIMPLE, MUTUAL): whom to believe, which name
 * the server must have, and what we show.
 *
 * The server's certificate must be valid for one of the names wanted: subjectAltNames where they
 * are given, else the host that is asked for. Contexts are made once and go on from plan to plan as
 * long as files, Secrets and settings stay the same.
 * Semantics: api:networking/v1alpha3/destination_rule.proto, ClientTLSSettings (facts 1.5). */
#pragma once

#include "proxy/plan_pem.h"

struct tls_limits;

struct client_tls {
	struct tls_context *context; /* borrowed from the plan; NULL: cannot be made */
	const char *key;             /* tells contexts apart that differ in anything */
};

/* names: subjectAltNames of the rule or the service; NULL: the host asked for. Warns where the
 * settings cannot be used. */
struct client_tls client_tls_context(struct plan_build *build,
				     const struct local_workload *workload,
				     const struct client_tls_settings *settings,
				     const struct tls_limits *limits,
				     const struct text_list *names);
