/* SPDX-License-Identifier: Apache-2.0 */
/* revocations.h — every Revocation of a resource set, made quick to ask.
 *
 * Asked at each handshake and, when the files change, about each connection that is open. Never
 * changes once compiled: threads share it by reference. The time is the caller's, as a Revocation
 * may begin and end. */
#pragma once

#include "identity/credential.h"
#include "resource/resource.h"

struct revocations;

/* One item of `deny`. */
struct denial {
	const struct revocation *by;
	const struct revocation_denial *item;
	const struct denial *next; /* another one that names the same */
};

/* Takes a reference of the set. */
struct revocations *revocations_compile(struct resource_set *set);
struct revocations *revocations_ref(struct revocations *revocations);
void revocations_unref(struct revocations *revocations);
DEFINE_AUTO(struct revocations, revocations_unref)

/* The denial that this credential falls under, or NULL. `id` is its SPIFFE ID, absent where it has
 * none; revocations NULL: nothing is revoked. */
const struct denial *revocations_find(const struct revocations *revocations, struct text id,
				      const struct credential *credential, int64_t now_ns);
/* Is there a denial of this ID, of this authority's key? For those who are about to issue. */
const struct denial *revocations_find_id(const struct revocations *revocations, struct text id,
					 int64_t issued_ns, int64_t now_ns);
const struct denial *revocations_find_authority(const struct revocations *revocations,
						const struct key_hash *key, int64_t now_ns);

/* When a denial begins or ends next, after `now_ns`; INT64_MAX: never. */
int64_t revocations_next_change_ns(const struct revocations *revocations, int64_t now_ns);
size_t revocations_count(const struct revocations *revocations); /* of denials */

/* "revoked by Revocation stolen-laptop (mesh/revoked.yaml:4): the laptop was stolen" */
const char *denial_format(const struct denial *denial, char *out, size_t size);
/* Is it a name that is denied, not a certificate, key or authority? */
bool denial_is_of_id(const struct denial *denial);
/* The same as an error, -EACCES; 0 where there is no denial (NULL). */
int denial_refuse(const struct denial *denial, struct error *err);
