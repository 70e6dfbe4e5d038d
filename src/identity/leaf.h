/* SPDX-License-Identifier: Apache-2.0 */
/* leaf.h — the checks of verify.h that look at the leaf alone. */
#pragma once

#include "identity/verify.h"

/* VERIFY_TRUSTED where nothing speaks against it; err is filled where there is more to say. */
enum verify_reason leaf_check(X509 *leaf, struct peer_identity *out, struct error *err);
bool leaf_allows_role(X509 *leaf, enum tls_role role);
