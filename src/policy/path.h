/* SPDX-License-Identifier: Apache-2.0 */
/* path.h — the one form of a request path that is routed, authorized and forwarded.
 *
 * Modes are MeshConfig's pathNormalization (api:mesh/v1alpha1/config.proto), behaviour Envoy's:
 *	NONE       only the fragment is cut off
 *	BASE       dot segments resolved, '\' read as '/', escapes of unreserved characters decoded
 *	MERGE      BASE, then runs of '/' become one
 *	DECODE     %2F and %5C decoded first, once, then MERGE
 * The query is never touched. */
#pragma once

#include "base/base.h"

enum path_mode { PATH_BASE = 0, PATH_NONE, PATH_MERGE_SLASHES, PATH_DECODE_AND_MERGE_SLASHES };

/* Rewrites bytes[0..*len) in place; the result is never longer. -EINVAL: answer 400 (an escaped
 * NUL, or a path that does not begin with '/'; "*" and "" pass as they are). Malformed escapes
 * stay. */
int path_normalize(enum path_mode mode, char *bytes, size_t *len);

/* What paths are matched against: without query and fragment. */
struct text path_without_query(struct text target);
