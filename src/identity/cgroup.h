/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.h — what /proc/PID/cgroup tells about a process. */
#pragma once

#include "base/base.h"

/* The systemd unit that systemd itself put the process into, a view into `cgroup`; absent where
 * there is none. Units below it, which a user's own manager or a container may name as it likes, do
 * not count. */
struct text cgroup_unit(struct text cgroup);

/* The container that the host's engine put the process into, a view into `cgroup` of 64 digits;
 * absent where there is none. The outermost counts, and only below directories that root alone can
 * make, so that no process can name a container by making a group; hierarchies that contradict each
 * other name none. /proc/PID/mountinfo, which would tell more inside of a private cgroup namespace,
 * is never asked: a process writes its own with unshare(2) and mount(2). */
struct text cgroup_container(struct text cgroup);
