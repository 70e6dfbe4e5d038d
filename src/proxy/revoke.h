/* SPDX-License-Identifier: Apache-2.0 */
/* revoke.h — revocations as one worker enforces them: at each handshake (mesh_tls.c, gateway_tls.c)
 * and, here, on the connections that are open when they change, of clients and to servers alike.
 *
 * They do not wait for a plan: a port that is busy must not keep a stolen key in use. A
 * session that is resumed is asked about like a certificate (mesh_tls.c). */
#pragma once

#include "proxy/worker.h"

/* Takes the reference. Connections that they concern are closed before this returns. */
void worker_set_revocations(struct worker *worker, struct revocations *revocations);

/* 0 where nothing is revoked; otherwise -EACCES, and err says by what. `id` may be absent. *reason
 * (may be NULL) is VERIFY_REVOKED or VERIFY_REVOKED_ID then. */
int worker_check_revoked(const struct worker *worker, struct text id,
			 const struct credential *credential, enum verify_reason *reason,
			 struct error *err);
