/* SPDX-License-Identifier: Apache-2.0 */
/* alert_sink.h — a kind of receiver of alerts: standard output, file, syslog, unix socket, webhook.
 *
 * A sink is opened by the thread that starts the program, while it may still open what it will not
 * be allowed to later; then it belongs to the thread of its output (alert_output.h) alone. It may
 * wait for its receiver as long as it likes, by alert_output_wait: nobody else does. */
#pragma once

#include "rules/rules.h"

struct alert {
	enum rule_priority priority;
	struct text line; /* text or JSON, no newline */
};

struct alert_output;

struct sink {
	const struct sink_ops *ops;
	const char *target; /* borrowed; what stands behind '=': a path, a URL */
	struct alert_output *output;
	bool json;
	int fd;      /* -1: not connected */
	void *state; /* of its kind */
};

struct sink_ops {
	const char *kind;
	const char *target; /* what has to stand behind '='; NULL: nothing may */
	const char *usual;  /* the target where none is named; NULL: one has to be */
	int (*open)(struct sink *sink, struct error *err); /* NULL: nothing to do before */
	/* 0; -EAGAIN: the receiver does not take it now, try again; another: it never will. */
	int (*write)(struct sink *sink, const struct alert *alert, struct error *err);
	void (*close)(struct sink *sink);
};

extern const struct sink_ops stdout_sink, file_sink, syslog_sink, unix_sink, http_sink;

void sink_close_fd(struct sink *sink);
