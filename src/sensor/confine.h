/* SPDX-License-Identifier: Apache-2.0 */
/* confine.h — once the programs are attached, the sensor gives up what it needs no more.
 *
 * What is left: CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, to read /proc of other users' processes.
 * What can never come back: new privileges, other programs, eBPF, modules, mounts, namespaces. */
#pragma once

#include "base/base.h"

/* For this thread and those it starts: before there are others. */
int sensor_confine(struct error *err);
