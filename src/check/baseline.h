/* SPDX-License-Identifier: Apache-2.0 */
/* baseline.h — what was known: findings of a baseline file do not count, so only new ones fail.
 *
 * A line a finding: its fingerprint, then id and file for people. A fingerprint holds the check,
 * the file, the object and the line's text, not its number, so that it survives edits above. */
#pragma once

#include "check/finding.h"

int baseline_apply(struct findings *findings, const char *path, struct error *err);
int baseline_write(const struct findings *findings, const char *path, struct error *err);
