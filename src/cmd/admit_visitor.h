/* SPDX-License-Identifier: Apache-2.0 */
/* admit_visitor.h — one connection to the webhook: requests in, answers out, again and again.
 *
 * Owned by the server's list; freed at the end of the loop round in which it leaves. */
#pragma once

#include "cmd/admit_server.h"

struct admit_server {
	const struct admit_settings *settings;
	struct admission *admission;
	struct admit_metrics metrics;
	struct loop *loop;
	struct slab_pool slabs;
	struct list visitors; /* who was last served comes last */
	size_t visitor_count;
};

struct admit_visitor;

/* Takes the descriptor. context NULL: plain text, pages alone. */
void admit_visitor_welcome(struct admit_server *server, int fd, struct tls_context *context);
void admit_visitors_leave(struct admit_server *server); /* all of them, at once */

/* An HTTP answer to be written: filled by the pages of admit_pages.c. */
struct admit_answer {
	unsigned status;
	const char *content_type;
	struct buffer body;
};

/* What is asked for; is_secure: over TLS. */
void admit_respond(struct admit_server *server, struct text method, struct text path,
		   struct text body, bool is_secure, struct admit_answer *answer);
