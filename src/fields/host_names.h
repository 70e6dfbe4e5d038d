/* SPDX-License-Identifier: Apache-2.0 */
/* host_names.h — which of the hosts that rules name has an address: fd.sip.name and its like.
 *
 * Not the address is looked up but the names that rules compare with, again and again, on a thread
 * of its own: an event never waits, and before a name is resolved it matches nothing. One that
 * cannot be resolved any more keeps what it had. */
#pragma once

#include "base/base.h"

struct host_names;

/* The hosts are copied. NULL where there are none. */
struct host_names *host_names_new(const struct text *hosts, size_t count);
void host_names_free(struct host_names *names); /* waits for no answer */

#define HOST_NAMES_MAX 8 /* that one address is told to have */

/* Fills out with views that stay as long as the names; returns how many. */
size_t host_names_of(struct host_names *names, struct ip_address address,
		     struct text out[HOST_NAMES_MAX]);
