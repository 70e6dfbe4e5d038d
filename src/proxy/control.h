/* SPDX-License-Identifier: Apache-2.0 */
/* control.h — the control thread: what changed, what follows, and who is told.
 *
 * It alone opens listening sockets and makes plans; workers get both by posted tasks. A plan that
 * cannot be made, or a socket that cannot be opened, leaves everything as it is. */
#pragma once

#include "identity/identity.h"
#include "proxy/capture.h"
#include "proxy/handover.h"
#include "proxy/key_fetch.h"
#include "proxy/listening.h"
#include "proxy/names.h"
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
	struct resolver *resolver; /* of host names */
	struct name_service names; /* the same, for the workers */
	struct timer files;        /* control_files.c */
	struct plan *plan;         /* the one in force; NULL before the first */
	struct worker **workers;
	size_t worker_count, drained_workers;
	struct access_log *log;
	struct trace_export *traces;
	struct admin *admin;
	struct captured_workload *captured; /* [options->capture_count] */
	struct listening listening;         /* of the plan in force */
	struct inheritance inheritance;
	struct key_fetch *keys;    /* NULL: nothing has to be fetched */
	struct handover *handover; /* NULL: nothing is offered (yet) */
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
/* control_keys.c: the keys that the plan in force needs are fetched from now on. */
void control_want_keys(struct control *control);
bool control_is_ready(const struct control *control);
/* The first time: the proxy that was taken over may go, and this one can be taken over. */
void control_now_ready(struct control *control);
/* Another proxy accepts from now on: what is idle may still ask once more. */
void control_stop_politely(struct control *control);

/* control.c: something a plan is made from is new. */
void control_changed(struct control *control);
/* control_files.c */
void control_watch_files(struct control *control);

/* control_gather.c: a copy of all workers' metrics, added up; `done` gets it on the control thread.
 */
typedef void (*metrics_gathered_fn)(void *owner, const struct metrics *metrics);
void control_gather_metrics(struct control *control, metrics_gathered_fn done, void *owner);

/* admin.c; a socket that was inherited under ADMIN_KEY is used. */
int admin_listen(struct control *control, const struct address *address, struct admin **out,
		 struct error *err);
#define ADMIN_KEY "admin"
int admin_socket(const struct admin *admin);
void admin_free(struct admin *admin); /* NULL is fine */
