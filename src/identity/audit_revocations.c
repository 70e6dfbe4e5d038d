/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/audit_revocations.h"

static bool same_denial(const struct revocation_denial *a, const struct revocation_denial *b)
{
	return text_equal(a->serial, b->serial) && text_equal(a->key, b->key)
	       && text_equal(a->authority, b->authority) && text_equal(a->spiffe_id, b->spiffe_id)
	       && a->issued_before_ns == b->issued_before_ns;
}

static bool same_revocation(const struct revocation *a, const struct revocation *b)
{
	bool same = a->since_ns == b->since_ns && a->until_ns == b->until_ns
		    && text_equal(a->reason, b->reason) && a->denials.count == b->denials.count;

	for (size_t i = 0; same && i < a->denials.count; i++)
		same = same_denial(&a->denials.items[i], &b->denials.items[i]);
	return same;
}

static bool has_same(const struct resource_set *set, const struct revocation *revocation)
{
	const struct resource *found =
		set != NULL ? resource_find(set, KIND_REVOCATION, TEXT(""), revocation->meta.name)
			    : NULL;

	return found != NULL && same_revocation(revocation_of(found), revocation);
}

static const char *time_text(int64_t time_ns, char out[CLOCK_TEXT_MAX])
{
	if (time_ns == 0)
		return NULL;
	clock_format_utc(out, time_ns);
	return out;
}

/* Texts of resources are followed by a NUL; an absent one is NULL and is left out. */
static int record(struct audit *audit, const char *event, const struct revocation *revocation,
		  const struct revocation_denial *denial, struct error *err)
{
	char since[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX], issued[CLOCK_TEXT_MAX];

	return AUDIT_WRITE(audit, event, err, { "revocation", revocation->meta.name.ptr },
			   { "reason", revocation->reason.ptr }, { "serial", denial->serial.ptr },
			   { "key", denial->key.ptr }, { "id", denial->spiffe_id.ptr },
			   { "authority", denial->authority.ptr },
			   { "issued_before", time_text(denial->issued_before_ns, issued) },
			   { "since", time_text(revocation->since_ns, since) },
			   { "until", time_text(revocation->until_ns, until) });
}

/* Those of `set` that `other` does not have as they are. */
static int record_missing(struct audit *audit, const char *event, const struct resource_set *set,
			  const struct resource_set *other, struct error *err)
{
	const struct resource_list list = resource_set_list(set, KIND_REVOCATION);
	int result = 0;

	for (size_t i = 0; i < list.count; i++) {
		const struct revocation *each = revocation_of(list.items[i]);

		for (size_t k = 0; result == 0 && !has_same(other, each) && k < each->denials.count;
		     k++)
			result = record(audit, event, each, &each->denials.items[k], err);
	}
	return result;
}

int audit_revocations(struct audit *audit, const struct resource_set *before,
		      const struct resource_set *after, struct error *err)
{
	int result = record_missing(audit, "revoke", after, before, err);

	if (result == 0 && before != NULL)
		result = record_missing(audit, "revoke-end", before, after, err);
	return result == 0 ? audit_sync(audit, err) : result;
}
