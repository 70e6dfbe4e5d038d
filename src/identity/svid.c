/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/svid.h"

#include "identity/openssl.h"
#include "identity/verify.h"

#include <errno.h>

static int check_own(STACK_OF(X509) * chain, EVP_PKEY *key, struct peer_identity *identity,
		     struct error *err)
{
	if (sk_X509_num(chain) < 1)
		return error_set(err, -EINVAL, "the certificate chain is empty");

	X509 *leaf = sk_X509_value(chain, 0);
	const int result = identity_check_leaf(leaf, identity, err);

	if (result == 0 && X509_check_private_key(leaf, key) != 1)
		return openssl_error(err, -EINVAL, "the private key is not the certificate's");
	return result;
}

int svid_new(STACK_OF(X509) * chain, EVP_PKEY *key, struct svid **out, struct error *err)
{
	struct peer_identity identity;
	const int result = check_own(chain, key, &identity, err);

	if (result < 0) {
		x509_chain_free(chain);
		EVP_PKEY_free(key);
		return result;
	}

	*out = svid_of_authority(chain, key, identity.text);
	return 0;
}

struct svid *svid_of_authority(STACK_OF(X509) * chain, EVP_PKEY *key, const char *id)
{
	struct svid *svid = MEM_NEW(struct svid);

	atomic_init(&svid->references, 1);
	svid->id = mem_strdup(id);
	svid->chain = chain;
	svid->key = key;
	svid->not_before_ns = asn1_time_ns(X509_get0_notBefore(svid_leaf(svid)));
	svid->not_after_ns = asn1_time_ns(X509_get0_notAfter(svid_leaf(svid)));
	return svid;
}

struct svid *svid_ref(struct svid *svid)
{
	atomic_fetch_add_explicit(&svid->references, 1, memory_order_relaxed);
	return svid;
}

void svid_unref(struct svid *svid)
{
	if (svid == NULL
	    || atomic_fetch_sub_explicit(&svid->references, 1, memory_order_acq_rel) > 1)
		return;
	mem_free((char *)svid->id);
	x509_chain_free(svid->chain);
	EVP_PKEY_free(svid->key);
	mem_free(svid);
}

int64_t svid_renewal_time_ns(const struct svid *svid)
{
	const uint64_t life =
		(uint64_t)MAX_OF(svid->not_after_ns - svid->not_before_ns, INT64_C(0));
	const uint64_t jitter = life >= 10 ? random_below(life / 10) : 0;

	return svid->not_before_ns + (int64_t)(life / 2 - life / 20 + jitter);
}

struct identity_set *identity_set_new(uint64_t generation, struct svid *const *svids, size_t count,
				      struct bundles *bundles)
{
	struct identity_set *set = MEM_NEW(struct identity_set);

	atomic_init(&set->references, 1);
	set->generation = generation;
	set->svids = mem_alloc_array(count, sizeof(struct svid *));
	set->svid_count = count;
	for (size_t i = 0; i < count; i++)
		set->svids[i] = svid_ref(svids[i]);
	set->bundles = bundles_ref(bundles);
	return set;
}

struct identity_set *identity_set_ref(struct identity_set *set)
{
	atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
	return set;
}

void identity_set_unref(struct identity_set *set)
{
	if (set == NULL || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < set->svid_count; i++)
		svid_unref(set->svids[i]);
	mem_free(set->svids);
	bundles_unref(set->bundles);
	mem_free(set);
}

struct svid *identity_set_find(const struct identity_set *set, struct text spiffe_id)
{
	for (size_t i = 0; i < set->svid_count; i++)
		if (text_is(spiffe_id, set->svids[i]->id))
			return set->svids[i];
	return NULL;
}
