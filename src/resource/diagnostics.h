/* SPDX-License-Identifier: Apache-2.0 */
/* diagnostics.h — everything that was found wrong while loading, with the line it stands on.
 *
 * Bounded: beyond DIAGNOSTICS_MAX entries only the counts go on. Lines that may hold a secret are
 * never kept. */
#pragma once

#include "base/base.h"

#define DIAGNOSTICS_MAX 1000

enum severity { SEVERITY_WARNING = 1, SEVERITY_ERROR };

struct diagnostic {
	enum severity severity;
	struct error error;
	struct text line;      /* of the source, around error.at; absent where unknown */
	unsigned first_column; /* of what is kept of it */
};

struct diagnostics {
	struct diagnostic **items; /* what they point to lies in the arena, file names too */
	size_t count, capacity;
	size_t errors, warnings; /* all, also those beyond the bound */
	struct arena arena;
	bool strict; /* warnings are added as errors */
};

void diagnostics_init(struct diagnostics *diagnostics);
void diagnostics_done(struct diagnostics *diagnostics);

void diagnostics_add(struct diagnostics *diagnostics, enum severity severity,
		     const struct error *error, struct text line);

/* Reads the lines of those from number `first` on that have none, for problems found after loading.
 * Not for documents that hold secrets. */
void diagnostics_quote(struct diagnostics *diagnostics, size_t first);

/* NULL where there is none. */
const struct diagnostic *diagnostics_first_error(const struct diagnostics *diagnostics);

/* "file:3:5: error: text", then the line and a caret below its column. */
void diagnostic_print(const struct diagnostic *diagnostic, bool colour, struct buffer *out);
void diagnostic_write_json(const struct diagnostic *diagnostic, struct json_writer *json);

#define AUTO_DIAGNOSTICS __attribute__((cleanup(diagnostics_done)))
