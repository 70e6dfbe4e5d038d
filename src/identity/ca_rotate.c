/* SPDX-License-Identifier: Apache-2.0 */
/* ca_rotate.c — generations over time: prepared, published, at work, retired.
 *
 * Roots and JWT keys must be known to verifiers before they sign. An issuer travels with what it
 * signs, so it is at work at once. */
#include "identity/ca_private.h"

#include "identity/openssl.h"

#include <errno.h>

#define SETTLE_MAX_NS    (UINT64_C(7) * 86400 * NS_PER_SEC)
#define SETTLE_URGENT_NS (5 * NS_PER_SEC)

bool authority_is_valid(const struct authority *authority, int64_t now_ns)
{
	return !authority->is_revoked && authority->not_before_ns <= now_ns
	       && now_ns < authority->not_after_ns;
}

struct signer authority_signer(const struct authority *authority)
{
	return (struct signer){ authority->certificate, authority->key };
}

static int64_t life_of(const struct authority *authority)
{
	return authority->not_after_ns - authority->not_before_ns;
}

static bool is_past_half(const struct ca *ca, size_t place, int64_t now_ns)
{
	if (place == NOT_THERE)
		return true;

	const struct authority *authority = &ca->authorities[place];

	return now_ns >= authority->not_before_ns + life_of(authority) / 2;
}

/* ---- choosing ---- */

/* How long subscribers have to act on what they were sent. */
static int64_t settle_ns(const struct authority *authority)
{
	const int64_t most = authority->is_urgent ? SETTLE_URGENT_NS : SETTLE_MAX_NS;

	return MIN_OF(life_of(authority) / 8, most);
}

/* A subscriber that does not read must not hold up the rest: after twice the time it is on its
 * own. */
static bool is_settled(const struct authority *authority, int64_t now_ns)
{
	/* certificates begin a little before they are made: see validity_from */
	const int64_t lag = MIN_OF((int64_t)(60 * NS_PER_SEC), life_of(authority) / 60);
	const int64_t age = now_ns - authority->not_before_ns - lag;

	return age >= (authority->is_told ? 1 : 2) * settle_ns(authority);
}

static bool is_of(const struct ca *ca, const struct authority *authority, enum authority_kind kind)
{
	if (authority->kind != kind)
		return false;
	return kind != AUTHORITY_ISSUER
	       || (ca->root != NOT_THERE && authority->root == ca->authorities[ca->root].number);
}

enum choice { NEWEST, NEWEST_SETTLED, OLDEST };

/* The one of its kind that is valid; an issuer: below the root at work. */
static size_t find(const struct ca *ca, enum authority_kind kind, enum choice choice,
		   int64_t now_ns)
{
	size_t found = NOT_THERE;

	for (size_t i = 0; i < ca->authority_count; i++) {
		const struct authority *each = &ca->authorities[i];

		if (!is_of(ca, each, kind) || !authority_is_valid(each, now_ns)
		    || (choice == NEWEST_SETTLED && !is_settled(each, now_ns)))
			continue;
		if (found == NOT_THERE
		    || (each->number > ca->authorities[found].number) == (choice != OLDEST))
			found = i;
	}
	return found;
}

/* Where nothing is settled, the oldest is the best known. */
static size_t choose_signing(struct ca *ca, enum authority_kind kind, int64_t now_ns)
{
	size_t chosen = find(ca, kind, NEWEST_SETTLED, now_ns);

	if (chosen == NOT_THERE)
		chosen = find(ca, kind, OLDEST, now_ns);
	if (chosen != NOT_THERE && ca->authorities[chosen].active_since_ns == 0)
		ca->authorities[chosen].active_since_ns = now_ns;
	return chosen;
}

/* ---- publishing ---- */

/* Its successor has been at work for so long that nothing it signed is valid any more. */
static bool is_retired(const struct ca *ca, const struct authority *authority, int64_t now_ns)
{
	const bool is_root = authority->kind == AUTHORITY_ROOT;
	const size_t place = is_root ? ca->root : ca->jwt;
	const uint64_t life =
		is_root ? ca->options.lifetimes.svid_ns : ca->options.lifetimes.jwt_ns;

	return place != NOT_THERE && authority->number < ca->authorities[place].number
	       && now_ns > ca->authorities[place].active_since_ns + 2 * (int64_t)life;
}

static bool is_published(const struct ca *ca, const struct authority *authority, int64_t now_ns)
{
	return authority->kind != AUTHORITY_ISSUER && authority_is_valid(authority, now_ns)
	       && !is_retired(ca, authority, now_ns);
}

static int collect_bundles(const struct ca *ca, int64_t now_ns, struct bundles **out,
			   struct error *err)
{
	AUTO(bundles_unref) struct bundles *bundles = bundles_new();
	const struct text trust_domain = text_of(ca->trust_domain);

	for (size_t i = 0; i < ca->crl_count; i++)
		bundles_add_crl(bundles, trust_domain, buffer_text(&ca->crls[i]));
	bundles_add_trust_domain(bundles, trust_domain);
	for (size_t i = 0; i < ca->authority_count; i++) {
		const struct authority *each = &ca->authorities[i];
		char key_id[KEY_NAME_MAX];
		int result = 0;

		if (!is_published(ca, each, now_ns))
			continue;
		if (each->kind == AUTHORITY_ROOT)
			result = bundles_add(bundles, trust_domain, each->certificate, err);
		else
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
	for (size_t i = 0; i < ca->authority_count; i++)
		ca->authorities[i].is_published = is_published(ca, &ca->authorities[i], now_ns);
	return 0;
}

void ca_note_told(struct ca *ca)
{
	for (size_t i = 0; i < ca->authority_count; i++)
		ca->authorities[i].is_told |= ca->authorities[i].is_published;
}

/* ---- preparing ---- */

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

/* A token's key that the operator has changed is a reason for a successor too. */
static bool has_wanted_key(const struct ca *ca, size_t place, const EVP_PKEY *wanted)
{
	struct key_hash has, wants;

	if (wanted == NULL || place == NOT_THERE)
		return true;
	key_hash_of_certificate(ca->authorities[place].certificate, &has);
	key_hash_of_key(wanted, &wants);
	return memcmp(&has, &wants, sizeof(has)) == 0;
}

static int prepare_root(struct ca *ca, int64_t now_ns, struct error *err)
{
	const size_t root = find(ca, AUTHORITY_ROOT, NEWEST, now_ns);
	int result = 0;

	if (ca->options.offline_root)
		return 0;
	if (root == NOT_THERE)
		result = check_clock(ca, now_ns, err);
	if (result == 0
	    && (is_past_half(ca, root, now_ns) || !has_wanted_key(ca, root, ca->root_key)))
		result = ca_make(ca, AUTHORITY_ROOT, now_ns, err);
	return result;
}

/* Asks once a generation: the answer may take days. */
static int ask_for_issuer(struct ca *ca, int64_t now_ns, struct error *err)
{
	AUTO_BUFFER struct buffer request = { 0 };
	char until[CLOCK_TEXT_MAX] = "";
	int result;

	if (ca->has_asked)
		return 0;
	result = ca_request(ca, &request, err);
	if (result < 0)
		return result;
	ca->has_asked = true;
	if (ca->issuer != NOT_THERE)
		clock_format_utc(until, ca->authorities[ca->issuer].not_after_ns);
	log_warn("the offline root is to sign %s/issuer-request.csr%s%s; then 'mangrove id "
		 "import'",
		 ca->store.directory,
		 ca_can_issue(ca, now_ns) ? " before "
					  : ": until then no "
					    "certificates are issued",
		 ca_can_issue(ca, now_ns) ? until : "");
	return 0;
}

static int prepare_issuer(struct ca *ca, int64_t now_ns, struct error *err)
{
	int result;

	ca->issuer = find(ca, AUTHORITY_ISSUER, NEWEST, now_ns);
	if (!is_past_half(ca, ca->issuer, now_ns) && has_wanted_key(ca, ca->issuer, ca->issuer_key))
		return 0;
	if (ca->options.offline_root)
		return ask_for_issuer(ca, now_ns, err);
	result = ca_make(ca, AUTHORITY_ISSUER, now_ns, err);
	ca->issuer = find(ca, AUTHORITY_ISSUER, NEWEST, now_ns);
	return result;
}

/* ---- revoking ---- */

void ca_set_revocations(struct ca *ca, struct revocations *revocations)
{
	struct revocations *before = ca->revocations;

	ca->crl_due_ns = 0;
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

/* ---- all of it ---- */

int ca_maintain(struct ca *ca, int64_t now_ns, bool *bundles_changed, struct error *err)
{
	int result;

	*bundles_changed = false;
	mark_revoked(ca, now_ns);
	result = prepare_root(ca, now_ns, err);
	if (result == 0 && is_past_half(ca, find(ca, AUTHORITY_JWT, NEWEST, now_ns), now_ns))
		result = ca_make(ca, AUTHORITY_JWT, now_ns, err);
	if (result < 0)
		return result;
	ca->root = choose_signing(ca, AUTHORITY_ROOT, now_ns);
	ca->jwt = choose_signing(ca, AUTHORITY_JWT, now_ns);
	result = prepare_issuer(ca, now_ns, err);
	if (result == 0)
		result = ca_make_crls(ca, now_ns, err);

	/* what could not be made does not keep back what is there */
	const int published = publish(ca, now_ns, bundles_changed, result == 0 ? err : NULL);

	return result < 0 ? result : published;
}

int ca_rotate(struct ca *ca, enum authority_kind kind, int64_t now_ns, struct error *err)
{
	const bool is_external = kind == AUTHORITY_ROOT ? ca->options.root_key != NULL
							: ca->options.issuer_key != NULL;
	int result;

	if (ca->options.offline_root && kind != AUTHORITY_JWT)
		return error_set(err, -EINVAL,
				 "the root is offline: 'mangrove id csr' gives the request to "
				 "sign, 'mangrove id import' takes the answer");
	if (is_external && kind != AUTHORITY_JWT)
		return error_set(err, -EINVAL,
				 "the key is a token's: make a new one there and name it with "
				 "--%s-key",
				 authority_kind_name(kind));
	result = ca_make(ca, kind, now_ns, err);
	if (result == 0)
		ca->authorities[ca->authority_count - 1].is_urgent = true;
	return result;
}

size_t ca_authorities(const struct ca *ca, int64_t now_ns, struct authority_state *out, size_t max)
{
	const size_t count = MIN_OF(ca->authority_count, max);

	for (size_t i = 0; i < count; i++) {
		const struct authority *each = &ca->authorities[i];

		out[i] = (struct authority_state){
			.kind = each->kind,
			.root = each->root,
			.number = each->number,
			.certificate = each->certificate,
			.has_key = each->key != NULL,
			.is_signing = (i == ca->root || i == ca->issuer || i == ca->jwt)
				      && authority_is_valid(each, now_ns),
			.is_published = each->is_published,
			.is_revoked = each->is_revoked,
		};
	}
	return count;
}
