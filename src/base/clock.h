/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h — time: monotonic for measuring, wall for people and certificates; durations as text. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_US  UINT64_C(1000)
#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_SEC UINT64_C(1000000000)

uint64_t clock_monotonic_ns(void); /* never goes back; since boot */
int64_t clock_wall_ns(void);       /* since 1970-01-01T00:00:00Z */

#define CLOCK_TEXT_MAX 32
/* "2026-11-21T09:30:00.123456Z" (RFC 3339, UTC, microseconds). Returns the length; a NUL follows.
 */
size_t clock_format_utc(char out[CLOCK_TEXT_MAX], int64_t wall_ns);
/* RFC 3339 with any offset. */
bool clock_parse_utc(struct text text, int64_t *wall_ns);

/* A Go duration as Istio and Kubernetes write it: "1h30m", "250ms", "1.5s". Never negative. */
bool duration_parse(struct text text, uint64_t *ns);
/* The same form, for people: "1h30m0s" becomes "1h30m". Returns out. */
#define DURATION_TEXT_MAX 32
const char *duration_format(char out[DURATION_TEXT_MAX], uint64_t ns);
