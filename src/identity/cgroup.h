/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.h — what /proc/PID/cgroup tells about a process. */
#pragma once

#include "base/base.h"

/* The systemd unit that systemd itself put the process into, a view into `cgroup`; absent where
 * there is none. Units below it, which a user's own manager or a container may name as it likes, do
 * not count. */
struct text cgroup_unit(struct text cgroup);
