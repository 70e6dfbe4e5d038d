/* SPDX-License-Identifier: Apache-2.0 */
/* path.h — paths as Falco's rules know them: joined and made plain as text alone.
 *
 * Symbolic links are not followed: the file may be another by the time anybody looks. */
#pragma once

#include "base/base.h"

#define PATH_TEXT_MAX 4096

/* The plain form of `path`, relative to `directory`: absolute, without ".", "..", "//" and, unless
 * it is "/", without a slash at its end. Where the directory is absent and the path relative, what
 * comes out begins with "<UNKNOWN>/". A path longer than `out` is cut. Returns a view of out. */
struct text path_join(char out[PATH_TEXT_MAX], struct text directory, struct text path);

/* What is before the last slash ("/" for what lies in the root), and what is after it; Falco's
 * fd.directory and fd.filename. Absent where there is no slash. */
struct text path_directory(struct text path);
struct text path_name(struct text path);
