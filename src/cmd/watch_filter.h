/* SPDX-License-Identifier: Apache-2.0 */
/* watch_filter.h — from the loaded rules: what the kernel may drop. */
#pragma once

#include "rules/rules.h"
#include "sensor/sensor.h"

/* Fills *out, which filter_done ends. Whatever the rules ask that the kernel cannot tell is taken
 * for true, so that nothing a rule could match is ever dropped. */
void watch_filter(const struct ruleset *set, struct filter *out);
