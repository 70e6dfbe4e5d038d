/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/identity_parts.h"

struct text identity_principal(struct text spiffe_id)
{
	const struct text scheme = TEXT("spiffe://");

	return text_starts_with(spiffe_id, scheme) ? text_from(spiffe_id, scheme.len)
						   : (struct text){ 0 };
}

struct text identity_trust_domain(struct text spiffe_id)
{
	struct text rest = identity_principal(spiffe_id);

	return rest.ptr == NULL ? rest : text_split(&rest, '/');
}

/* Part `index` of a principal that is exactly "TD/ns/N/sa/S". */
static struct text identity_part(struct text spiffe_id, size_t index)
{
	struct text parts[5], rest = identity_principal(spiffe_id);
	size_t count = 0;

	while (rest.ptr != NULL && count < COUNT_OF(parts))
		parts[count++] = text_split(&rest, '/');
	if (count < COUNT_OF(parts) || rest.ptr != NULL || !text_is(parts[1], "ns")
	    || !text_is(parts[3], "sa"))
		return (struct text){ 0 };
	return parts[index];
}

struct text identity_namespace(struct text spiffe_id)
{
	return identity_part(spiffe_id, 2);
}

struct text identity_service_account(struct text spiffe_id)
{
	return identity_part(spiffe_id, 4);
}
