/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/plan_tls.h"

static int openssl_version(enum tls_version version)
{
	switch (version) {
	case TLS_VERSION_AUTO:
		return 0;
	case TLS_VERSION_1_3:
		return TLS1_3_VERSION;
	default:
		return TLS1_2_VERSION; /* older ones are not spoken at all */
	}
}

/* The TLS 1.3 suites of the list, or NULL where it names none of them. */
static const char *suites_of(struct plan_build *build, const struct text_list *list, bool tls13)
{
	AUTO_BUFFER struct buffer names = { 0 };

	for (size_t i = 0; i < list->count; i++)
		if (text_starts_with(list->items[i], TEXT("TLS_AES_"))
				    || text_starts_with(list->items[i], TEXT("TLS_CHACHA20_"))
			    ? tls13
			    : !tls13)
			buffer_printf(&names, "%s%.*s", names.len > 0 ? ":" : "",
				      TEXT_ARGS(list->items[i]));
	return names.len > 0 ? arena_strndup(&build->plan->arena, names.data, names.len) : NULL;
}

struct tls_limits plan_tls_limits(struct plan_build *build, enum tls_version min,
				  enum tls_version max, const struct text_list *suites)
{
	return (struct tls_limits){
		.min_version = openssl_version(min),
		.max_version = openssl_version(max),
		.ciphers = suites_of(build, suites, false),
		.cipher_suites = suites_of(build, suites, true),
	};
}
