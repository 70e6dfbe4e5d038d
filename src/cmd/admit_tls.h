/* SPDX-License-Identifier: Apache-2.0 */
/* admit_tls.h — the webhook's certificate: PEM files that are read again when they change. */
#pragma once

#include "net/net.h"

struct admit_tls {
	const char *certificate, *key; /* paths; borrowed */
	const char *client_ca;         /* NULL: any client may ask */
	struct tls_context *context;   /* of what was last read; owned */
	int64_t not_after_ns;          /* of its leaf */
	unsigned char digest[32];      /* of the bytes last looked at, good or not */
};

/* Looks at the files. *changed tells that there is a new context; on failure the one before stays,
 * and the same bytes are not complained about again. */
int admit_tls_load(struct admit_tls *tls, bool *changed, struct error *err);
void admit_tls_done(struct admit_tls *tls);
