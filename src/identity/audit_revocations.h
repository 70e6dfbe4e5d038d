/* SPDX-License-Identifier: Apache-2.0 */
/* audit_revocations.h — a record of each denial that begins to count with a change of resources,
 * and of each that ends. */
#pragma once

#include "identity/audit.h"
#include "resource/resource.h"

/* before NULL: none were in force. */
int audit_revocations(struct audit *audit, const struct resource_set *before,
		      const struct resource_set *after, struct error *err);
