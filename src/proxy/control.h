/* SPDX-License-Identifier: Apache-2.0 */
/* control.h — the control thread: what changed, what follows, and who is told.
 *
 * It alone opens listening sockets and makes plans; workers get both by posted tasks. A plan that
 * cannot be made, or a socket that cannot be opened, leaves everything as it is. */
#pragma once

#include "identity/identity.h"
#include "proxy/plan.h"
#include "proxy/proxy.h"
#include "proxy/worker.h"
#include "resource/resource.h"

struct admin;

struct control {
	const struct proxy_options *options;
	struct loop *loop;
	struct source_directory *source;
	struct resource_set *resources; /* the newest good ones */
	struct identity_source *identities;
	struct identity_set *identity_set; /* the newest; NULL before the first */
	struct watch resources_changed, signals;
	struct timer drain_limit, retry;
	struct plan *plan; /* the one in force; NULL before the first */
	struct worker **workers;
	size_t worker_count, drained_workers;
	struct access_log *log;
	struct admin *admin;
	uint64_t plans_applied, plans_refused;
	bool is_stopping;
	int code; /* why it ended */
	struct error *err;
};

/* control_plan.c: makes a plan of the newest resources and identities and puts it in force. */
int control_replan(struct control *control, struct error *err);
/* Where the access log goes: the option's word, else MeshConfig's, else standard output ("-").
 * NULL: there is none. */
const char *control_access_log(const struct control *control);
/* control_revoke.c: workers cut off whom the newest resources revoke. */
void control_revoke(const struct control *control);
bool control_is_ready(const struct control *control);

/* control_gather.c: a copy of all workers' metrics, added up; `done` gets it on the control thread.
 */
typedef void (*metrics_gathered_fn)(void *owner, const struct metrics *metrics);
void control_gather_metrics(struct control *control, metrics_gathered_fn done, void *owner);

/* admin.c */
int admin_listen(struct control *control, const struct address *address, struct admin **out,
		 struct error *err);
void admin_free(struct admin *admin); /* NULL is fine */
