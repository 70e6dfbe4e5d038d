/* SPDX-License-Identifier: Apache-2.0 */
/* text_page.h — one page of text on a port, for Prometheus: GET /metrics.
 *
 * A thread of its own answers one visitor after the other, each within two seconds, with the text
 * last set: whoever sets it never waits for a visitor. */
#pragma once

#include "base/base.h"

struct text_page;

/* Listens at "127.0.0.1:9300", "[::1]:9300" or "unix:///run/metrics.sock". */
int text_page_listen(const char *address, struct text_page **out, struct error *err);
int text_page_start(struct text_page *page, struct error *err); /* its thread */
void text_page_set(struct text_page *page, struct text text);
void text_page_close(struct text_page *page); /* NULL is fine */
