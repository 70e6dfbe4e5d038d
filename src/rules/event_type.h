/* SPDX-License-Identifier: Apache-2.0 */
/* event_type.h — the kinds of event a rule may name in evt.type: system calls and a few others.
 *
 * A number is good for one run of the program: recordings carry names. */
#pragma once

#include "base/base.h"

#define EVENT_TYPE_UNKNOWN 0 /* an event whose type no rule can name */

unsigned event_type_find(struct text name); /* EVENT_TYPE_UNKNOWN where there is none */
const char *event_type_name(unsigned type);
unsigned event_type_count(void); /* numbers run from 1 to count - 1 */
