/* SPDX-License-Identifier: Apache-2.0 */
/* native_flags.h — numbers of this machine's system calls as Falco numbers them. */
#pragma once

#include "sensor/event.h"

/* A bit set or an enumerated value of this machine, in the numbering of the table. Tables whose
 * numbers are the kernel's own change nothing. */
uint32_t native_flags(enum flag_table table, uint64_t native);
