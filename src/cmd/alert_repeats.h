/* SPDX-License-Identifier: Apache-2.0 */
/* alert_repeats.h — identical alerts are told once, and then counted.
 *
 * The first of a kind is told at once. Those that follow within the window are counted, and the
 * last of them is told when the window ends, with how many there were; if there were any, another
 * window begins. Bounded: beyond ALERT_KINDS_MAX kinds the oldest window ends early, so that no
 * alert is ever left out. One thread. Times are CLOCK_MONOTONIC. */
#pragma once

#include "cmd/alert_sink.h"

#define ALERT_KINDS_MAX 4096

struct alert_repeats;
typedef void alert_tell_fn(void *context, const struct alert *alert);

struct alert_repeats *alert_repeats_new(uint64_t window_ns, alert_tell_fn *tell, void *context);
void alert_repeats_free(struct alert_repeats *repeats); /* tells what is left; NULL is fine */

/* What makes two alerts the same. 0: the first of its kind, to be told; else how often it was
 * repeated in this window, now with this one: to be kept instead. */
uint64_t alert_repeats_see(struct alert_repeats *repeats, struct text rule, struct text message,
			   uint64_t now_ns);
/* The one just seen, as it is told if it stays the last. */
void alert_repeats_keep(struct alert_repeats *repeats, const struct alert *alert);
void alert_repeats_tell(struct alert_repeats *repeats, uint64_t now_ns); /* windows that are over */
