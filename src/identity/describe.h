/* SPDX-License-Identifier: Apache-2.0 */
/* describe.h — a certificate for people and for JSON: what it says, and what we think of it. */
#pragma once

#include "identity/verify.h"

struct certificate_facts {
	char id[SPIFFE_ID_MAX + 1];     /* the SPIFFE ID, also of an authority; "" where none */
	char subject[256], issuer[256]; /* "O=Mangrove, CN=issuer 5d3f…" */
	char serial[64], sha256[65];    /* lower-case hex */
	char not_before[CLOCK_TEXT_MAX], not_after[CLOCK_TEXT_MAX];
	int64_t not_after_ns;
	char key[64];    /* "EC P-256" */
	char usage[256]; /* "digitalSignature, serverAuth, clientAuth" */
	bool is_authority;
	enum verify_reason reason; /* VERIFY_UNCHECKED where it is a well-formed SVID leaf */
};

void certificate_describe(X509 *certificate, struct certificate_facts *out);
