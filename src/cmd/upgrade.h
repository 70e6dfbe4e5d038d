/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade.h — a running program becomes its newer self: same process, same arguments, the file that
 * now lies where it was started from. Its children stay. */
#pragma once

#include "base/base.h"

/* Who is told of the children that are there already: "identity=12,proxy=13". */
#define UPGRADE_CHILDREN "MANGROVE_CHILDREN"

/* Does not return where it worked. The new file is tried first ("version"): one that does not run
 * changes nothing. */
int upgrade_exec(const char *children, struct error *err);

/* The process that ran `role` before the upgrade; 0: none. */
pid_t upgrade_child(const char *children, const char *role);
