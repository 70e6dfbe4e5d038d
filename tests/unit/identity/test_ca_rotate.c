/* SPDX-License-Identifier: Apache-2.0 */
/* Generations that wait to be known, and leave when they are not needed; limits; lists of the
 * revoked. */
#include "identity/identity.h"

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
	int64_t start;
};

static int set_up(void **state)
{
	struct place *place = MEM_NEW(struct place);

	strcpy(place->directory, "/tmp/mangrove-ca-XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	place->start = clock_wall_ns();
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

static void open_with(struct place *place, const struct ca_options *options)
{
	struct error err = { 0 };

	if (ca_open(place->directory, "d.test", options, &place->ca, &err) < 0)
		fail_msg("%s", err.text);
}

/* SVIDs of 10 s, roots of 800 s: a new root settles in 5 s where somebody asked for it, else in
 * 100. */
static const struct ca_options short_lives = {
	.lifetimes = { .svid_ns = 10 * NS_PER_SEC,
		       .issuer_ns = 100 * NS_PER_SEC,
		       .root_ns = 800 * NS_PER_SEC,
		       .jwt_ns = 10 * NS_PER_SEC },
};

static void maintain_at(struct place *place, int64_t seconds)
{
	struct error err = { 0 };
	bool changed;

	if (ca_maintain(place->ca, place->start + seconds * SECOND, &changed, &err) < 0)
		fail_msg("%s", err.text);
}

static struct authority_state find(const struct place *place, enum authority_kind kind,
				   unsigned number, int64_t seconds)
{
	struct authority_state states[64];
	const size_t count = ca_authorities(place->ca, place->start + seconds * SECOND, states,
					    COUNT_OF(states));

	for (size_t i = 0; i < count; i++)
		if (states[i].kind == kind && states[i].number == number)
			return states[i];
	fail_msg("there is no %s %u", authority_kind_name(kind), number);
	return states[0];
}

static void a_new_root_signs_once_all_were_told(void **state)
{
	struct place *place = *state;

	open_with(place, &short_lives);
	assert_int_equal(ca_rotate(place->ca, AUTHORITY_ROOT, place->start, NULL), 0);
	maintain_at(place, 1);
	assert_true(find(place, AUTHORITY_ROOT, 2, 1).is_published);
	assert_true(find(place, AUTHORITY_ROOT, 1, 1).is_signing);
	ca_note_told(place->ca);
	maintain_at(place, 4); /* told, but they need time to act */
	assert_true(find(place, AUTHORITY_ROOT, 1, 4).is_signing);
	maintain_at(place, 6);
	assert_true(find(place, AUTHORITY_ROOT, 2, 6).is_signing);
}

static void a_subscriber_that_does_not_read_holds_it_up_for_a_while(void **state)
{
	struct place *place = *state;

	open_with(place, &short_lives);
	assert_int_equal(ca_rotate(place->ca, AUTHORITY_ROOT, place->start, NULL), 0);
	maintain_at(place, 1);
	maintain_at(place, 9);
	assert_true(find(place, AUTHORITY_ROOT, 1, 9).is_signing);
	maintain_at(place, 11); /* twice the time */
	assert_true(find(place, AUTHORITY_ROOT, 2, 11).is_signing);
}

static void the_old_root_leaves_when_nothing_of_it_is_left(void **state)
{
	struct place *place = *state;

	open_with(place, &short_lives);
	assert_int_equal(ca_rotate(place->ca, AUTHORITY_ROOT, place->start, NULL), 0);
	maintain_at(place, 1);
	ca_note_told(place->ca);
	maintain_at(place, 6);
	maintain_at(place, 20); /* an SVID of second 5 has just expired */
	assert_true(find(place, AUTHORITY_ROOT, 1, 20).is_published);
	maintain_at(place, 27);
	assert_false(find(place, AUTHORITY_ROOT, 1, 27).is_published);
	assert_int_equal(sk_X509_num(ca_bundles(place->ca)->items[0]->authorities), 1);
}

static void a_new_issuer_signs_at_once(void **state)
{
	struct place *place = *state;

	open_with(place, &short_lives);
	assert_int_equal(ca_rotate(place->ca, AUTHORITY_ISSUER, place->start, NULL), 0);
	maintain_at(place, 1);
	assert_true(find(place, AUTHORITY_ISSUER, 2, 1).is_signing);
	assert_false(find(place, AUTHORITY_ISSUER, 1, 1).is_signing);
}

static int issue_at(const struct place *place, struct text id, int64_t seconds, struct error *err)
{
	AUTO(svid_unref) struct svid *svid = NULL;

	return ca_issue(place->ca, id, NULL, place->start + seconds * SECOND, &svid, err);
}

static void who_asks_too_often_waits(void **state)
{
	const struct ca_options options = { .limits = { .workload_rate = 1, .total_rate = 2 } };
	struct place *place = *state;
	struct error err = { 0 };

	open_with(place, &options);
	for (int i = 0; i < 10; i++) /* ten seconds' worth at once */
		assert_int_equal(issue_at(place, WEB, 0, NULL), 0);
	assert_int_equal(issue_at(place, WEB, 0, &err), -EBUSY);
	assert_non_null(strstr(err.text, "more than 1 identities a second for spiffe://d.test"));
	assert_int_equal(issue_at(place, TEXT("spiffe://d.test/other"), 0, NULL), 0);
	assert_int_equal(issue_at(place, WEB, 1, NULL), 0);
	assert_int_equal(issue_at(place, WEB, 1, NULL), -EBUSY);
}

static void all_together_have_a_limit_too(void **state)
{
	const struct ca_options options = { .limits = { .workload_rate = 100, .total_rate = 1 } };
	struct place *place = *state;
	struct error err = { 0 };
	char id[64];

	open_with(place, &options);
	for (int i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "spiffe://d.test/w%d", i);
		assert_int_equal(issue_at(place, text_of(id), 0, NULL), 0);
	}
	assert_int_equal(issue_at(place, WEB, 0, &err), -EBUSY);
	assert_string_equal(err.text, "more than 1 identities a second");
}

static void revocation_lists_come_with_the_bundle(void **state)
{
	struct place *place = *state;

	open_with(place, &short_lives);
	assert_int_equal(ca_bundles(place->ca)->items[0]->crl_count, 2);

	const struct buffer *der = &ca_bundles(place->ca)->items[0]->crls[0];
	const unsigned char *next = (const unsigned char *)der->data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &next, (long)der->len);

	assert_non_null(crl);
	assert_null(X509_CRL_get_REVOKED(crl));
	X509_CRL_free(crl);
}

static void a_request_needs_an_offline_root(void **state)
{
	struct place *place = *state;
	AUTO_BUFFER struct buffer pem = { 0 };
	struct error err = { 0 };

	open_with(place, &short_lives);
	assert_int_equal(ca_request(place->ca, &pem, &err), -EINVAL);
	assert_non_null(strstr(err.text, "--offline-root"));
	assert_true(ca_import(place->ca, TEXT("nonsense"), place->start, &err) < 0);
}

#define CA_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CA_TEST(a_new_root_signs_once_all_were_told),
		CA_TEST(a_subscriber_that_does_not_read_holds_it_up_for_a_while),
		CA_TEST(the_old_root_leaves_when_nothing_of_it_is_left),
		CA_TEST(a_new_issuer_signs_at_once),
		CA_TEST(who_asks_too_often_waits),
		CA_TEST(all_together_have_a_limit_too),
		CA_TEST(revocation_lists_come_with_the_bundle),
		CA_TEST(a_request_needs_an_offline_root),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("ca_rotate", tests, NULL, NULL);
}
