/* SPDX-License-Identifier: Apache-2.0 */
/* explain_batch.h — many requests, a line of JSON each, answered in order. */
#pragma once

#include "cmd/explain_world.h"

/* "-" reads standard input. Exit status: 0 where all are allowed, 1 where one is denied, 2 where
 * one could not be read. */
int explain_batch(struct explain_world *world, const char *path);
