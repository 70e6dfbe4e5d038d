/* SPDX-License-Identifier: Apache-2.0 */
/* authorizer.h — an external authorizer (ext_authz) as one workload asks it: an entry of
 * MeshConfig's extensionProviders, compiled into a plan by plan_authorizer.c, asked by
 * filter_external.c in one of two languages.
 *
 *	check_http.c   the request's head, repeated; 200 allows
 *	check_grpc.c   envoy.service.auth.v3.Authorization/Check
 *
 * Semantics: facts, section 3 (ext_authz); envoy:source/extensions/filters/common/ext_authz. */
#pragma once

#include "proxy/filter.h"
#include "proxy/side_request.h"

#define CHECK_ANSWER_MAX                                                                           \
	(256 * 1024) /* bytes of an authorizer's answer; a longer one is an error */

struct authorizer {
	const char *name;
	bool is_broken; /* its settings make no sense: what it should have judged is denied */
	const struct ext_authz_http *http; /* one of these two */
	const struct ext_authz_grpc *grpc;
	struct weighted_cluster destination;
	struct text authority;             /* of gRPC */
	const struct ext_authz_body *body; /* NULL: it does not see the request's body */
	uint64_t timeout_ns;
	bool fail_open;
	unsigned status_on_error;
};

/* What an authorizer wants changed in a head. Texts are in the client's arena. */
struct check_edit {
	enum check_edit_kind {
		CHECK_SET = 0,
		CHECK_ADD,
		CHECK_APPEND, /* to the value that is there, if one is */
		CHECK_ADD_IF_ABSENT,
		CHECK_SET_IF_PRESENT,
		CHECK_REMOVE,
	} kind;
	struct text name; /* lower case */
	struct text value;
};

struct check_edits {
	struct check_edit *items;
	size_t count, capacity;
};

enum check_verdict {
	CHECK_FAILED = 0, /* no answer, or one that makes no sense */
	CHECK_DENIED,
	CHECK_ALLOWED,
};

struct check_answer {
	enum check_verdict verdict;
	unsigned status;             /* denied: for the client, */
	struct text body;            /* with this body */
	struct check_edits request;  /* allowed: what goes on */
	struct check_edits response; /* on what comes back; denied: fields of the answer */
	struct check_edits query;    /* allowed: parameters that are set or removed */
};

/* One question; lies in the client's arena. */
struct check {
	struct exchange *client; /* the request that is judged */
	const struct authorizer *authorizer;
	const struct rule_origin *by; /* the CUSTOM rule that wants it judged */
	struct side_request side;
	struct text body; /* the part of the client's body that is shown */
	bool is_partial;
};

/* Fill in the request of check->side and its body. */
void check_http_ask(struct check *check);
void check_grpc_ask(struct check *check);
/* Read check->side's answer; `answer` is zeroed. */
void check_http_read(const struct check *check, struct check_answer *answer);
void check_grpc_read(const struct check *check, struct check_answer *answer);

/* check_edits.c. An edit that could break a message (pseudo fields, fields about the connection,
 * bytes that no field may have) is left out. */
void check_edits_add(struct check_edits *edits, struct arena *arena, enum check_edit_kind kind,
		     struct text name, struct text value);
void check_query_add(struct check_edits *edits, struct arena *arena, enum check_edit_kind kind,
		     struct text name, struct text value);
void check_edits_apply(const struct check_edits *edits, struct http_head *head,
		       struct arena *arena);
/* Sets and removes parameters of the exchange's target. */
void check_query_apply(const struct check_edits *edits, struct exchange *exchange);
