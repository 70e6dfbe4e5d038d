/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/ca.h"

#include "identity/ca_store.h"
#include "identity/certificate.h"
#include "identity/openssl.h"

#include <errno.h>

static const struct ca_lifetimes default_lifetimes = {
	.svid_ns = 3600 * NS_PER_SEC,
	.issuer_ns = UINT64_C(30) * 86400 * NS_PER_SEC,
	.root_ns = UINT64_C(3650) * 86400 * NS_PER_SEC,
};

struct ca {
	struct ca_store store;
	char *trust_domain;
	struct ca_lifetimes lifetimes;
	struct authority *authorities; /* every root and issuer there ever was */
	size_t authority_count;
	size_t root, issuer;     /* places of those at work; NOT_THERE where there is none yet */
	struct bundles *bundles; /* of the roots that are valid now */
};

#define NOT_THERE SIZE_MAX

static bool is_valid(const struct authority *authority, int64_t now_ns)
{
	return authority->not_before_ns <= now_ns && now_ns < authority->not_after_ns;
}

static bool is_past(const struct authority *authority, unsigned eighths, int64_t now_ns)
{
	const int64_t life = authority->not_after_ns - authority->not_before_ns;

	return now_ns >= authority->not_before_ns + life / 8 * eighths;
}

static struct signer signer_of(const struct authority *authority)
{
	return (struct signer){ authority->certificate, authority->key };
}

/* Valid a little earlier than now, for clocks that lag behind; never longer than `limit_ns`. */
static struct validity validity_from(int64_t now_ns, uint64_t life_ns, int64_t limit_ns)
{
	const uint64_t lag = MIN_OF(60 * NS_PER_SEC, life_ns / 60);

	return (struct validity){ .not_before_ns = now_ns - (int64_t)lag,
				  .not_after_ns = MIN_OF(now_ns + (int64_t)life_ns, limit_ns) };
}

/* Saves it, then counts it among the authorities; *place is where. */
static int add_authority(struct ca *ca, struct authority *authority, size_t *place,
			 struct error *err)
{
	char until[CLOCK_TEXT_MAX], serial[SERIAL_TEXT_MAX];
	const int result = ca_store_save(&ca->store, authority, err);

	if (result < 0) {
		authority_done(authority);
		return result;
	}
	authority->not_before_ns = asn1_time_ns(X509_get0_notBefore(authority->certificate));
	authority->not_after_ns = asn1_time_ns(X509_get0_notAfter(authority->certificate));
	clock_format_utc(until, authority->not_after_ns);
	log_info("made %s %u of trust domain %s, serial %s, valid until %s",
		 authority->issuer == 0 ? "root" : "issuer",
		 authority->issuer == 0 ? authority->root : authority->issuer, ca->trust_domain,
		 certificate_serial(authority->certificate, serial), until);
	ca->authorities = mem_realloc_array(ca->authorities, ca->authority_count + 1,
					    sizeof(struct authority));
	*place = ca->authority_count++;
	ca->authorities[*place] = *authority;
	return 0;
}

static int make_root(struct ca *ca, int64_t now_ns, struct error *err)
{
	struct authority root = { .root = ca_store_next_root(&ca->store), .key = p256_key_new() };
	size_t place;

	if (root.key == NULL)
		return openssl_error(err, -EIO, "cannot make a key");
	root.certificate =
		certificate_make_root(root.key, text_of(ca->trust_domain),
				      validity_from(now_ns, ca->lifetimes.root_ns, INT64_MAX), err);
	if (root.certificate == NULL) {
		authority_done(&root);
		return -EIO;
	}
	return add_authority(ca, &root, &place, err);
}

static int make_issuer(struct ca *ca, int64_t now_ns, struct error *err)
{
	const struct authority *root = &ca->authorities[ca->root];
	const struct signer signer = signer_of(root);
	struct authority issuer = { .root = root->root };

	if (root->key == NULL)
		return error_set(err, -ENOKEY,
				 "a new issuer is needed, but the key of root %u is not in %s",
				 root->root, ca->store.directory);
	issuer.issuer = ca_store_next_issuer(&ca->store, root->root);
	issuer.key = p256_key_new();
	if (issuer.key == NULL)
		return openssl_error(err, -EIO, "cannot make a key");
	issuer.certificate = certificate_make_issuer(
		issuer.key, text_of(ca->trust_domain),
		validity_from(now_ns, ca->lifetimes.issuer_ns, root->not_after_ns), &signer, err);
	if (issuer.certificate == NULL) {
		authority_done(&issuer);
		return -EIO;
	}
	return add_authority(ca, &issuer, &ca->issuer, err);
}

static size_t newest_root(const struct ca *ca, int64_t now_ns)
{
	size_t newest = NOT_THERE;

	for (size_t i = 0; i < ca->authority_count; i++) {
		const struct authority *root = &ca->authorities[i];

		if (root->issuer == 0 && is_valid(root, now_ns)
		    && (newest == NOT_THERE || root->root > ca->authorities[newest].root))
			newest = i;
	}
	return newest;
}

/* The root that signs issuers: the newest that everybody had an eighth of its life to learn about;
 * where none is that old, the oldest. So a new root is trusted everywhere before it is used. */
static size_t choose_root(const struct ca *ca, int64_t now_ns)
{
	size_t settled = NOT_THERE, oldest = NOT_THERE;

	for (size_t i = 0; i < ca->authority_count; i++) {
		const struct authority *root = &ca->authorities[i];

		if (root->issuer != 0 || !is_valid(root, now_ns))
			continue;
		if (is_past(root, 1, now_ns)
		    && (settled == NOT_THERE || root->root > ca->authorities[settled].root))
			settled = i;
		if (oldest == NOT_THERE || root->root < ca->authorities[oldest].root)
			oldest = i;
	}
	return settled != NOT_THERE ? settled : oldest;
}

static size_t choose_issuer(const struct ca *ca, int64_t now_ns)
{
	size_t newest = NOT_THERE;

	for (size_t i = 0; i < ca->authority_count; i++) {
		const struct authority *issuer = &ca->authorities[i];

		if (issuer->issuer != 0 && issuer->root == ca->authorities[ca->root].root
		    && issuer->key != NULL && is_valid(issuer, now_ns)
		    && (newest == NOT_THERE || issuer->issuer > ca->authorities[newest].issuer))
			newest = i;
	}
	return newest;
}

static int collect_bundles(const struct ca *ca, int64_t now_ns, struct bundles **out,
			   struct error *err)
{
	AUTO(bundles_unref) struct bundles *bundles = bundles_new();
	const struct text trust_domain = text_of(ca->trust_domain);

	bundles_add_trust_domain(bundles, trust_domain);
	for (size_t i = 0; i < ca->authority_count; i++) {
		const struct authority *root = &ca->authorities[i];
		int result = 0;

		if (root->issuer == 0 && is_valid(root, now_ns))
			result = bundles_add(bundles, trust_domain, root->certificate, err);
		if (result < 0)
			return result;
	}
	*out = TAKE(bundles);
	return 0;
}

static bool is_same_bundle(const struct bundles *a, const struct bundles *b)
{
	STACK_OF(X509) *left = a->items[0]->authorities, *right = b->items[0]->authorities;

	if (sk_X509_num(left) != sk_X509_num(right))
		return false;
	for (int i = 0; i < sk_X509_num(left); i++)
		if (X509_cmp(sk_X509_value(left, i), sk_X509_value(right, i)) != 0)
			return false;
	return true;
}

/* With a clock that went back to before any root was made, every root looks as if it were none. */
static int check_clock(const struct ca *ca, int64_t now_ns, struct error *err)
{
	char now[CLOCK_TEXT_MAX], made[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < ca->authority_count; i++) {
		const struct authority *root = &ca->authorities[i];

		if (root->issuer != 0 || root->not_before_ns <= now_ns)
			continue;
		clock_format_utc(now, now_ns);
		clock_format_utc(made, root->not_before_ns);
		return error_set(err, -EINVAL,
				 "the clock says %s, but root %u was made at %s: set the clock",
				 now, root->root, made);
	}
	return 0;
}

static int publish(struct ca *ca, int64_t now_ns, bool *changed, struct error *err)
{
	AUTO(bundles_unref) struct bundles *bundles = NULL;
	const int result = collect_bundles(ca, now_ns, &bundles, err);

	if (result < 0)
		return result;
	*changed = ca->bundles == NULL || !is_same_bundle(ca->bundles, bundles);
	if (*changed) {
		bundles_unref(ca->bundles);
		ca->bundles = TAKE(bundles);
	}
	return 0;
}

int ca_maintain(struct ca *ca, int64_t now_ns, bool *bundles_changed, struct error *err)
{
	const size_t newest = newest_root(ca, now_ns);
	int result = 0;

	*bundles_changed = false;
	if (newest == NOT_THERE)
		result = check_clock(ca, now_ns, err);
	if (result < 0)
		return result;
	if (newest == NOT_THERE || is_past(&ca->authorities[newest], 4, now_ns))
		result = make_root(ca, now_ns, err);
	if (result == 0)
		result = publish(ca, now_ns, bundles_changed, err);
	if (result < 0)
		return result;
	ca->root = choose_root(ca, now_ns);
	ca->issuer = choose_issuer(ca, now_ns);
	if (ca->issuer == NOT_THERE || is_past(&ca->authorities[ca->issuer], 4, now_ns))
		result = make_issuer(ca, now_ns, err);
	return result;
}

/* An issuer past half of its life must still have room for a whole SVID. */
static int choose_lifetimes(const struct ca_lifetimes *wanted, struct ca_lifetimes *out,
			    struct error *err)
{
	*out = default_lifetimes;
	if (wanted != NULL && wanted->svid_ns > 0)
		out->svid_ns = wanted->svid_ns;
	if (wanted != NULL && wanted->issuer_ns > 0)
		out->issuer_ns = wanted->issuer_ns;
	if (wanted != NULL && wanted->root_ns > 0)
		out->root_ns = wanted->root_ns;
	if (out->svid_ns > out->issuer_ns / 2 || out->issuer_ns > out->root_ns / 2)
		return error_set(
			err, -EINVAL,
			"an issuer must live at least twice as long as an SVID, and a root "
			"twice as long as an issuer");
	return 0;
}

int ca_open(const char *directory, const char *trust_domain, const struct ca_lifetimes *lifetimes,
	    struct ca **out, struct error *err)
{
	AUTO(ca_close) struct ca *ca = MEM_NEW(struct ca);
	bool changed;
	int result;

	ca->root = ca->issuer = NOT_THERE;
	ca->store.lock = -1;
	result = choose_lifetimes(lifetimes, &ca->lifetimes, err);
	if (result == 0)
		result = ca_store_open(directory, trust_domain, &ca->store, &ca->trust_domain, err);
	if (result == 0)
		result = ca_store_load(&ca->store, &ca->authorities, &ca->authority_count, err);
	if (result == 0)
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
	bundles_unref(ca->bundles);
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

static int check_subject(const struct ca *ca, struct text spiffe_id, struct error *err)
{
	struct spiffe_id id;
	const int result = spiffe_id_parse(spiffe_id, &id, err);

	if (result < 0)
		return result;
	if (!text_is(id.trust_domain, ca->trust_domain))
		return error_set(err, -EINVAL, "'%.*s' lies outside of the trust domain '%s'",
				 TEXT_ARGS(spiffe_id), ca->trust_domain);
	if (text_is_empty(id.path))
		return error_set(err, -EINVAL, "'%.*s' has no path, so it names no workload",
				 TEXT_ARGS(spiffe_id));
	return 0;
}

static void audit_issue(const struct svid *svid)
{
	char until[CLOCK_TEXT_MAX], serial[SERIAL_TEXT_MAX];

	clock_format_utc(until, svid->not_after_ns);
	log_info("issued %s, serial %s, valid until %s", svid->id,
		 certificate_serial(svid_leaf(svid), serial), until);
}

int ca_issue(struct ca *ca, struct text spiffe_id, EVP_PKEY *subject_key, int64_t now_ns,
	     struct svid **out, struct error *err)
{
	int result = check_subject(ca, spiffe_id, err);

	if (result < 0)
		return result;
	if (ca->issuer == NOT_THERE || !is_valid(&ca->authorities[ca->issuer], now_ns))
		return error_set(err, -EKEYEXPIRED, "there is no issuer that is valid now");

	const struct authority *issuer = &ca->authorities[ca->issuer];
	const struct signer signer = signer_of(issuer);
	AUTO(EVP_PKEY_free) EVP_PKEY *key = subject_key;

	if (key != NULL)
		EVP_PKEY_up_ref(key);
	else if ((key = p256_key_new()) == NULL)
		return openssl_error(err, -EIO, "cannot make a key");

	X509 *leaf = certificate_make_leaf(
		key, spiffe_id, validity_from(now_ns, ca->lifetimes.svid_ns, issuer->not_after_ns),
		&signer, err);

	if (leaf == NULL)
		return -EIO;

	STACK_OF(X509) *chain = sk_X509_new_null();

	X509_up_ref(issuer->certificate);
	sk_X509_push(chain, leaf);
	sk_X509_push(chain, issuer->certificate);
	result = svid_new(chain, TAKE(key), out, err);
	if (result == 0)
		audit_issue(*out);
	return result;
}
