/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/trust_domain.h"

static bool holds(const struct text *items, size_t count, struct text item)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal(items[i], item))
			return true;
	return false;
}

/* "TD/ns/N/sa/S" has five parts; anything else names no trust domain. */
static bool names_trust_domain(struct text principal)
{
	size_t slashes = 0;

	for (size_t i = 0; i < principal.len; i++)
		slashes += principal.ptr[i] == '/';
	return slashes == 4 && !text_starts_with(principal, TEXT("*/"));
}

/* Whether a written trust domain ("*-td" too) covers a real one. */
static bool covers(struct text written, struct text trust_domain)
{
	return text_equal(written, trust_domain)
	       || (text_starts_with(written, TEXT("*"))
		   && text_ends_with(trust_domain, text_from(written, 1)));
}

static bool covers_any(const struct trust_domains *trust_domains, struct text written)
{
	for (size_t i = 0; i < trust_domains->count; i++)
		if (covers(written, trust_domains->items[i]))
			return true;
	return false;
}

size_t trust_domain_expand_principal(struct arena *arena, const struct trust_domains *trust_domains,
				     struct text principal, struct text *out)
{
	struct text rest = principal, written = text_split(&rest, '/');
	size_t count = 0;

	if (!names_trust_domain(principal)
	    || (!covers_any(trust_domains, written) && !text_is(written, "cluster.local"))) {
		out[0] = principal;
		return 1;
	}
	for (size_t i = 0; i < trust_domains->count; i++) {
		struct text own = trust_domains->items[i];
		bool is_pattern = text_starts_with(written, TEXT("*"));
		struct text expanded = principal;

		if (!is_pattern || !covers(written, own))
			expanded = text_of(
				arena_printf(arena, "%.*s/%.*s", TEXT_ARGS(own), TEXT_ARGS(rest)));
		if (!holds(out, count, expanded))
			out[count++] = expanded;
	}
	return count;
}

size_t trust_domain_expand(const struct trust_domains *trust_domains, struct text trust_domain,
			   struct text *out)
{
	if (!holds(trust_domains->items, trust_domains->count, trust_domain)) {
		out[0] = trust_domain;
		return 1;
	}
	memcpy(out, trust_domains->items, trust_domains->count * sizeof(*out));
	return trust_domains->count;
}
