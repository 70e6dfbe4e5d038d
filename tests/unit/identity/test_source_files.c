/* SPDX-License-Identifier: Apache-2.0 */
/* Identities from PEM files, as cert-manager and spiffe-helper leave them, over a real event loop.
 */
#include "identity/certificates.h"

#include "net/net.h"

#include <openssl/pem.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct place {
	char directory[64];
	struct loop *loop;
	struct identity_source *source;
	unsigned changes;
	bool is_running;
	struct timer patience;
	struct certificate root, issuer;
};

static void give_up(struct timer *timer)
{
	loop_stop(CONTAINER_OF(timer, struct place, patience)->loop);
}

static void on_change(void *owner, struct identity_set *set)
{
	struct place *place = owner;

	assert_int_equal(set->generation, ++place->changes);
	if (place->is_running)
		loop_stop(place->loop);
}

/* Runs until the next change, or for the time given. */
static void run(struct place *place, uint64_t at_most_ms)
{
	timer_set(place->loop, &place->patience, clock_monotonic_ns() + at_most_ms * NS_PER_MS);
	place->is_running = true;
	loop_run(place->loop);
	place->is_running = false;
	timer_cancel(place->loop, &place->patience);
}

static int set_up(void **state)
{
	struct place *place = MEM_NEW(struct place);

	strcpy(place->directory, "/tmp/mangrove-pem-XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	place->loop = loop_new();
	place->patience.fire = give_up;
	place->root = certificate_make(&good_root, NULL);
	place->issuer = certificate_make(&good_issuer, &place->root);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	AUTO(mem_free_text) char *command = mem_printf("rm -rf '%s'", place->directory);

	identity_source_free(place->source);
	loop_free(place->loop);
	certificate_done(&place->issuer);
	certificate_done(&place->root);
	assert_int_equal(system(command), 0);
	mem_free(place);
	return 0;
}

static void write_text(const struct place *place, const char *name, const char *text)
{
	AUTO(mem_free_text) char *path = mem_printf("%s/%s", place->directory, name);

	assert_int_equal(file_write_atomic(path, text, strlen(text), 0600, NULL), 0);
}

static void write_bio(const struct place *place, const char *name, BIO *bio)
{
	BIO_write(bio, "", 1);

	char *text;

	BIO_get_mem_data(bio, &text);
	write_text(place, name, text);
	BIO_free(bio);
}

static void write_chain(const struct place *place, const char *name, const struct certificate *leaf)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, leaf->x509);
	PEM_write_bio_X509(bio, place->issuer.x509);
	write_bio(place, name, bio);
}

static void write_key(const struct place *place, const char *name, const struct certificate *leaf)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, leaf->key, NULL, NULL, 0, NULL, NULL);
	write_bio(place, name, bio);
}

static void write_bundle(const struct place *place, const char *name)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, place->root.x509);
	write_bio(place, name, bio);
}

static void write_cert_manager(const struct place *place, const struct certificate *leaf)
{
	write_chain(place, "tls.crt", leaf);
	write_key(place, "tls.key", leaf);
	write_bundle(place, "ca.crt");
}

static int open_directory(struct place *place, struct error *err)
{
	const struct identity_files files = { .directory = place->directory };

	return identity_source_from_files(place->loop, &files, 1, on_change, place, &place->source,
					  err);
}

static enum verify_reason verify_own(const struct place *place)
{
	const struct identity_set *set = identity_source_current(place->source);
	struct peer_identity peer;

	identity_verify_peer(set->bundles, svid_leaf(set->svids[0]), set->svids[0]->chain,
			     TLS_ROLE_SERVER, clock_wall_ns(), &peer, NULL);
	return peer.reason;
}

static void cert_manager_s_layout_is_read(void **state)
{
	struct place *place = *state;
	struct certificate leaf = certificate_make(&good_leaf, &place->issuer);

	write_cert_manager(place, &leaf);
	assert_int_equal(open_directory(place, NULL), 0);
	assert_int_equal(place->changes, 1);
	assert_int_equal(verify_own(place), VERIFY_TRUSTED);
	assert_non_null(identity_set_find(identity_source_current(place->source),
					  TEXT("spiffe://d.test/ns/default/sa/web")));
	assert_null(identity_set_find(identity_source_current(place->source),
				      TEXT("spiffe://d.test/ns/default/sa/we")));
	certificate_done(&leaf);
}

static void spiffe_helper_s_layout_is_read(void **state)
{
	struct place *place = *state;
	struct certificate leaf = certificate_make(&good_leaf, &place->issuer);

	write_chain(place, "svid.pem", &leaf);
	write_key(place, "svid_key.pem", &leaf);
	write_bundle(place, "svid_bundle.pem");
	assert_int_equal(open_directory(place, NULL), 0);
	assert_int_equal(verify_own(place), VERIFY_TRUSTED);
	certificate_done(&leaf);
}

static void a_replaced_pair_is_picked_up(void **state)
{
	struct place *place = *state;
	struct certificate first = certificate_make(&good_leaf, &place->issuer);
	struct certificate second = certificate_make(&good_leaf, &place->issuer);

	write_cert_manager(place, &first);
	assert_int_equal(open_directory(place, NULL), 0);
	write_cert_manager(place, &second);
	run(place, 5000);
	assert_int_equal(place->changes, 2);
	assert_int_equal(
		X509_cmp(svid_leaf(identity_source_current(place->source)->svids[0]), second.x509),
		0);
	certificate_done(&second);
	certificate_done(&first);
}

static void half_a_pair_changes_nothing(void **state)
{
	struct place *place = *state;
	struct certificate first = certificate_make(&good_leaf, &place->issuer);
	struct certificate second = certificate_make(&good_leaf, &place->issuer);

	write_cert_manager(place, &first);
	assert_int_equal(open_directory(place, NULL), 0);
	write_chain(place, "tls.crt", &second); /* the key has not arrived yet */
	run(place, 400);
	assert_int_equal(place->changes, 1);
	write_key(place, "tls.key", &second);
	run(place, 5000);
	assert_int_equal(place->changes, 2);
	write_text(place, "tls.crt", "-----BEGIN CERTIFICATE-----\nMII");
	run(place, 400);
	assert_int_equal(place->changes, 2);
	assert_int_equal(verify_own(place), VERIFY_TRUSTED);
	certificate_done(&second);
	certificate_done(&first);
}

static void touching_the_files_is_no_change(void **state)
{
	struct place *place = *state;
	struct certificate leaf = certificate_make(&good_leaf, &place->issuer);

	write_cert_manager(place, &leaf);
	assert_int_equal(open_directory(place, NULL), 0);
	write_cert_manager(place, &leaf);
	run(place, 400);
	assert_int_equal(place->changes, 1);
	certificate_done(&leaf);
}

static void several_identities_make_one_set(void **state)
{
	struct place *place = *state;
	struct recipe other_recipe = good_leaf;

	other_recipe.names = "critical,URI:spiffe://d.test/ns/default/sa/db";

	struct certificate web = certificate_make(&good_leaf, &place->issuer);
	struct certificate db = certificate_make(&other_recipe, &place->issuer);
	AUTO(mem_free_text) char *certificate = mem_printf("%s/db.pem", place->directory);
	AUTO(mem_free_text) char *key = mem_printf("%s/db.key", place->directory);
	AUTO(mem_free_text) char *bundle = mem_printf("%s/ca.crt", place->directory);
	const struct identity_files files[] = {
		{ .directory = place->directory },
		{ .certificate = certificate, .key = key, .bundle = bundle },
	};

	write_cert_manager(place, &web);
	write_chain(place, "db.pem", &db);
	write_key(place, "db.key", &db);
	assert_int_equal(identity_source_from_files(place->loop, files, 2, on_change, place,
						    &place->source, NULL),
			 0);

	const struct identity_set *set = identity_source_current(place->source);

	assert_int_equal(set->svid_count, 2);
	assert_non_null(identity_set_find(set, TEXT("spiffe://d.test/ns/default/sa/db")));
	assert_int_equal(sk_X509_num(set->bundles->items[0]->authorities), 1);
	certificate_done(&db);
	certificate_done(&web);
}

static void what_is_wrong_is_said(void **state)
{
	struct place *place = *state;
	struct certificate leaf = certificate_make(&good_leaf, &place->issuer);
	struct certificate other = certificate_make(&good_leaf, &place->issuer);
	struct error err = { 0 };

	assert_int_equal(open_directory(place, &err), -ENOENT);
	assert_non_null(strstr(err.text, "holds neither tls.crt (as cert-manager writes) nor"));

	write_chain(place, "tls.crt", &leaf);
	assert_int_equal(open_directory(place, &err), -ENOENT);
	assert_non_null(strstr(err.text, "tls.key: No such file"));

	write_key(place, "tls.key", &other);
	write_bundle(place, "ca.crt");
	assert_int_equal(open_directory(place, &err), -EINVAL);
	assert_non_null(strstr(err.text, "tls.crt: the private key is not the certificate's"));

	write_text(place, "tls.key", "nothing");
	assert_int_equal(open_directory(place, &err), -ENOENT);
	assert_non_null(strstr(err.text, "tls.key: there is no PEM private key in it"));

	write_key(place, "tls.key", &leaf);
	write_chain(place, "ca.crt", &leaf);
	assert_int_equal(open_directory(place, &err), -EINVAL);
	assert_non_null(strstr(err.text, "ca.crt: certificate 1 is no certificate authority"));
	certificate_done(&other);
	certificate_done(&leaf);
}

#define SOURCE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SOURCE_TEST(cert_manager_s_layout_is_read),
		SOURCE_TEST(spiffe_helper_s_layout_is_read),
		SOURCE_TEST(a_replaced_pair_is_picked_up),
		SOURCE_TEST(half_a_pair_changes_nothing),
		SOURCE_TEST(touching_the_files_is_no_change),
		SOURCE_TEST(several_identities_make_one_set),
		SOURCE_TEST(what_is_wrong_is_said),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("source_files", tests, NULL, NULL);
}
