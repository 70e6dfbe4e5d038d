/* SPDX-License-Identifier: Apache-2.0 */
/* link_bio.h — between OpenSSL and a link: reads come from the socket, writes go into link->wire.
 *
 * So one flush sends many records in one system call, and a read that got less than it asked for is
 * not tried again before the loop says so. */
#pragma once

#include "net/link.h"

void link_bio_attach(struct link *link); /* link->ssl takes the BIO over */

/* recv(2) for an edge-triggered socket: > 0, 0 at the end, -EAGAIN, other -Exxx. */
ssize_t link_receive(struct link *link, void *out, size_t len);
