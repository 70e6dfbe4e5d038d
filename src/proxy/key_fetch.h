/* SPDX-License-Identifier: Apache-2.0 */
/* key_fetch.h — fetches the key sets that RequestAuthentications name (jwksUri, or OpenID discovery
 * on the issuer), on a thread of its own.
 *
 * One fetch a source is in flight at a time. A good set is fetched again after `refresh_ns`, or
 * sooner where a token names a key it does not have (but not within a tenth of that time). When a
 * fetch fails, the last good set stays, for KEEP_REFRESHES times as long; it is tried again after a
 * second, two, four. An answer may have JWKS_SIZE_MAX bytes and the source's timeout; https is
 * verified, followed at most five times, and never followed to http. */
#pragma once

#include "proxy/key_set.h"

#define KEEP_REFRESHES 288 /* a day of the default */

struct key_fetch;

struct key_fetch_options {
	const char *ca_file; /* NULL: the system's roots */
	uint64_t refresh_ns;
	/* On the thread of the fetches: what there is has changed. The set is borrowed. */
	void (*changed)(void *owner, struct key_set *set);
	void *owner;
};

/* -ENOENT: libcurl is not installed. */
int key_fetch_new(const struct key_fetch_options *options, struct key_fetch **out,
		  struct error *err);
void key_fetch_stop(
	struct key_fetch *fetch); /* waits for its thread; then only key_fetch_wake and */
void key_fetch_free(struct key_fetch *fetch); /* this; both accept NULL */
/* All the sources that are wanted from now on; copied. */
void key_fetch_want(struct key_fetch *fetch, const struct key_source *const *sources, size_t count);
/* Any thread: some wants_refresh of a set it made was set. */
void key_fetch_wake(struct key_fetch *fetch);
