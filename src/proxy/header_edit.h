/* SPDX-License-Identifier: Apache-2.0 */
/* header_edit.h — header operations of routes: first what is removed, then set, then added. A value
 * may have Envoy's operators in it ("%REQ(x-user)%", operators.h); what a request does not have is
 * empty there, and a field whose value is nothing but such operators is left out then. */
#pragma once

#include "proxy/exchange.h"

void header_edits_apply(struct exchange *exchange, struct http_head *head,
			const struct header_edits *edits);
