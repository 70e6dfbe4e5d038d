/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h — the authority's record of what it did: one JSON object a line, each bound to the one
 * before it.
 *
 *	{"seq":7,"time":"…","event":"issue","id":"spiffe://…","serial":"…","prev":"…","hash":"…"}
 *
 * `hash` is the SHA-256 of the line up to it, `prev` the hash of the line before; the first line's
 * is zeros. So a byte that was changed, a line that was removed, added or moved is found, except at
 * the very end: keep a head elsewhere (the log has it at each start) and ask for it.
 *
 * DIRECTORY/audit.jsonl grows to 64 MiB, then it is renamed audit-SEQ.jsonl, after its first
 *record, and the chain goes on in a new one. A record is in the file before what it speaks of
 *leaves the process: where it cannot be written, nothing is issued. It is on the disk (fdatasync)
 *at once, or within a second where many come (audit_sync). A line that a crash has torn is cut off
 *at the next start, and the record says so.
 *
 * One process, one thread. */
#pragma once

#include "base/base.h"

struct audit;

int audit_open(const char *directory, struct audit **out, struct error *err);
void audit_close(struct audit *audit);
DEFINE_AUTO(struct audit, audit_close)

/* What a record says beside number, time and event; a value that is NULL is left out. */
struct audit_field {
	const char *name, *value;
};

/* Appends one record. audit NULL: nobody keeps a record, which is fine (tests, benchmarks). */
int audit_write(struct audit *audit, const char *event, const struct audit_field *fields,
		size_t count, struct error *err);
#define AUDIT_WRITE(audit, event, err, ...)                                                        \
	audit_write((audit), (event), (const struct audit_field[]){ __VA_ARGS__ },                 \
		    sizeof((const struct audit_field[]){ __VA_ARGS__ })                            \
			    / sizeof(struct audit_field),                                          \
		    (err))
/* To the disk with what was written since the last time. */
int audit_sync(struct audit *audit, struct error *err);

/* ---- reading ---- */

#define AUDIT_HASH_TEXT 65

struct audit_summary {
	uint64_t records;
	char head[AUDIT_HASH_TEXT]; /* hash of the last record */
	bool found_expected;
};

/* Called for each line that is right, in order. */
typedef void (*audit_line_fn)(void *owner, struct text line);

/* The records of the newest file and of the one before it: what a start needs to recall. audit
 * NULL: there are none. */
void audit_recent(const struct audit *audit, audit_line_fn line, void *owner);

/* Reads all files of the directory in order and checks the chain. `expected`: a hash that must be
 * in it, or NULL. `line` may be NULL. -EBADMSG where something was changed: err says where and
 * what. */
int audit_verify(const char *directory, const char *expected, audit_line_fn line, void *owner,
		 struct audit_summary *out, struct error *err);
