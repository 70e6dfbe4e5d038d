/* SPDX-License-Identifier: Apache-2.0 */
/* policy_agree.h — one random case: policies and requests from bytes, judged by src/policy and by
 * the reference. Aborts where they differ, where something passes that no ALLOW rule matches, or
 * where a DENY rule more lets pass what did not pass before. */
#pragma once

#include <stddef.h>
#include <stdint.h>

void policy_agree(const uint8_t *data, size_t size);
