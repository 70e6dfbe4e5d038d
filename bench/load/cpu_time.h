/* SPDX-License-Identifier: Apache-2.0 */
/* cpu_time.h — what processes have used of the CPU so far, all their threads together. */
#pragma once

#include <stdint.h>

uint64_t cpu_time_ns(const char *pids); /* comma-separated; NULL: 0 */
uint64_t cpu_time_own_ns(void);
