/* SPDX-License-Identifier: Apache-2.0 */
/* http_names.h — field names that the proxy knows by number, so that looking one up costs nothing.
 */
#pragma once

#include "base/base.h"

enum http_name {
	HTTP_OTHER = 0, /* any name that is not well-known */
#define HTTP_NAME_ROW(slot, id, name) id,
#include "net/http_names_rows.h"
#undef HTTP_NAME_ROW
	HTTP_NAME_COUNT
};

enum http_name http_name_of(struct text lower_case);
struct text http_name_text(enum http_name name); /* absent for HTTP_OTHER */
unsigned http_name_slot(struct text name);       /* where the table wants it, for the test */
