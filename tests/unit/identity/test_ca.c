/* SPDX-License-Identifier: Apache-2.0 */
/* The authority over its whole life: time is a parameter, so years pass in a moment. */
#include "identity/identity.h"

#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECOND ((int64_t)NS_PER_SEC)
#define WEB    TEXT("spiffe://d.test/ns/default/sa/web")

struct place {
	char directory[64];
	struct ca *ca;
};

static int set_up(void **state)
{
	struct place *place = MEM_NEW(struct place);

	strcpy(place->directory, "/tmp/mangrove-ca-XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	AUTO(mem_free_text) char *command = mem_printf("rm -rf '%s'", place->directory);

	ca_close(place->ca);
	assert_int_equal(system(command), 0);
	mem_free(place);
	return 0;
}

static void open_with(struct place *place, const struct ca_lifetimes *lifetimes)
{
	struct ca_options options = { 0 };
	struct error err = { 0 };

	if (lifetimes != NULL)
		options.lifetimes = *lifetimes;
	ca_close(TAKE(place->ca));
	if (ca_open(place->directory, "d.test", &options, &place->ca, &err) < 0)
		fail_msg("%s", err.text);
}

static unsigned mode_of(const struct place *place, const char *name)
{
	AUTO(mem_free_text) char *path = mem_printf("%s/%s", place->directory, name);
	struct stat status;

	return stat(path, &status) == 0 ? status.st_mode & 0777 : 0;
}

static struct svid *issue_at(struct place *place, int64_t now_ns)
{
	struct svid *svid = NULL;
	struct error err = { 0 };

	if (ca_issue(place->ca, WEB, NULL, now_ns, &svid, &err) < 0)
		fail_msg("%s", err.text);
	return svid;
}

/* As a peer has it, who got bytes. */
static X509 *receive_leaf(const struct svid *svid)
{
	unsigned char *der = NULL;
	const int len = i2d_X509(svid_leaf(svid), &der);
	const unsigned char *next = der;
	X509 *leaf = d2i_X509(NULL, &next, len);

	OPENSSL_free(der);
	assert_non_null(leaf);
	return leaf;
}

static enum verify_reason verify_at(const struct bundles *bundles, const struct svid *svid,
				    int64_t now_ns)
{
	struct peer_identity peer;
	X509 *leaf = receive_leaf(svid);

	identity_verify_peer(bundles, leaf, svid->chain, TLS_ROLE_CLIENT, now_ns, &peer, NULL);
	if (peer.reason == VERIFY_TRUSTED)
		identity_verify_peer(bundles, leaf, svid->chain, TLS_ROLE_SERVER, now_ns, &peer,
				     NULL);
	X509_free(leaf);
	return peer.reason;
}

static void the_first_start_makes_root_and_issuer(void **state)
{
	struct place *place = *state;

	open_with(place, NULL);
	assert_int_equal(mode_of(place, "."), 0700);
	assert_int_equal(mode_of(place, "root-1.key"), 0600);
	assert_int_equal(mode_of(place, "issuer-1-1.key"), 0600);
	assert_int_equal(mode_of(place, "root-1.pem"), 0644);
	assert_int_equal(mode_of(place, "issuer-1-1.pem"), 0644);
	assert_string_equal(ca_trust_domain(place->ca), "d.test");
}

static void a_second_start_finds_them(void **state)
{
	struct place *place = *state;

	open_with(place, NULL);

	AUTO(svid_unref) struct svid *svid = issue_at(place, clock_wall_ns());

	open_with(place, NULL);
	assert_int_equal(mode_of(place, "root-2.pem"), 0);
	assert_int_equal(mode_of(place, "issuer-1-2.pem"), 0);
	assert_int_equal(verify_at(ca_bundles(place->ca), svid, clock_wall_ns()), VERIFY_TRUSTED);
}

static void the_trust_domain_is_cluster_local_unless_given(void **state)
{
	struct place *place = *state;

	assert_int_equal(ca_open(place->directory, NULL, NULL, &place->ca, NULL), 0);
	assert_string_equal(ca_trust_domain(place->ca), "cluster.local");
}

static void another_trust_domain_is_refused(void **state)
{
	struct place *place = *state;
	struct error err = { 0 };
	struct ca *ca;

	open_with(place, NULL);
	ca_close(TAKE(place->ca));
	assert_int_equal(ca_open(place->directory, "e.test", NULL, &ca, &err), -EEXIST);
	assert_non_null(strstr(err.text, "belongs to the trust domain 'd.test', not to 'e.test'"));
	assert_int_equal(ca_open(place->directory, NULL, NULL, &place->ca, &err), 0);
	assert_string_equal(ca_trust_domain(place->ca), "d.test");
}

static void one_process_at_a_time(void **state)
{
	struct place *place = *state;
	struct error err = { 0 };
	struct ca *ca;

	open_with(place, NULL);
	assert_int_equal(ca_open(place->directory, "d.test", NULL, &ca, &err), -EBUSY);
	assert_non_null(strstr(err.text, "another process runs the authority"));
}

static void a_key_open_to_others_is_refused(void **state)
{
	struct place *place = *state;
	struct error err = { 0 };
	struct ca *ca;

	open_with(place, NULL);
	ca_close(TAKE(place->ca));

	AUTO(mem_free_text) char *key = mem_printf("%s/root-1.key", place->directory);

	assert_int_equal(chmod(key, 0640), 0);
	assert_int_equal(ca_open(place->directory, "d.test", NULL, &ca, &err), -EPERM);
	assert_non_null(strstr(err.text, "is open to others (mode 640)"));
}

static void a_key_without_certificate_is_left_alone(void **state)
{
	struct place *place = *state;
	AUTO(mem_free_text) char *key = mem_printf("%s/root-1.key", place->directory);
	AUTO_BUFFER struct buffer content = { 0 };

	assert_int_equal(file_write_atomic(key, "half", 4, 0600, NULL), 0);
	open_with(place, NULL);
	assert_int_equal(mode_of(place, "root-2.pem"), 0644);
	assert_int_equal(file_read(key, 100, &content, NULL), 0);
	assert_string_equal(content.data, "half");
}

static void an_svid_has_the_exact_profile(void **state)
{
	struct place *place = *state;

	open_with(place, NULL);

	AUTO(svid_unref) struct svid *svid = issue_at(place, clock_wall_ns());
	X509 *leaf = svid_leaf(svid), *issuer = sk_X509_value(svid->chain, 1);
	struct svid *checked = NULL;
	STACK_OF(X509) *received = sk_X509_new_null();

	EVP_PKEY_up_ref(svid->key);
	sk_X509_push(received, receive_leaf(svid));
	assert_int_equal(svid_new(received, svid->key, &checked, NULL), 0); /* key and rules */
	svid_unref(checked);

	assert_string_equal(svid->id, "spiffe://d.test/ns/default/sa/web");
	assert_int_equal(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
	assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_SERVER | XKU_SSL_CLIENT);
	assert_int_equal(X509_get_extension_flags(leaf) & (EXFLAG_CA | EXFLAG_INVALID), 0);
	assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(leaf)), 0);
	assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(leaf)), 16);
	assert_true(EVP_PKEY_is_a(svid->key, "EC"));
	assert_int_equal(EVP_PKEY_get_bits(svid->key), 256);
	assert_int_equal(X509_get_pathlen(issuer), 0);
	assert_int_equal(X509_get_key_usage(issuer), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_true(X509_get_ext_by_NID(issuer, NID_name_constraints, -1) >= 0);
	assert_int_equal(verify_at(ca_bundles(place->ca), svid, clock_wall_ns()), VERIFY_TRUSTED);
	assert_true(svid->not_before_ns < clock_wall_ns());
	assert_true(svid->not_after_ns <= clock_wall_ns() + 3600 * SECOND);
	assert_true(svid->not_after_ns > clock_wall_ns() + 3590 * SECOND);
}

static void a_given_key_is_certified(void **state)
{
	struct place *place = *state;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	AUTO(svid_unref) struct svid *svid = NULL;

	open_with(place, NULL);
	assert_int_equal(ca_issue(place->ca, WEB, key, clock_wall_ns(), &svid, NULL), 0);

	X509 *leaf = receive_leaf(svid);

	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(leaf), key), 1);
	X509_free(leaf);
	EVP_PKEY_free(key);
}

static void names_outside_of_the_trust_domain_are_refused(void **state)
{
	struct place *place = *state;
	struct error err = { 0 };
	struct svid *svid;

	open_with(place, NULL);
	assert_int_equal(
		ca_issue(place->ca, TEXT("spiffe://e.test/x"), NULL, clock_wall_ns(), &svid, &err),
		-EINVAL);
	assert_string_equal(err.text,
			    "'spiffe://e.test/x' lies outside of the trust domain 'd.test'");
	assert_int_equal(
		ca_issue(place->ca, TEXT("spiffe://d.test"), NULL, clock_wall_ns(), &svid, &err),
		-EINVAL);
	assert_int_equal(ca_issue(place->ca, TEXT("web"), NULL, clock_wall_ns(), &svid, &err),
			 -EINVAL);
}

static void an_svid_never_outlives_its_issuer(void **state)
{
	const struct ca_lifetimes lifetimes = { .svid_ns = 100 * NS_PER_SEC,
						.issuer_ns = 200 * NS_PER_SEC,
						.root_ns = 400 * NS_PER_SEC };
	struct place *place = *state;

	open_with(place, &lifetimes);

	const int64_t late = clock_wall_ns() + 150 * SECOND; /* nobody called ca_maintain */
	AUTO(svid_unref) struct svid *svid = issue_at(place, late);
	struct svid *none;

	assert_true(svid->not_after_ns <= clock_wall_ns() + 200 * SECOND);
	assert_int_equal(ca_issue(place->ca, WEB, NULL, late + 60 * SECOND, &none, NULL),
			 -EKEYEXPIRED);
}

/* Sixteen roots' worth of time in steps of a second: whatever was issued is trusted by everybody
 * who has the bundle of that moment, and by everybody whose bundle is as old as an SVID's life. */
static void rotation_never_breaks_trust(void **state)
{
	const struct ca_lifetimes lifetimes = { .svid_ns = 4 * NS_PER_SEC,
						.issuer_ns = 16 * NS_PER_SEC,
						.root_ns = 64 * NS_PER_SEC };
	struct place *place = *state;
	AUTO(bundles_unref) struct bundles *old_bundles = NULL;
	unsigned changes = 0;

	open_with(place, &lifetimes);

	const int64_t start = clock_wall_ns();

	old_bundles = bundles_ref(ca_bundles(place->ca));
	for (int64_t now = start; now < start + 300 * SECOND; now += SECOND) {
		struct error err = { 0 };
		bool changed;

		if (ca_maintain(place->ca, now, &changed, &err) < 0)
			fail_msg("%s", err.text);
		changes += changed;

		AUTO(svid_unref) struct svid *svid = issue_at(place, now);

		assert_int_equal(verify_at(ca_bundles(place->ca), svid, now), VERIFY_TRUSTED);
		assert_int_equal(verify_at(old_bundles, svid, now), VERIFY_TRUSTED);
		if ((now - start) / SECOND % 4 == 0) {
			bundles_unref(old_bundles);
			old_bundles = bundles_ref(ca_bundles(place->ca));
		}
	}
	/* a root every 32 s and a JWT key every 8 s comes, and goes at the end of its life */
	assert_in_range(changes, 30, 110);
	assert_int_equal(mode_of(place, "root-9.key"), 0600);
	assert_int_equal(mode_of(place, "root-1.key"), 0600); /* nothing is deleted */
}

static void generations_have_names_of_their_own(void **state)
{
	const struct ca_lifetimes lifetimes = { .svid_ns = 4 * NS_PER_SEC,
						.issuer_ns = 16 * NS_PER_SEC,
						.root_ns = 64 * NS_PER_SEC };
	struct place *place = *state;
	bool changed;

	open_with(place, &lifetimes);
	assert_int_equal(ca_maintain(place->ca, clock_wall_ns() + 40 * SECOND, &changed, NULL), 0);
	assert_true(changed);

	STACK_OF(X509) *roots = ca_bundles(place->ca)->items[0]->authorities;

	assert_int_equal(sk_X509_num(roots), 2);

	X509 *a = sk_X509_value(roots, 0), *b = sk_X509_value(roots, 1);

	assert_int_not_equal(X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)), 0);
	assert_int_not_equal(
		ASN1_OCTET_STRING_cmp(X509_get0_subject_key_id(a), X509_get0_subject_key_id(b)), 0);
}

static void years_of_downtime_need_no_deleting(void **state)
{
	const struct ca_lifetimes lifetimes = { .svid_ns = 4 * NS_PER_SEC,
						.issuer_ns = 16 * NS_PER_SEC,
						.root_ns = 64 * NS_PER_SEC };
	struct place *place = *state;
	const int64_t later = clock_wall_ns() + 100000 * SECOND;
	bool changed;

	open_with(place, &lifetimes);
	assert_int_equal(ca_maintain(place->ca, later, &changed, NULL), 0);

	AUTO(svid_unref) struct svid *svid = issue_at(place, later);

	assert_int_equal(verify_at(ca_bundles(place->ca), svid, later), VERIFY_TRUSTED);
	assert_int_equal(sk_X509_num(ca_bundles(place->ca)->items[0]->authorities), 1);
}

static void a_clock_before_the_first_root_is_reported(void **state)
{
	struct place *place = *state;
	struct error err = { 0 };
	bool changed;

	open_with(place, NULL);
	assert_int_equal(ca_maintain(place->ca, 0, &changed, &err), -EINVAL);
	assert_non_null(strstr(err.text, "the clock says 1970-01-01T00:00:00.000000Z, but root 1"));
	assert_int_equal(mode_of(place, "root-2.key"), 0);
}

static void lifetimes_must_leave_room(void **state)
{
	const struct ca_options options = { .lifetimes = { .svid_ns = 100, .issuer_ns = 150 } };
	struct place *place = *state;
	struct error err = { 0 };

	assert_int_equal(ca_open(place->directory, "d.test", &options, &place->ca, &err), -EINVAL);
	assert_non_null(strstr(err.text, "at least twice as long"));
}

static void renewal_is_due_around_half_of_life(void **state)
{
	struct place *place = *state;

	open_with(place, NULL);

	AUTO(svid_unref) struct svid *svid = issue_at(place, clock_wall_ns());
	const int64_t life = svid->not_after_ns - svid->not_before_ns;
	int64_t first = INT64_MAX, last = INT64_MIN;

	for (int i = 0; i < 1000; i++) {
		const int64_t due = svid_renewal_time_ns(svid);

		first = MIN_OF(first, due);
		last = MAX_OF(last, due);
	}
	assert_true(first >= svid->not_before_ns + life / 100 * 45);
	assert_true(last <= svid->not_before_ns + life / 100 * 55);
	assert_true(last - first > life / 100 * 8);
}

#define CA_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CA_TEST(the_first_start_makes_root_and_issuer),
		CA_TEST(a_second_start_finds_them),
		CA_TEST(the_trust_domain_is_cluster_local_unless_given),
		CA_TEST(another_trust_domain_is_refused),
		CA_TEST(one_process_at_a_time),
		CA_TEST(a_key_open_to_others_is_refused),
		CA_TEST(a_key_without_certificate_is_left_alone),
		CA_TEST(an_svid_has_the_exact_profile),
		CA_TEST(a_given_key_is_certified),
		CA_TEST(names_outside_of_the_trust_domain_are_refused),
		CA_TEST(an_svid_never_outlives_its_issuer),
		CA_TEST(rotation_never_breaks_trust),
		CA_TEST(generations_have_names_of_their_own),
		CA_TEST(years_of_downtime_need_no_deleting),
		CA_TEST(a_clock_before_the_first_root_is_reported),
		CA_TEST(lifetimes_must_leave_room),
		CA_TEST(renewal_is_due_around_half_of_life),
	};

	log_set_level(LOG_LEVEL_WARN);
	return cmocka_run_group_tests_name("ca", tests, NULL, NULL);
}
