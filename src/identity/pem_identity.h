/* SPDX-License-Identifier: Apache-2.0 */
/* pem_identity.h — one identity as it lies on disk: certificate chain, key, bundle. */
#pragma once

#include "identity/source.h"

struct pem_identity {
	char *certificate, *key, *bundle; /* paths; owned */
	/* the last that could be read; owned; NULL: none yet */
	struct svid *svid;
	STACK_OF(X509) * authorities;
	unsigned char digest[32]; /* of the bytes they were read from */
};

/* Resolves the directory layouts. The paths are copied. */
int pem_identity_init(struct pem_identity *identity, const struct identity_files *files,
		      struct error *err);
void pem_identity_done(struct pem_identity *identity);

/* Reads the files again. *changed tells whether they are others than before; on failure what was
 * read last stays. */
int pem_identity_load(struct pem_identity *identity, bool *changed, struct error *err);
