/* SPDX-License-Identifier: Apache-2.0 */
/* catalog.h — all checks, as const tables: one table a family, each written next to its code.
 *
 * A check is data (who it is, why, how to mend, an example of each side) and one function that
 * looks at a parsed artifact and reports. The examples are run by the tests: the bad one must
 * fire, the good one must not. */
#pragma once

#include "check/artifact.h"
#include "check/finding.h"

struct examination;

struct check {
	const char *id;                 /* "DL3008", "K8S012": stable for ever */
	const char *name;               /* "pin-apt-packages": the short name people remember */
	const char *title;              /* one sentence, says what is wrong */
	enum finding_severity severity; /* FINDING_OFF: only when asked for by id */
	const char *why, *mend;         /* for --explain */
	const char *bad, *good; /* whole small artifacts; NULL where a file cannot show it */
	void (*run)(struct examination *exam); /* NULL: another check's function reports it */
	bool across; /* judged when all files have been seen: exam->tree has what governs */
};

struct family {
	const char *name; /* "hadolint", as --only takes it */
	const char *title;
	const char *part_of; /* whose name takes it along, or NULL */
	bool is_range;       /* ids alone, described elsewhere: not listed one by one */
	enum artifact artifact;
	const struct check *checks;
	size_t count;
};

extern const struct family *const families[]; /* NULL ends it */

const struct check *check_find(struct text id_or_name);
const struct family *check_family(const struct check *check);
/* `selector`: an id, a name, a family, or an id's beginning with '*'. */
bool check_matches(const struct check *check, const char *selector);
