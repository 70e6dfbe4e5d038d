/* SPDX-License-Identifier: Apache-2.0 */
/* identity_parts.h — what policies read out of a peer's SPIFFE ID, verified elsewhere. Views into
 * it; absent where it has none. */
#pragma once

#include "base/base.h"

struct text identity_principal(struct text spiffe_id); /* behind "spiffe://" */
struct text identity_trust_domain(struct text spiffe_id);
struct text identity_namespace(struct text spiffe_id);       /* of "/ns/N/sa/S" exactly */
struct text identity_service_account(struct text spiffe_id); /* the same */
