/* SPDX-License-Identifier: Apache-2.0 */
/* explain_compare.h — recorded requests judged by two sets of resources: what would change. */
#pragma once

#include <stdbool.h>

/* Exit status: 0 where nothing changes, 1 where something does, 2 bad input. */
int explain_compare(const char *old_path, const char *new_path, const char *log_path, bool json);
