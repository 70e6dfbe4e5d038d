/* SPDX-License-Identifier: Apache-2.0 */
/* procfs.h — what runs now, from /proc: for the beginning, and for threads that no event told of.
 *
 * What /proc says of a process can be of another by the time it is read; a thread that is gone
 * halfway through is not added. Ends of sockets are told at the beginning only: finding them means
 * to read all connections of a network namespace. */
#pragma once

#include "sensor/state.h"

struct procfs;

/* root: "/proc", or where that of the host is mounted; borrowed. */
struct procfs *procfs_new(const char *root);
void procfs_free(struct procfs *procfs);
DEFINE_AUTO(struct procfs, procfs_free)

struct state_source *procfs_source(struct procfs *procfs);

/* Every process, thread and descriptor there is; those that may not be read are left out. -EACCES
 * or -ENOENT where root is not readable at all. */
int procfs_load(struct procfs *procfs, struct sensor_state *state, struct error *err);
