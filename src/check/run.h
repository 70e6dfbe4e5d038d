/* SPDX-License-Identifier: Apache-2.0 */
/* run.h — examines files and trees as the options say. */
#pragma once

#include "check/artifact.h"
#include "check/finding.h"

#include <stdint.h>

enum pod_security_level {
	POD_SECURITY_NONE = 0,
	POD_SECURITY_PRIVILEGED,
	POD_SECURITY_BASELINE,
	POD_SECURITY_RESTRICTED
};

#define POD_SECURITY_LATEST 10000u

struct pod_security {
	enum pod_security_level level;
	unsigned minor; /* of v1.minor, or POD_SECURITY_LATEST */
};

/* "restricted:v1.32", "baseline:latest", "restricted". */
int pod_security_parse(const char *text, struct pod_security *out, struct error *err);
#define POD_SECURITY_TEXT_MAX 32
/* The same form: "restricted:v1.32". Returns out. */
const char *pod_security_format(struct pod_security standard, char out[POD_SECURITY_TEXT_MAX]);

struct override { /* of a check's severity; FINDING_OFF ignores it */
	const char *selector;
	enum finding_severity severity;
	const char *path;   /* glob, or NULL: everywhere */
	const char *reason; /* of an exception, or NULL */
};

struct check_options {                         /* everything borrowed */
	const char *const *only, *const *skip; /* selectors, NULL-terminated; NULL: none */
	enum finding_severity show_from;       /* lower ones are not found at all */
	struct pod_security pod_security;      /* a level: pods are judged by it alone */
	const struct override *overrides;
	size_t override_count;
	const char *shellcheck;                /* the program, for RUN; NULL: without it */
	const char *const *trusted_registries; /* DL3026; NULL: any */
	const struct label_rule *labels;       /* DL3049 and its kin */
	size_t label_count;
	bool strict_labels;
	bool follow_includes; /* of nginx: read files beside the one examined */
	bool no_pragmas;      /* inline ignores are not honoured */
	int64_t now_ns;       /* for ignores that expire */
	size_t file_limit;    /* bytes; 0: 16 MiB */
	unsigned threads;     /* 0: one a core */
};

enum label_type {
	LABEL_TEXT = 0,
	LABEL_URL,
	LABEL_RFC3339,
	LABEL_SPDX,
	LABEL_HASH,
	LABEL_SEMVER,
	LABEL_EMAIL,
	LABEL_ANY
};

struct label_rule {
	const char *name;
	enum label_type type;
};

struct check_problem { /* a file that could not be examined */
	struct error error;
	char *file; /* owned by the run */
};

struct tree;

struct check_run {
	struct findings findings;
	size_t files;                   /* examined */
	struct check_problem *problems; /* owned */
	size_t problem_count;
	struct tree *tree; /* what files say of each other, until all are seen; owned */
};

void check_run_init(struct check_run *run);
void check_run_done(struct check_run *run);

/* Files as named, directories with all below them; sorted. Problems are collected, not fatal. */
void check_paths(struct check_run *run, const struct check_options *options,
		 const char *const *paths, size_t count);

/* One text in memory, as if read from `file` and alone. */
int check_text(struct check_run *run, const struct check_options *options, const char *file,
	       struct text text, enum artifact artifact, struct error *err);
