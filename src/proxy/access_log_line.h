/* SPDX-License-Identifier: Apache-2.0 */
/* access_log_line.h — a line of the access log: our own JSON, whose fields docs/commands/proxy.md
 * lists, or what MeshConfig's format asks for (log_format.h). */
#pragma once

#include "proxy/line.h"

#include <stddef.h>

struct downstream;
struct exchange;

#define ACCESS_LOG_LINE_MAX LINE_MAX_BYTES

/* Both write one line with its newline and return its length. */
size_t access_log_line(char out[ACCESS_LOG_LINE_MAX], const struct exchange *exchange);
size_t access_log_refusal_line(char out[ACCESS_LOG_LINE_MAX], const struct downstream *downstream,
			       const char *stage, const char *reason);
