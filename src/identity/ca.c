/* SPDX-License-Identifier: Apache-2.0 */
/* ca.c — the authority's life: options, opening, closing. */
#include "identity/ca_private.h"

#include <errno.h>

static const struct ca_lifetimes default_lifetimes = {
	.svid_ns = 3600 * NS_PER_SEC,
	.issuer_ns = UINT64_C(30) * 86400 * NS_PER_SEC,
	.root_ns = UINT64_C(3650) * 86400 * NS_PER_SEC,
	.jwt_ns = 300 * NS_PER_SEC,
};

static uint64_t or_default(uint64_t wanted, uint64_t otherwise)
{
	return wanted > 0 ? wanted : otherwise;
}

/* An issuer past half of its life must still have room for a whole SVID. */
static int choose_lifetimes(struct ca_lifetimes *lifetimes, struct error *err)
{
	lifetimes->svid_ns = or_default(lifetimes->svid_ns, default_lifetimes.svid_ns);
	lifetimes->issuer_ns = or_default(lifetimes->issuer_ns, default_lifetimes.issuer_ns);
	lifetimes->root_ns = or_default(lifetimes->root_ns, default_lifetimes.root_ns);
	lifetimes->jwt_ns = or_default(lifetimes->jwt_ns, default_lifetimes.jwt_ns);
	if (lifetimes->issuer_ns < 2 * lifetimes->svid_ns
	    || lifetimes->root_ns < 2 * lifetimes->issuer_ns)
		return error_set(err, -EINVAL,
				 "an issuer must live at least twice as long as an SVID, and a "
				 "root twice as long as an issuer");
	return 0;
}

static int open_tokens(struct ca *ca, struct error *err)
{
	const struct ca_options *options = &ca->options;
	int result = 0;

	if (options->root_key != NULL)
		result = key_from_pkcs11(options->root_key, &ca->root_key, err);
	if (result == 0 && options->issuer_key != NULL)
		result = key_from_pkcs11(options->issuer_key, &ca->issuer_key, err);
	return result;
}

/* A root has been at work since its first issuer was made. */
static void find_active_times(struct ca *ca)
{
	for (size_t i = 0; i < ca->authority_count; i++) {
		const struct authority *issuer = &ca->authorities[i];

		for (size_t k = 0; issuer->kind == AUTHORITY_ISSUER && k < ca->authority_count;
		     k++) {
			struct authority *root = &ca->authorities[k];

			if (root->kind == AUTHORITY_ROOT && root->number == issuer->root
			    && (root->active_since_ns == 0
				|| issuer->not_before_ns < root->active_since_ns))
				root->active_since_ns = issuer->not_before_ns;
		}
	}
}

static void recall_issued(void *owner, struct text line)
{
	struct ca *ca = owner;

	issued_add_record(&ca->issued, line, clock_wall_ns());
}

int ca_open(const char *directory, const char *trust_domain, const struct ca_options *options,
	    struct ca **out, struct error *err)
{
	AUTO(ca_close) struct ca *ca = MEM_NEW(struct ca);
	bool changed;
	int result;

	ca->root = ca->issuer = ca->jwt = NOT_THERE;
	ca->store.lock = -1;
	issued_init(&ca->issued);
	if (options != NULL)
		ca->options = *options;
	ca->limit.workload_rate = (unsigned)or_default(ca->options.limits.workload_rate, 100);
	ca->limit.total_rate = (unsigned)or_default(ca->options.limits.total_rate, 5000);
	result = choose_lifetimes(&ca->options.lifetimes, err);
	if (result == 0)
		result = ca_store_open(directory, trust_domain, ca->options.key_encryption,
				       &ca->store, &ca->trust_domain, err);
	if (result == 0)
		result = open_tokens(ca, err);
	if (result == 0)
		result = ca_store_load(&ca->store, &ca->authorities, &ca->authority_count, err);
	if (result < 0)
		return result;
	if (ca->authority_count == 0 && ca->options.key_encryption == NULL)
		log_info("private keys in %s are protected by file modes alone; --key-encryption "
			 "or tokens (--root-key, --issuer-key) protect them further",
			 directory);
	find_active_times(ca);
	audit_recent(ca->options.audit, recall_issued, ca);
	result = ca_maintain(ca, clock_wall_ns(), &changed, err);
	if (result == 0)
		*out = TAKE(ca);
	return result;
}

void ca_close(struct ca *ca)
{
	if (ca == NULL)
		return;
	for (size_t i = 0; i < ca->authority_count; i++)
		authority_done(&ca->authorities[i]);
	mem_free(ca->authorities);
	EVP_PKEY_free(ca->root_key);
	EVP_PKEY_free(ca->issuer_key);
	ca_limit_done(&ca->limit);
	issued_done(&ca->issued);
	ca_drop_crls(ca);
	bundles_unref(ca->bundles);
	revocations_unref(ca->revocations);
	ca_store_done(&ca->store);
	mem_free(ca->trust_domain);
	mem_free(ca);
}

const char *ca_trust_domain(const struct ca *ca)
{
	return ca->trust_domain;
}

struct bundles *ca_bundles(const struct ca *ca)
{
	return ca->bundles;
}
