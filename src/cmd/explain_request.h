/* SPDX-License-Identifier: Apache-2.0 */
/* explain_request.h — one request to explain, from flags or from a line of JSON. */
#pragma once

#include "cmd/explain_world.h"

#define EXPLAIN_HEADERS_MAX 128

struct explain_header {
	struct text name, value; /* name in lower case */
};

struct explain_request {
	struct arena *arena; /* where what is built lies; borrowed */
	struct text id;      /* absent: none */
	bool id_is_number;
	struct text namespace, workload;
	struct evaluation_input input;
	struct explain_header headers[EXPLAIN_HEADERS_MAX];
	size_t header_count;
};

void explain_request_init(struct explain_request *request, struct arena *arena);

/* Each says what is wrong, or NULL. */
const char *explain_set_principal(struct explain_request *request, struct text principal);
const char *explain_set_target(struct explain_request *request, struct text target);
const char *explain_set_ip(struct ip_address *ip, struct text text);
const char *explain_set_time(struct explain_request *request, struct text text);
const char *explain_set_port(struct explain_request *request, struct text text);
const char *explain_set_path(struct explain_request *request, struct text text);
const char *explain_add_header(struct explain_request *request, struct text name,
			       struct text value);

/* Fills in what follows from the rest: the path as it is matched, the workload's port, defaults.
 * -EINVAL: the path cannot be normalised, the proxy would answer 400. */
int explain_request_finish(struct explain_request *request, const struct explain_world *world,
			   const struct explain_workload *workload);

/* A line of the batch contract (docs/commands/explain.md), or of the proxy's access log. 0,
 * -EINVAL, or -ENOMSG for a log's line about which no policy decided. */
int explain_request_parse(struct explain_request *request, struct text line, struct error *err);
