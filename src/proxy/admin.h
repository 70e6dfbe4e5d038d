/* SPDX-License-Identifier: Apache-2.0 */
/* admin.h — the admin port: what the proxy does and how it is, for probes, dashboards and people.
 *
 * On the control thread, one request a connection; POST for what changes something (the log level)
 * and not from a web page (a request with Origin is refused). It shows no secrets, but it is not
 * for the network either: it listens where it is told, loopback by default. */
#pragma once

#include "proxy/control.h"

struct admin_page {
	const char *path;
	const char *content_type;
	const char *says; /* for the index */
	/* Writes the body and returns the status. */
	unsigned (*write)(const struct control *control, struct buffer *out);
	/* POST; query without '?'. NULL: the page can only be read. */
	unsigned (*change)(struct text query, struct buffer *out);
};

extern const struct admin_page admin_pages[]; /* path NULL ends it; admin_pages.c */

unsigned admin_write_clusters(const struct control *control, struct buffer *out);
