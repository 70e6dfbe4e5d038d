/* SPDX-License-Identifier: Apache-2.0 */
/* syscall_name.h — the names of system calls that captures tell by number alone. */
#pragma once

/* By the number in Falco's libs (ppm_sc), which is no architecture's; NULL where there is none. */
const char *syscall_name(unsigned number);
