/* SPDX-License-Identifier: Apache-2.0 */
/* host_report.h — how the parts of the host's examination report; inside the room. */
#pragma once

#include "check/host.h"
#include "resource/resource.h"

struct host {
	struct check_run *run;
	const struct check_options *options_of_run;
	const struct host_options *options;
	struct arena arena; /* answers of the daemon */
	bool blind;         /* something could not be looked at */
};

void host_report(struct host *host, const char *id, const char *object, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void host_problem(struct host *host, const char *what, int code);

void host_check_audit(struct host *host);
void host_check_files(struct host *host);
bool host_check_daemon(struct host *host); /* false: there is no talking to it */
void host_check_containers(struct host *host);

/* GET over the daemon's socket: the JSON it answers, NULL (and a problem) where it does not. */
const struct value *host_ask(struct host *host, const char *path);
/* The same where the answer may well be "there is none". */
const struct value *host_ask_quietly(struct host *host, const char *path);

/* Of the daemon's answers; absent, or false, where the path leads nowhere. */
bool host_is_true(const struct value *mapping, const char *path);
struct text host_text(const struct value *mapping, const char *path);
bool host_list_contains(const struct value *list, const char *part); /* of any item's text */
