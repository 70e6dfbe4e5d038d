/* SPDX-License-Identifier: Apache-2.0 */
/* curl.h — libcurl, the client of everything that is no request of the mesh: key sets, tokens,
 * traces, webhooks.
 *
 * It is loaded when it is first needed. Linked in, it and what it stands on (LDAP, Kerberos, SSH)
 * would nearly double the memory of a proxy that fetches nothing, and the time it takes to start.
 * The members are libcurl's functions without their prefix: curl->easy_init(). */
#pragma once

#include "base/base.h"

#include <curl/curl.h>

/* With the type checks of its header off: they stand in macros that call the function by name. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#define CURL_FUNCTIONS(F)                                                                          \
	F(easy_init)                                                                               \
	F(easy_setopt)                                                                             \
	F(easy_perform)                                                                            \
	F(easy_getinfo)                                                                            \
	F(easy_strerror)                                                                           \
	F(easy_reset)                                                                              \
	F(easy_cleanup)                                                                            \
	F(global_init)                                                                             \
	F(slist_append)                                                                            \
	F(slist_free_all)                                                                          \
	F(multi_init)                                                                              \
	F(multi_setopt)                                                                            \
	F(multi_add_handle)                                                                        \
	F(multi_remove_handle)                                                                     \
	F(multi_perform)                                                                           \
	F(multi_poll)                                                                              \
	F(multi_wakeup)                                                                            \
	F(multi_info_read)                                                                         \
	F(multi_cleanup)

struct curl_library {
#define CURL_MEMBER(name) typeof(curl_##name) *name;
	CURL_FUNCTIONS(CURL_MEMBER)
#undef CURL_MEMBER
};

/* Any thread; the same for all, for the life of the process. NULL with -ENOENT in err where the
 * library is not installed. */
const struct curl_library *curl_library(struct error *err);
