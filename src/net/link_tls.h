/* SPDX-License-Identifier: Apache-2.0 */
/* link_tls.h — a link's bytes once its handshake is over: by records of our own where TLS 1.3 was
 * agreed on, by OpenSSL where TLS 1.2 was. For link.c. */
#pragma once

#include "net/link.h"

void link_tls_handshake_done(struct link *link);
ssize_t link_tls_read(struct link *link, void *out, size_t len); /* as link_read */
/* Bytes that were read ahead and not yet asked for: no event of the socket will announce them. */
bool link_tls_has_pending(const struct link *link);
/* Turns what waits in `out` into records in `wire`, a slab into one, until enough is on its way. */
int link_tls_seal(struct link *link);
void link_tls_say_goodbye(struct link *link); /* close_notify, into `wire` */
void link_tls_done(struct link *link);
