/* SPDX-License-Identifier: Apache-2.0 */
/* access_log.h — one JSON object a request, and one for each connection that was refused.
 *
 * A worker writes lines into buffers of its own; full ones (or what a twentieth of a second has
 * left) are handed to the log's thread, which writes them to the file. A worker never waits: when
 * the thread cannot keep up, whole buffers are dropped, counted and said so in the log itself. */
#pragma once

#include "net/net.h"

struct downstream;
struct exchange;

struct access_log; /* the file and its thread; shared by workers */

/* path "-": standard output; NULL: no access log. The file is appended to. */
int access_log_open(const char *path, struct access_log **out, struct error *err);
void access_log_close(struct access_log *log);       /* writes what it has first; NULL is fine */
uint64_t access_log_dropped(struct access_log *log); /* lines lost so far */
/* After a rotation (path NULL), or because it is to be elsewhere. */
void access_log_reopen(struct access_log *log, const char *path);

struct access_log_chunk;

struct access_log_buffer {      /* a worker's */
	struct access_log *log; /* NULL: none */
	struct loop *loop;
	struct access_log_chunk *current;
	struct timer timer;
};

void access_log_buffer_init(struct access_log_buffer *buffer, struct access_log *log,
			    struct loop *loop);
void access_log_buffer_done(struct access_log_buffer *buffer);

void access_log_exchange(struct access_log_buffer *buffer, const struct exchange *exchange);
/* stage: "handshake" or "revocation" */
void access_log_refused_connection(struct access_log_buffer *buffer,
				   const struct downstream *downstream, const char *stage,
				   const char *reason);
