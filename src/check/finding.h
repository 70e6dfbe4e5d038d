/* SPDX-License-Identifier: Apache-2.0 */
/* finding.h — one thing that is wrong, where it stands, and how it is mended. */
#pragma once

#include "base/base.h"

#include <stdbool.h>
#include <stddef.h>

enum finding_severity { /* ordered: a threshold is a comparison */
			FINDING_OFF = 0,
			FINDING_STYLE,
			FINDING_INFO,
			FINDING_WARNING,
			FINDING_ERROR,
};

const char *finding_severity_name(enum finding_severity severity);
/* hadolint's words (error, warning, info, style, ignore) and Trivy's (critical, high, medium, low,
 * unknown), in any case. */
bool finding_severity_parse(struct text name, enum finding_severity *out);

struct range { /* bytes of the file: [start, end) */
	size_t start, end;
};

struct span { /* counted from 1; the end is the first column behind */
	unsigned line, column, end_line, end_column;
};

/* Replaces bytes of the file as it was examined; edits of one finding do not overlap. */
struct edit {
	struct range at;
	const char *text;
};

struct check;

struct finding {
	const struct check *check;
	enum finding_severity severity;
	const char *file; /* relative to the working directory where it lies below it */
	struct span at;   /* of what is wrong, or of the parent of what is missing */
	const char *message;
	const char *source; /* the line at fault, for people */
	const char *object; /* "Deployment/shop/web", or NULL */
	const struct edit *edits;
	size_t edit_count;      /* 0: a person has to mend it */
	const char *suppressed; /* why it does not count; NULL: it counts */
};

/* Findings and every text they point to live in the arena. */
struct findings {
	struct arena arena;
	struct finding *items; /* owned */
	size_t count, capacity;
};

void findings_init(struct findings *findings);
void findings_done(struct findings *findings);
struct finding *findings_add(struct findings *findings);        /* zeroed */
void findings_move(struct findings *to, struct findings *from); /* copies texts; empties `from` */
void findings_sort(struct findings *findings);                  /* by file, line, column, id */
/* An included file is seen by itself and through who includes it: keeps one of equal findings. */
void findings_unite(struct findings *findings);
#define FINGERPRINT_MAX 32
/* The same for the same finding after edits elsewhere in the file. */
void finding_fingerprint(const struct finding *finding, char out[FINGERPRINT_MAX]);

size_t findings_counted(const struct findings *findings, enum finding_severity from);

/* Where the lines of a text begin. */
struct line_index {
	size_t *starts; /* in the arena */
	size_t count;
	struct text text;
};

void line_index_init(struct line_index *lines, struct text text, struct arena *arena);
struct span line_index_span(const struct line_index *lines, struct range range);
size_t line_index_offset(const struct line_index *lines, unsigned line, unsigned column);
struct text line_index_line(const struct line_index *lines, unsigned line); /* without its end */
