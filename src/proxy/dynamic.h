/* SPDX-License-Identifier: Apache-2.0 */
/* dynamic.h — destinations that are known by the request alone: the host it names.
 *
 * The address is always one that DNS gives for the host (or the host itself, where it is an
 * address), so what is connected to is what the request was judged by. Where the destination is
 * spoken to over TLS the host is also the name that its certificate must have. */
#pragma once

#include "proxy/worker.h"

struct exchange;

/* Of one worker's held plan. */
struct dynamic_upstream;

/* exchange->destination->cluster is dynamic: the attempt goes there, now or when its name is
 * known. */
void dynamic_attempt(struct exchange *exchange);
void dynamic_free_all(struct held_plan *held);
