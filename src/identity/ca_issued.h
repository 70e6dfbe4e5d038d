/* SPDX-License-Identifier: Apache-2.0 */
/* ca_issued.h — which certificates are out and not expired: what a revocation list is made of.
 *
 * Filled as they are issued, and at start from the record of what was (audit.h). Oldest first. */
#pragma once

#include "identity/credential.h"

#include <jansson.h>

struct issued {
	struct list place;
	int64_t not_after_ns;
	char issuer[41];              /* its serial */
	struct credential credential; /* without authorities */
	char id[];
};

struct issued_list {
	struct list items; /* struct issued, owned */
	size_t count;
};

void issued_init(struct issued_list *list);
void issued_done(struct issued_list *list);
void issued_add(struct issued_list *list, struct text id, const char *issuer,
		const struct credential *credential, int64_t not_after_ns);
/* From a record of the event "issue"; what is expired or no such record is left out. */
void issued_add_record(struct issued_list *list, struct text line, int64_t now_ns);
void issued_drop_expired(struct issued_list *list, int64_t now_ns);
