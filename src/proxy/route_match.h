/* SPDX-License-Identifier: Apache-2.0 */
/* route_match.h — the conditions of a VirtualService's match block. A new kind of match is added
 * here: a member of struct route_match, a line in route_match_holds, and its compilation in
 * plan_match.c. */
#pragma once

#include "proxy/route.h"

bool text_match_holds(const struct text_match *match, struct text text);
bool route_match_holds(const struct route_match *match, const struct route_subject *subject);

/* Would every request hold? (prefix "/" or regex ".*" on the path and nothing else, or no
 * condition) */
bool route_match_is_catch_all(const struct route_match *match);

/* The first query parameter of that name; "?key" has an empty value. Absent: ptr NULL. */
struct text route_query_value(struct text query, struct text name);
