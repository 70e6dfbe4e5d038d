/* SPDX-License-Identifier: Apache-2.0 */
/* examine.h — one function a kind of artifact: parse the text, run the families over it.
 *
 * A fault in the text is a finding, not an error; an error means the text could not be looked at.
 */
#pragma once

#include "check/examination.h"

int examine_compose(struct examination *exam, struct error *err);
int examine_dockerfile(struct examination *exam, struct error *err);
int examine_manifest(struct examination *exam, struct error *err);
int examine_nginx(struct examination *exam, struct error *err);
/* Everything but the Pod Security Standards, over exam->manifest. */
void examine_objects(struct examination *exam);

/* What is judged across the files seen so far; they are forgotten then. */
void check_tree(struct check_run *run, const struct check_options *options);

/* Reads and examines one file (the first look alone); `named`: by the user, so an unknown kind is a
 * problem. */
void check_file(struct check_run *run, const struct check_options *options, const char *path,
		bool named);
size_t check_file_limit(const struct check_options *options); /* bytes */
void check_run_add_problem(struct check_run *run, const char *file, const struct error *err);
