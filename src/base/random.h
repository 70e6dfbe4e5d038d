/* SPDX-License-Identifier: Apache-2.0 */
/* random.h — randomness: from the kernel for secrets, cheap per thread for choices and jitter. */
#pragma once

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t len); /* getrandom(2); for keys, serials, request IDs */

uint64_t random_cheap(void);           /* per-thread xoshiro256**; never for secrets */
uint64_t random_below(uint64_t limit); /* 0 <= result < limit, cheap; limit > 0 */
