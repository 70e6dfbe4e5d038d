/* SPDX-License-Identifier: Apache-2.0 */
/* admit_server.h — the webhook on its port: reviews over TLS, and pages for probes and metrics.
 *
 *	POST /validate                the namespace's labels say the level, or the defaults do
 *	POST /validate/LEVEL:VERSION  this level is enforced where no labels are known
 *	GET  /healthz /readyz /metrics
 *
 * One loop, one thread: a review takes a tenth of a millisecond. The pages are also served without
 * TLS where an admin address is given; reviews never are. */
#pragma once

#include "cmd/admit_metrics.h"
#include "cmd/admit_tls.h"

struct admit_settings { /* borrowed */
	struct admission_settings admission;
	struct address listen, admin;  /* admin: any.sa_family AF_UNSPEC: none */
	const char *const *namespaces; /* files and directories that have the Namespaces */
	size_t namespace_count;
	struct admit_tls *tls; /* loaded once already */
};

/* Serves until SIGTERM or SIGINT. */
int admit_serve(const struct admit_settings *settings, struct error *err);
