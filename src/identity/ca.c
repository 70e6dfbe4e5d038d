/* SPDX-License-Identifier: Apache-2.0 */
/* ca.c — generations of roots, issuers and JWT keys: made, chosen, published, renewed. */
#include "identity/ca_private.h"

#include "identity/openssl.h"

#include <errno.h>

static const struct ca_lifetimes default_lifetimes = {
	.svid_ns = 3600 * NS_PER_SEC,
	.issuer_ns = UINT64_C(30) * 86400 * NS_PER_SEC,
	.root_ns = UINT64_C(3650) * 86400 * NS_PER_SEC,
	.jwt_ns = 300 * NS_PER_SEC,
};

bool authority_is_valid(const struct authority *authority, int64_t now_ns)
{
	return !authority->is_revoked && authority->not_before_ns <= now_ns
	       && now_ns < authority->not_after_ns;
}

struct signer authority_signer(const struct authority *authority)
{
	return (struct signer){ authority->certificate, authority->key };
}

static bool is_past(const struct authority *authority, unsigned eighths, int64_t now_ns)
{
	const int64_t life = authority->not_after_ns - authority->not_before_ns;

	return now_ns >= authority->not_before_ns + life / 8 * eighths;
}

static bool is_past_half(const struct ca *ca, size_t place, int64_t now_ns)
{
	return place == NOT_THERE || is_past(&ca->authorities[place], 4, now_ns);
}

struct validity validity_from(int64_t now_ns, uint64_t life_ns, int64_t limit_ns)
{
	const uint64_t lag = MIN_OF(60 * NS_PER_SEC, life_ns / 60);

	return (struct validity){ .not_before_ns = now_ns - (int64_t)lag,
				  .not_after_ns = MIN_OF(now_ns + (int64_t)life_ns, limit_ns) };
}

/* ---- making ---- */

/* Saves the generation and counts it among the authorities. Takes what it owns. */
static int add_authority(struct ca *ca, struct authority *authority, struct error *err)
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
		 authority_kind_name(authority->kind), authority->number, ca->trust_domain,
		 certificate_serial(authority->certificate, serial), until);
	ca->authorities = mem_realloc_array(ca->authorities, ca->authority_count + 1,
					    sizeof(struct authority));
	ca->authorities[ca->authority_count++] = *authority;
	return 0;
}

static X509 *make_certificate(const struct ca *ca, const struct authority *authority,
			      int64_t now_ns, struct error *err)
{
	const struct text trust_domain = text_of(ca->trust_domain);
	const struct ca_lifetimes *lifetimes = &ca->lifetimes;

	if (authority->kind == AUTHORITY_ROOT)
		return certificate_make_root(authority->key, trust_domain,
					     validity_from(now_ns, lifetimes->root_ns, INT64_MAX),
					     err);
	if (authority->kind == AUTHORITY_JWT)
		return certificate_make_jwt(authority->key,
					    validity_from(now_ns, lifetimes->issuer_ns, INT64_MAX),
					    err);

	const struct authority *root = &ca->authorities[ca->root];
	const struct signer signer = authority_signer(root);

	return certificate_make_issuer(
		authority->key, trust_domain,
		validity_from(now_ns, lifetimes->issuer_ns, root->not_after_ns), &signer, err);
}

static int make_authority(struct ca *ca, enum authority_kind kind, int64_t now_ns,
			  struct error *err)
{
	struct authority authority = { .kind = kind };

	if (kind == AUTHORITY_ISSUER) {
		const struct authority *root = &ca->authorities[ca->root];

		if (root->key == NULL)
			return error_set(err, -ENOKEY,
					 "a new issuer is needed, but the key of root %u is not in "
					 "%s",
					 root->number, ca->store.directory);
		authority.root = root->number;
	}
	authority.number = ca_store_next(&ca->store, kind, authority.root);
	authority.key = p256_key_new();
	if (authority.key == NULL)
		return openssl_error(err, -EIO, "cannot make a key");
	authority.certificate = make_certificate(ca, &authority, now_ns, err);
	if (authority.certificate == NULL) {
		authority_done(&authority);
		return -EIO;
	}
	return add_authority(ca, &authority, err);
}

/* ---- choosing ---- */

/* The newest of its kind (an issuer: below the root at work) that is valid and at least so many
 * eighths of its life old. */
static size_t find_newest(const struct ca *ca, enum authority_kind kind, unsigned eighths,
			  int64_t now_ns)
{
	const unsigned root = kind == AUTHORITY_ISSUER ? ca->authorities[ca->root].number : 0;
	size_t newest = NOT_THERE;

	for (size_t i = 0; i < ca->authority_count; i++) {
		const struct authority *each = &ca->authorities[i];

		if (each->kind == kind && each->root == root && authority_is_valid(each, now_ns)
		    && is_past(each, eighths, now_ns)
		    && (newest == NOT_THERE || each->number > ca->authorities[newest].number))
			newest = i;
	}
	return newest;
}

static size_t find_oldest(const struct ca *ca, enum authority_kind kind, int64_t now_ns)
{
	size_t oldest = NOT_THERE;

	for (size_t i = 0; i < ca->authority_count; i++) {
		const struct authority *each = &ca->authorities[i];

		if (each->kind == kind && authority_is_valid(each, now_ns)
		    && (oldest == NOT_THERE || each->number < ca->authorities[oldest].number))
			oldest = i;
	}
	return oldest;
}

/* What verifiers learn from the bundle signs only once everybody had an eighth of its life to learn
 * of it; where nothing is that old, the oldest does. */
static size_t choose_settled(const struct ca *ca, enum authority_kind kind, int64_t now_ns)
{
	const size_t settled = find_newest(ca, kind, 1, now_ns);

	return settled != NOT_THERE ? settled : find_oldest(ca, kind, now_ns);
}

/* ---- publishing ---- */

static int collect_bundles(const struct ca *ca, int64_t now_ns, struct bundles **out,
			   struct error *err)
{
	AUTO(bundles_unref) struct bundles *bundles = bundles_new();
	const struct text trust_domain = text_of(ca->trust_domain);

	bundles_add_trust_domain(bundles, trust_domain);
	for (size_t i = 0; i < ca->authority_count; i++) {
		const struct authority *each = &ca->authorities[i];
		char key_id[KEY_NAME_MAX];
		int result = 0;

		if (!authority_is_valid(each, now_ns))
			continue;
		if (each->kind == AUTHORITY_ROOT)
			result = bundles_add(bundles, trust_domain, each->certificate, err);
		else if (each->kind == AUTHORITY_JWT)
			bundles_add_jwt_authority(
				bundles, trust_domain,
				text_of(certificate_key_name(each->certificate, key_id)),
				X509_get0_pubkey(each->certificate));
		if (result < 0)
			return result;
	}
	*out = TAKE(bundles);
	return 0;
}

static int publish(struct ca *ca, int64_t now_ns, bool *changed, struct error *err)
{
	AUTO(bundles_unref) struct bundles *bundles = NULL;
	const int result = collect_bundles(ca, now_ns, &bundles, err);

	if (result < 0)
		return result;
	*changed = ca->bundles == NULL || !bundle_equal(ca->bundles->items[0], bundles->items[0]);
	if (*changed) {
		bundles_unref(ca->bundles);
		ca->bundles = TAKE(bundles);
	}
	return 0;
}

/* ---- over time ---- */

/* With a clock that went back to before any root was made, every root looks as if it were none. */
static int check_clock(const struct ca *ca, int64_t now_ns, struct error *err)
{
	char now[CLOCK_TEXT_MAX], made[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < ca->authority_count; i++) {
		const struct authority *root = &ca->authorities[i];

		if (root->kind != AUTHORITY_ROOT || root->is_revoked
		    || root->not_before_ns <= now_ns)
			continue;
		clock_format_utc(now, now_ns);
		clock_format_utc(made, root->not_before_ns);
		return error_set(err, -EINVAL,
				 "the clock says %s, but root %u was made at %s: set the clock",
				 now, root->number, made);
	}
	return 0;
}

static int prepare_successors(struct ca *ca, int64_t now_ns, struct error *err)
{
	const size_t root = find_newest(ca, AUTHORITY_ROOT, 0, now_ns);
	int result = 0;

	if (root == NOT_THERE)
		result = check_clock(ca, now_ns, err);
	if (result == 0 && is_past_half(ca, root, now_ns))
		result = make_authority(ca, AUTHORITY_ROOT, now_ns, err);
	if (result == 0 && is_past_half(ca, find_newest(ca, AUTHORITY_JWT, 0, now_ns), now_ns))
		result = make_authority(ca, AUTHORITY_JWT, now_ns, err);
	return result;
}

void ca_set_revocations(struct ca *ca, struct revocations *revocations)
{
	struct revocations *before = ca->revocations;

	ca->revocations = revocations_ref(revocations);
	revocations_unref(before);
}

static void mark_revoked(struct ca *ca, int64_t now_ns)
{
	for (size_t i = 0; i < ca->authority_count; i++) {
		struct authority *authority = &ca->authorities[i];
		struct key_hash key;
		char text[ERROR_TEXT_MAX];

		key_hash_of_certificate(authority->certificate, &key);

		const struct denial *denial =
			revocations_find_authority(ca->revocations, &key, now_ns);

		if (denial != NULL && !authority->is_revoked)
			log_warn("%s %u is %s", authority_kind_name(authority->kind),
				 authority->number, denial_format(denial, text, sizeof(text)));
		authority->is_revoked = denial != NULL;
	}
}

int ca_maintain(struct ca *ca, int64_t now_ns, bool *bundles_changed, struct error *err)
{
	int result;

	*bundles_changed = false;
	mark_revoked(ca, now_ns);
	result = prepare_successors(ca, now_ns, err);
	if (result == 0)
		result = publish(ca, now_ns, bundles_changed, err);
	if (result < 0)
		return result;
	ca->root = choose_settled(ca, AUTHORITY_ROOT, now_ns);
	ca->jwt = choose_settled(ca, AUTHORITY_JWT, now_ns);
	/* an issuer travels with what it signs: nobody needs to learn of it before */
	ca->issuer = find_newest(ca, AUTHORITY_ISSUER, 0, now_ns);
	if (is_past_half(ca, ca->issuer, now_ns))
		result = make_authority(ca, AUTHORITY_ISSUER, now_ns, err);
	ca->issuer = find_newest(ca, AUTHORITY_ISSUER, 0, now_ns);
	return result;
}

/* ---- life ---- */

static uint64_t or_default(uint64_t wanted_ns, uint64_t default_ns)
{
	return wanted_ns > 0 ? wanted_ns : default_ns;
}

/* An issuer past half of its life must still have room for a whole SVID. */
static int choose_lifetimes(const struct ca_lifetimes *wanted, struct ca_lifetimes *out,
			    struct error *err)
{
	const struct ca_lifetimes none = { 0 };

	if (wanted == NULL)
		wanted = &none;
	out->svid_ns = or_default(wanted->svid_ns, default_lifetimes.svid_ns);
	out->issuer_ns = or_default(wanted->issuer_ns, default_lifetimes.issuer_ns);
	out->root_ns = or_default(wanted->root_ns, default_lifetimes.root_ns);
	out->jwt_ns = or_default(wanted->jwt_ns, default_lifetimes.jwt_ns);
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

	ca->root = ca->issuer = ca->jwt = NOT_THERE;
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
