/* SPDX-License-Identifier: Apache-2.0 */
/* audit_line.h — one line of the record: its fixed parts. For audit.c and audit_verify.c alone. */
#pragma once

#include "identity/audit.h"

#define AUDIT_FILE     "audit.jsonl"
#define AUDIT_LINE_MAX 65536

struct audit_line {
	uint64_t seq;
	char prev[AUDIT_HASH_TEXT], hash[AUDIT_HASH_TEXT];
	bool hash_fits; /* it is that of the line */
};

/* `line` without its newline. False where it is no record at all. */
bool audit_line_parse(struct text line, struct audit_line *out);
/* Of a file that was renamed when it was full: "audit-000000000001.jsonl". */
bool audit_is_full_file(const char *name);
void audit_hash(struct text bytes, char out[AUDIT_HASH_TEXT]);
