/* SPDX-License-Identifier: Apache-2.0 */
/* id.h — what the verbs of `mangrove id` share: their arguments, and small helpers. A verb is a
 * short file id_VERB.c; id.c has the table of them. */
#pragma once

#include "cmd/command.h"

#include "identity/identity.h"

#include <jansson.h>

struct id_arguments {
	const char *state, *socket;
	const char *bundle, *trust_domain, *format;
	const char *out;                           /* a folder to write to */
	const char *name, *reason, *since, *until; /* of a Revocation */
	const char *serial, *key, *authority;      /* what it denies */
	const char *service;                       /* verify: the service that is asked */
	const char *expected;                      /* audit: a hash that must be there */
	const char *const *resources;              /* verify: files and folders; ends with NULL */
	uint64_t pid;
	enum tls_role role;
	bool json, verify, authorities;
	const char *subject; /* FILE, ID or CERT */
};

int id_list(const struct id_arguments *arguments);
int id_show(const struct id_arguments *arguments);
int id_bundle(const struct id_arguments *arguments);
int id_verify(const struct id_arguments *arguments);
int id_issue(const struct id_arguments *arguments);
int id_rotate(const struct id_arguments *arguments);
int id_revoke(const struct id_arguments *arguments);
int id_csr(const struct id_arguments *arguments);
int id_import(const struct id_arguments *arguments);
int id_audit(const struct id_arguments *arguments);
int id_explain(const struct id_arguments *arguments);

/* ---- helpers (id_common.c) ---- */

int id_fail(const struct error *err); /* says it; the exit status */
/* --state, or the default; the caller's. */
char *id_state(const struct id_arguments *arguments);
/* The Workload API to ask: --socket, --state, SPIFFE_ENDPOINT_SOCKET, the default; the caller's. */
char *id_endpoint(const struct id_arguments *arguments);
/* The identities of this process, by the Workload API. */
int id_fetch(const struct id_arguments *arguments, struct identity_set **out, struct error *err);
/* A question to the authority; the answer is an object, the caller's to json_decref. */
int id_ask(const struct id_arguments *arguments, const char *method, struct text request,
	   json_t **answer, struct error *err);
const char *id_member(const json_t *object, const char *name); /* "" where absent */
void id_write_facts(struct json_writer *json, const struct certificate_facts *facts);
void id_print_json_chain(STACK_OF(X509) * chain);
void id_free_chain(STACK_OF(X509) * *slot);
#define AUTO_CHAIN __attribute__((cleanup(id_free_chain)))
void id_free_answer(json_t **slot);
#define AUTO_ANSWER __attribute__((cleanup(id_free_answer)))
