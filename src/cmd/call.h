/* SPDX-License-Identifier: Apache-2.0 */
/* call.h — one request to a service of the mesh, for programs and people without a sidecar.
 *
 *	call.c         the options, and the walk through the rest
 *	call_expect.c  whom the server must prove to be
 *	call_tls.c     mutual TLS: our SVID shown, the server's judged
 *	call_http.c    the request and its answer, by libcurl
 *	call_log.c     one line of JSON about it
 *
 * Whom the server must be is always said or derived, never left open; and an answer counts only
 * after call_verify saw that identity in this connection. */
#pragma once

#include "identity/identity.h"
#include "net/net.h"

#define CALL_EXPECTED_MAX   16
#define CALL_REQUEST_ID_MAX 128

struct call_options {
	const char *url;
	const char *method; /* NULL: GET, or POST where there is a body */
	const char *expected[CALL_EXPECTED_MAX];
	size_t expected_count;
	const char *workload_api, *state;
	const char *as; /* NULL: the default identity */
	bool wants_token;
	const char *audience;                 /* NULL: the expected server's SPIFFE ID */
	const char *output;                   /* NULL: standard output */
	long max_time_ms, connect_timeout_ms; /* 0: no limit of our own */
	bool shows_head, is_silent, fails_on_error;
	/* libcurl's lists; owned */
	struct curl_slist *headers, *connect_to, *resolve;
	struct buffer body;
	bool has_body;
};

struct call {
	const struct call_options *options;
	const struct curl_library *curl;
	char request_id[CALL_REQUEST_ID_MAX + 1];
	/* whom the server may be: options->expected, or the one that its host name stands for */
	char derived[SPIFFE_ID_MAX + 1];
	const char *const *expected;
	const char *only_derived[1];
	size_t expected_count;
	struct identity_set *identities; /* owned */
	struct svid *svid;               /* borrowed from the set */
	struct buffer token;             /* for Authorization; empty: none */
	struct peer_identity peer;       /* VERIFY_TRUSTED once the server proved itself */
	struct error peer_problem;       /* why it did not */
	long status;                     /* of the answer; 0: none came */
	uint64_t took_ns;
};

/* The part of a URL between "https://" and its path; false where it is none of ours to ask. */
bool call_authority(const char *url, struct text *out);

int call_expect(struct call *call, struct error *err);
/* An SSL_CTX callback's body: this connection shows our SVID and asks call_verify. */
int call_prepare_tls(struct call *call, SSL_CTX *context, struct error *err);
/* 0 where an answer came, whatever its status. */
int call_perform(struct call *call, struct error *err);
void call_log(const struct call *call, const struct error *err); /* err NULL: it went well */
