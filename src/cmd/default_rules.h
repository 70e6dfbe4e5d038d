/* SPDX-License-Identifier: Apache-2.0 */
/* default_rules.h — rules/mangrove_rules.yaml, which the build takes in (embed_rules.py). */
#pragma once

#include <stddef.h>

extern const unsigned char default_rules[];
extern const size_t default_rules_len;
