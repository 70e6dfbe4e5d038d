/* SPDX-License-Identifier: Apache-2.0 */
/* spiffe_id.h — a SPIFFE ID: "spiffe://" trust domain, path. (SPIFFE-ID.md, sections 2.1 to 2.4)
 *
 * The parts are views into the text that was parsed: no copy, no allocation. Both are compared byte
 * by byte; upper case in scheme or trust domain is malformed, as go-spiffe has it, so that one
 * identity has one spelling. */
#pragma once

#include "base/base.h"

#include <stdbool.h>

#define SPIFFE_ID_MAX    2048 /* bytes in total */
#define TRUST_DOMAIN_MAX 255

struct spiffe_id {
	struct text trust_domain;
	struct text path; /* empty, or begins with '/' */
};

int spiffe_id_parse(struct text text, struct spiffe_id *out, struct error *err);
/* Writes the ID and a NUL; returns its length. The parts come from a parse, so it fits. */
size_t spiffe_id_format(char out[SPIFFE_ID_MAX + 1], const struct spiffe_id *id);

/* A trust domain as a person writes it: "example.org", or the ID "spiffe://example.org". */
int trust_domain_parse(struct text text, struct text *out, struct error *err);

/* Istio's form, path "/ns/NAMESPACE/sa/SERVICEACCOUNT". False where the path has another. */
bool spiffe_id_service_account(const struct spiffe_id *id, struct text *namespace,
			       struct text *service_account);
/* The ID of a service account in `out`, checked by the same rules. */
int spiffe_id_of_service_account(char out[SPIFFE_ID_MAX + 1], struct text trust_domain,
				 struct text namespace, struct text service_account,
				 struct error *err);
