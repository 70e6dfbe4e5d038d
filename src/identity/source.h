/* SPDX-License-Identifier: Apache-2.0 */
/* source.h — where a process gets its identities: PEM files, or the SPIFFE Workload API.
 *
 * A source hands its owner a new identity_set whenever anything in it changed, on the thread of the
 * owner's event loop; it has no thread of its own. What it cannot use (half-written files, a key
 * that does not fit, an agent that is away) it reports in the log, and keeps the last good set. */
#pragma once

#include "identity/svid.h"

struct loop;
struct identity_source;

/* `set` is borrowed: take a reference to keep it. */
typedef void (*identity_changed_fn)(void *owner, struct identity_set *set);

/* One identity on disk. Either the three paths, or a directory laid out by cert-manager (tls.crt,
 * tls.key, ca.crt) or by spiffe-helper (svid.pem, svid_key.pem, svid_bundle.pem). The bundle is the
 * one of the certificate's trust domain. */
struct identity_files {
	const char *certificate, *key, *bundle;
	const char *directory;
};

/* Reads the files now, and tells `changed` before it returns: where no identity can be read at all
 * this fails and says why. Then watches them (inotify). The paths are copied. */
int identity_source_from_files(struct loop *loop, const struct identity_files *files, size_t count,
			       identity_changed_fn changed, void *owner,
			       struct identity_source **out, struct error *err);

/* Asks the Workload API at `endpoint` ("unix:///run/agent.sock" or "tcp://127.0.0.1:8081"; NULL:
 * the environment's SPIFFE_ENDPOINT_SOCKET), again and again with growing pauses where it is away.
 */
int identity_source_from_workload_api(struct loop *loop, const char *endpoint,
				      identity_changed_fn changed, void *owner,
				      struct identity_source **out, struct error *err);

void identity_source_free(struct identity_source *source);
DEFINE_AUTO(struct identity_source, identity_source_free)

/* The newest set, borrowed; NULL before the first. */
struct identity_set *identity_source_current(const struct identity_source *source);
/* What last went wrong, a sentence; "" where nothing did since the newest set. */
const char *identity_source_problem(const struct identity_source *source);
