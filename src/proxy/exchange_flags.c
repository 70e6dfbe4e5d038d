/* SPDX-License-Identifier: Apache-2.0 */
/* exchange_flags.c — the names Envoy has for how a request went wrong. */
#include "proxy/exchange.h"

static const struct {
	enum exchange_flag flag;
	struct text name;
} names[] = {
	{ FLAG_DENIED, { "RBAC", 4 } },
	{ FLAG_EXTERNALLY_DENIED, { "UAEX", 4 } },
	{ FLAG_BAD_REQUEST, { "DPE", 3 } },
	{ FLAG_TIMEOUT, { "UT", 2 } },
	{ FLAG_NO_ROUTE, { "NR", 2 } },
	{ FLAG_NO_CLUSTER, { "NC", 2 } },
	{ FLAG_NO_HEALTHY_UPSTREAM, { "UH", 2 } },
	{ FLAG_OVERFLOW, { "UO", 2 } },
	{ FLAG_UPSTREAM_PROTOCOL, { "UPE", 3 } },
	{ FLAG_CONNECT_FAILED, { "UF", 2 } },
	{ FLAG_UPSTREAM_RESET, { "UC", 2 } },
	{ FLAG_DELAYED, { "DI", 2 } },
	{ FLAG_ABORTED, { "FI", 2 } },
	{ FLAG_RETRY_LIMIT, { "URX", 3 } },
	{ FLAG_DURATION, { "DT", 2 } },
	{ FLAG_IDLE, { "SI", 2 } },
	{ FLAG_CLIENT_GONE, { "DC", 2 } },
};

size_t exchange_flags_text(unsigned flags, char out[EXCHANGE_FLAGS_MAX])
{
	char *next = out;

	for (size_t i = 0; i < COUNT_OF(names) && flags != 0; i++) {
		if ((flags & names[i].flag) == 0)
			continue;
		if (next != out)
			*next++ = ',';
		next = mempcpy(next, names[i].name.ptr, names[i].name.len);
	}
	if (next == out)
		*next++ = '-';
	return (size_t)(next - out);
}
