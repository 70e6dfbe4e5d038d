/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/bundle.h"

#include "identity/openssl.h"

#include <errno.h>
#include <stdio.h>

struct bundles *bundles_new(void)
{
	struct bundles *bundles = MEM_NEW(struct bundles);

	atomic_init(&bundles->references, 1);
	return bundles;
}

struct bundles *bundles_ref(struct bundles *bundles)
{
	atomic_fetch_add_explicit(&bundles->references, 1, memory_order_relaxed);
	return bundles;
}

static void free_bundle(struct bundle *bundle)
{
	mem_free((char *)bundle->trust_domain);
	x509_chain_free(bundle->authorities);
	for (size_t i = 0; i < bundle->jwt_authority_count; i++)
		EVP_PKEY_free(bundle->jwt_authorities[i].key);
	mem_free(bundle->jwt_authorities);
	for (size_t i = 0; i < bundle->crl_count; i++)
		buffer_done(&bundle->crls[i]);
	mem_free(bundle->crls);
	mem_free(bundle);
}

void bundles_unref(struct bundles *bundles)
{
	if (bundles == NULL
	    || atomic_fetch_sub_explicit(&bundles->references, 1, memory_order_acq_rel) > 1)
		return;
	map_done(&bundles->by_trust_domain);
	for (size_t i = 0; i < bundles->count; i++)
		free_bundle(bundles->items[i]);
	mem_free(bundles->items);
	mem_free(bundles);
}

const struct bundle *bundles_find(const struct bundles *bundles, struct text trust_domain)
{
	return map_get(&bundles->by_trust_domain, trust_domain);
}

struct bundle *bundles_add_trust_domain(struct bundles *bundles, struct text trust_domain)
{
	struct bundle *bundle = map_get(&bundles->by_trust_domain, trust_domain);

	if (bundle != NULL)
		return bundle;
	bundle = MEM_NEW(struct bundle);
	bundle->trust_domain = mem_strndup(trust_domain.ptr, trust_domain.len);
	bundle->authorities = sk_X509_new_null();
	bundles->items =
		mem_realloc_array(bundles->items, bundles->count + 1, sizeof(struct bundle *));
	bundles->items[bundles->count++] = bundle;
	map_put(&bundles->by_trust_domain, text_of(bundle->trust_domain), bundle);
	return bundle;
}

static bool holds(const struct bundle *bundle, const X509 *authority)
{
	for (int i = 0; i < sk_X509_num(bundle->authorities); i++)
		if (X509_cmp(sk_X509_value(bundle->authorities, i), authority) == 0)
			return true;
	return false;
}

int bundles_add(struct bundles *bundles, struct text trust_domain, X509 *authority,
		struct error *err)
{
	char subject[256];

	/* 1: basic constraints say so; the other answers stand for the leniences of the past.
	 * Asking also makes OpenSSL decode the extensions now, before threads share them. */
	if (X509_check_ca(authority) != 1)
		return error_set(err, -EINVAL, "the certificate '%s' is no certificate authority",
				 X509_NAME_oneline(X509_get_subject_name(authority), subject,
						   sizeof(subject)));

	struct bundle *bundle = bundles_add_trust_domain(bundles, trust_domain);

	if (holds(bundle, authority))
		return 0;
	X509_up_ref(authority);
	sk_X509_push(bundle->authorities, authority);
	return 0;
}

void bundles_add_jwt_authority(struct bundles *bundles, struct text trust_domain,
			       struct text key_id, EVP_PKEY *key)
{
	struct bundle *bundle = bundles_add_trust_domain(bundles, trust_domain);
	struct jwt_authority *authority;

	bundle->jwt_authorities =
		mem_realloc_array(bundle->jwt_authorities, bundle->jwt_authority_count + 1,
				  sizeof(struct jwt_authority));
	authority = &bundle->jwt_authorities[bundle->jwt_authority_count++];
	snprintf(authority->key_id, sizeof(authority->key_id), "%.*s", TEXT_ARGS(key_id));
	EVP_PKEY_up_ref(key);
	authority->key = key;
}

void bundles_add_crl(struct bundles *bundles, struct text trust_domain, struct text der)
{
	struct bundle *bundle = bundles_add_trust_domain(bundles, trust_domain);
	struct buffer copy = { 0 };

	buffer_add(&copy, der.ptr, der.len);
	bundle->crls =
		mem_realloc_array(bundle->crls, bundle->crl_count + 1, sizeof(struct buffer));
	bundle->crls[bundle->crl_count++] = copy;
}

static bool equal_crls(const struct bundle *a, const struct bundle *b)
{
	if (a->crl_count != b->crl_count)
		return false;
	for (size_t i = 0; i < a->crl_count; i++)
		if (!text_equal(buffer_text(&a->crls[i]), buffer_text(&b->crls[i])))
			return false;
	return true;
}

bool bundle_equal(const struct bundle *a, const struct bundle *b)
{
	if (sk_X509_num(a->authorities) != sk_X509_num(b->authorities)
	    || a->jwt_authority_count != b->jwt_authority_count || !equal_crls(a, b))
		return false;
	for (int i = 0; i < sk_X509_num(a->authorities); i++)
		if (X509_cmp(sk_X509_value(a->authorities, i), sk_X509_value(b->authorities, i))
		    != 0)
			return false;
	for (size_t i = 0; i < a->jwt_authority_count; i++)
		if (strcmp(a->jwt_authorities[i].key_id, b->jwt_authorities[i].key_id) != 0)
			return false;
	return true;
}
