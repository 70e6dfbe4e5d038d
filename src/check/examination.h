/* SPDX-License-Identifier: Apache-2.0 */
/* examination.h — one artifact under examination: its text, its parsed form, where findings go.
 *
 * Lives on one thread, for one file; the arena holds the parsed form and dies with it. */
#pragma once

#include "check/catalog.h"
#include "check/finding.h"
#include "check/run.h"

struct dockerfile;
struct nginx;
struct manifest;
struct compose;
struct tree;

#define EXAM_FINDINGS_MAX 10000 /* of one file; more help nobody */

struct examination {
	const struct check_options *options;
	const char *file;
	struct text text;
	struct line_index lines;
	struct arena *arena;       /* parsed form and scratch */
	struct findings *findings; /* the result, in its own arena */
	const struct check *check; /* the one running */
	size_t reported;
	struct finding overflow;             /* what is reported beyond the bound */
	const struct dockerfile *dockerfile; /* of these, the one that is being looked at */
	const struct nginx *nginx;
	const struct manifest *manifest;
	const struct compose *compose;
	struct tree *seen;       /* the first look: what other files are judged by goes here */
	const struct tree *tree; /* the second look; NULL: the first */
};

/* Reports the running check. The message is one sentence without a full stop at its end. */
struct finding *exam_report(struct examination *exam, struct range at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Reports another check of the same family, for functions that find several kinds of fault. */
struct finding *exam_report_as(struct examination *exam, const char *id, struct range at,
			       const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* One edit that mends the finding; call again for more. */
void exam_mend(struct examination *exam, struct finding *finding, struct range at, const char *fmt,
	       ...) __attribute__((format(printf, 4, 5)));

/* Runs every selected check of a family over what the examination holds. */
void exam_run_family(struct examination *exam, const struct family *family);
bool exam_wants(const struct examination *exam, const struct check *check);
