/* SPDX-License-Identifier: Apache-2.0 */
/* access_log_line.h — the fields of an access-log line, in docs/CONFIGURATION.md's words. */
#pragma once

#include <stddef.h>

struct downstream;
struct exchange;

#define ACCESS_LOG_LINE_MAX 16384 /* longer texts are cut */

/* Both write one line with its newline and return its length. */
size_t access_log_line(char out[ACCESS_LOG_LINE_MAX], const struct exchange *exchange);
size_t access_log_refusal_line(char out[ACCESS_LOG_LINE_MAX], const struct downstream *downstream,
			       const char *reason);
