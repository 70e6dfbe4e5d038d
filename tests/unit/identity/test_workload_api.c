/* SPDX-License-Identifier: Apache-2.0 */
/* Our Workload API server and our client, over a socket; other people's clients are in
 * tests/scenario/test_workload_api.py. */
#include "identity/identity.h"

#include "net/net.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define WEB "spiffe://d.test/ns/default/sa/web"
#define DB  "spiffe://d.test/ns/default/sa/db"

struct place {
	char directory[64];
	char *socket, *endpoint;
	struct loop *loop;
	struct ca *ca;
	struct workload_api *api;
	struct identity_source *source;
	struct identity_set *granted; /* what the server's owner entitles everybody to */
	struct caller caller;         /* the last one asked about */
	bool is_pending;              /* it is still being attested */
	unsigned changes;
	struct timer patience;
};

static struct identity_set *entitle(void *owner, const struct caller *caller, bool *is_pending)
{
	struct place *place = owner;

	place->caller = *caller;
	*is_pending = place->is_pending;
	if (place->is_pending)
		return NULL;
	return place->granted != NULL ? identity_set_ref(place->granted) : NULL;
}

static const struct workload_api_ops ops = { .entitled = entitle };

static void on_change(void *owner, struct identity_set *set)
{
	struct place *place = owner;

	assert_int_equal(set->generation, ++place->changes);
	loop_stop(place->loop);
}

static void give_up(struct timer *timer)
{
	loop_stop(CONTAINER_OF(timer, struct place, patience)->loop);
}

static void run(struct place *place, uint64_t at_most_ms)
{
	timer_set(place->loop, &place->patience, clock_monotonic_ns() + at_most_ms * NS_PER_MS);
	loop_run(place->loop);
	timer_cancel(place->loop, &place->patience);
}

static void grant(struct place *place, const char *first, const char *second)
{
	const char *const ids[] = { first, second };
	struct svid *svids[2] = { NULL };
	size_t count = 0;

	for (; count < 2 && ids[count] != NULL; count++)
		assert_int_equal(ca_issue(place->ca, text_of(ids[count]), NULL, clock_wall_ns(),
					  &svids[count], NULL),
				 0);
	identity_set_unref(TAKE(place->granted));
	if (count > 0)
		place->granted = identity_set_new(1, svids, count, ca_bundles(place->ca));
	svid_unref(svids[0]);
	svid_unref(svids[1]);
}

static void serve(struct place *place)
{
	assert_int_equal(
		workload_api_listen(place->loop, place->socket, &ops, place, &place->api, NULL), 0);
}

static void ask(struct place *place)
{
	assert_int_equal(identity_source_from_workload_api(place->loop, place->endpoint, on_change,
							   place, &place->source, NULL),
			 0);
}

static int set_up(void **state)
{
	struct place *place = MEM_NEW(struct place);

	strcpy(place->directory, "/tmp/mangrove-api-XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	place->socket = mem_printf("%s/api.sock", place->directory);
	place->endpoint = mem_printf("unix://%s", place->socket);
	place->loop = loop_new();
	place->patience.fire = give_up;
	assert_int_equal(ca_open(place->directory, "d.test", NULL, &place->ca, NULL), 0);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	AUTO(mem_free_text) char *command = mem_printf("rm -rf '%s'", place->directory);

	identity_source_free(place->source);
	workload_api_free(place->api);
	identity_set_unref(place->granted);
	ca_close(place->ca);
	loop_free(place->loop);
	mem_free(place->socket);
	mem_free(place->endpoint);
	assert_int_equal(system(command), 0);
	mem_free(place);
	return 0;
}

static const struct identity_set *received(const struct place *place)
{
	return identity_source_current(place->source);
}

static void the_first_state_comes_at_once(void **state)
{
	struct place *place = *state;
	struct peer_identity peer;

	grant(place, WEB, DB);
	serve(place);
	ask(place);
	run(place, 3000);
	assert_int_equal(place->changes, 1);
	assert_int_equal(received(place)->svid_count, 2);
	assert_string_equal(received(place)->svids[0]->id, WEB); /* the default identity */
	assert_non_null(identity_set_find(received(place), TEXT(DB)));
	assert_int_equal(sk_X509_num(received(place)->svids[0]->chain), 2);
	assert_int_equal(identity_verify_peer(received(place)->bundles,
					      svid_leaf(received(place)->svids[0]),
					      received(place)->svids[0]->chain, TLS_ROLE_SERVER,
					      clock_wall_ns(), &peer, NULL),
			 0);
}

static void who_is_being_attested_is_waited_for(void **state)
{
	struct place *place = *state;

	grant(place, WEB, NULL);
	place->is_pending = true;
	serve(place);
	ask(place);
	run(place, 100);
	assert_null(received(place));
	place->is_pending = false;
	workload_api_attested(place->api);
	run(place, 10000);
	assert_non_null(received(place));
	assert_int_equal(received(place)->svid_count, 1);
}

static void the_kernel_says_who_called(void **state)
{
	struct place *place = *state;

	grant(place, WEB, NULL);
	serve(place);
	ask(place);
	run(place, 3000);
	assert_int_equal(place->caller.pid, getpid());
	assert_int_equal(place->caller.uid, getuid());
	assert_int_equal(place->caller.gid, getgid());
	assert_true(caller_is_there(&place->caller));
	place->caller.started++;
	assert_false(caller_is_there(&place->caller));
}

static void a_change_is_pushed_whole(void **state)
{
	struct place *place = *state;

	grant(place, WEB, DB);
	serve(place);
	ask(place);
	run(place, 3000);
	grant(place, DB, NULL);
	workload_api_changed(place->api);
	run(place, 3000);
	assert_int_equal(place->changes, 2);
	assert_int_equal(received(place)->svid_count, 1);
	assert_null(identity_set_find(received(place), TEXT(WEB)));
}

static void what_did_not_change_is_not_sent(void **state)
{
	struct place *place = *state;

	grant(place, WEB, NULL);
	serve(place);
	ask(place);
	run(place, 3000);
	workload_api_changed(place->api);
	run(place, 100);
	assert_int_equal(place->changes, 1);
}

static void a_caller_without_identity_asks_again(void **state)
{
	struct place *place = *state;

	serve(place);
	ask(place);
	run(place, 150);
	assert_int_equal(place->changes, 0);
	grant(place, WEB, NULL);
	run(place, 3000);
	assert_int_equal(place->changes, 1);
}

static void the_last_identities_outlive_the_agent(void **state)
{
	struct place *place = *state;

	grant(place, WEB, NULL);
	serve(place);
	ask(place);
	run(place, 3000);
	workload_api_free(TAKE(place->api));
	run(place, 100);
	assert_non_null(identity_set_find(received(place), TEXT(WEB)));
	grant(place, DB, NULL);
	serve(place);
	run(place, 5000);
	assert_int_equal(place->changes, 2);
	assert_non_null(identity_set_find(received(place), TEXT(DB)));
}

static void a_lost_entitlement_ends_the_stream(void **state)
{
	struct place *place = *state;

	grant(place, WEB, NULL);
	serve(place);
	ask(place);
	run(place, 3000);
	grant(place, NULL, NULL);
	workload_api_changed(place->api);
	run(place, 100);
	grant(place, DB, NULL); /* to be seen only by a new call: nobody pushes this */
	run(place, 3000);
	assert_int_equal(place->changes, 2);
}

static void an_endpoint_has_one_of_two_forms(void **state)
{
	static const struct {
		const char *endpoint, *problem;
	} rows[] = {
		{ "/run/agent.sock", "is no Workload API endpoint: unix:///path or tcp://IP:port" },
		{ "unix://host/agent.sock", "is no Workload API endpoint" },
		{ "http://127.0.0.1:80", "is no Workload API endpoint" },
		{ "tcp://localhost:80", "'tcp://localhost:80'" },
		{ NULL, "SPIFFE_ENDPOINT_SOCKET is not set" },
	};
	struct place *place = *state;

	unsetenv("SPIFFE_ENDPOINT_SOCKET");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct error err = { 0 };

		assert_int_equal(identity_source_from_workload_api(place->loop, rows[i].endpoint,
								   on_change, place, &place->source,
								   &err),
				 -EINVAL);
		assert_non_null(strstr(err.text, rows[i].problem));
	}
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(the_first_state_comes_at_once),
		API_TEST(who_is_being_attested_is_waited_for),
		API_TEST(the_kernel_says_who_called),
		API_TEST(a_change_is_pushed_whole),
		API_TEST(what_did_not_change_is_not_sent),
		API_TEST(a_caller_without_identity_asks_again),
		API_TEST(the_last_identities_outlive_the_agent),
		API_TEST(a_lost_entitlement_ends_the_stream),
		API_TEST(an_endpoint_has_one_of_two_forms),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("workload_api", tests, NULL, NULL);
}
