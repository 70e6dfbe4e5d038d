/* SPDX-License-Identifier: Apache-2.0 */
/* exchange_flags.c — the names Envoy has for how a request went wrong. */
#include "proxy/exchange.h"

static const struct {
	enum exchange_flag flag;
	struct text name;
} names[] = {
	/* the gravest first: it stands for all in a metric's label */
	{ FLAG_DENIED, { "RBAC", 4 } },
	{ FLAG_BAD_REQUEST, { "DPE", 3 } },
	{ FLAG_TIMEOUT, { "UT", 2 } },
	{ FLAG_NO_ROUTE, { "NR", 2 } },
	{ FLAG_NO_CLUSTER, { "NC", 2 } },
	{ FLAG_NO_HEALTHY_UPSTREAM, { "UH", 2 } },
	{ FLAG_UPSTREAM_PROTOCOL, { "UPE", 3 } },
	{ FLAG_CONNECT_FAILED, { "UF", 2 } },
	{ FLAG_UPSTREAM_RESET, { "UC", 2 } },
	{ FLAG_CLIENT_GONE, { "DC", 2 } },
};

struct text exchange_flags_text(unsigned flags)
{
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (flags & names[i].flag)
			return names[i].name;
	return TEXT("-");
}
