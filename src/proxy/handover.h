/* SPDX-License-Identifier: Apache-2.0 */
/* handover.h — a new proxy takes over the listening sockets of the one that runs: an upgrade
 * without a refused connection.
 *
 *	new -> old   "mangrove-handover 1"
 *	old -> new   "listener KEY" with its sockets, one a worker; ...; "end"
 *	             (both accept now; the new one has no plan yet and lets them wait)
 *	new -> old   "ready": its plan is in force and has every identity
 *	             (the old one stops accepting, finishes what it does, and ends)
 *
 * Over a unix socket of packets that only the same user (or root) may use. If the new one goes away
 * before it is ready, nothing has happened. All of it on the control thread. */
#pragma once

#include "base/base.h"

struct control;
struct handover;

/* What was taken over; descriptors that nobody asked for yet are owned by it. */
struct inheritance {
	struct inherited {
		char *key;    /* owned */
		int *sockets; /* owned; -1: used */
		size_t count;
	} * items;
	size_t count;
	unsigned workers; /* the old proxy had so many, each with a socket of its own */
	int peer;         /* the old proxy, which waits for us to be ready */
};

/* Blocks for a few seconds at most. -ECONNREFUSED or -ENOENT: nobody is there. */
int handover_take(const char *path, struct inheritance *out, struct error *err);
/* -EADDRINUSE where a proxy offers its sockets. */
int handover_check_free(const char *path, struct error *err);
/* The socket of that worker, now the caller's; -1: there is none. */
int inheritance_socket(struct inheritance *from, const char *key, size_t worker);
/* The old proxy may go; sockets that nobody asked for are closed. Fine if nothing was inherited. */
void inheritance_finish(struct inheritance *from);
void inheritance_drop(struct inheritance *from); /* the same, but the old one stays */

/* Offers this proxy's sockets at `path`, in place of whoever was there. */
int handover_offer(struct control *control, const char *path, struct handover **out,
		   struct error *err);
void handover_free(struct handover *handover); /* NULL is fine */
