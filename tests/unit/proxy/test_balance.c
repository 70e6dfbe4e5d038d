/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets how much: each balancer beside the shares that its weights promise. */
#include "proxy/balance.h"

#include "proxy/cluster_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ENDPOINTS 4
#define PICKS     20000

struct fixture {
	struct arena arena;
	struct upstream upstreams[ENDPOINTS];
	struct cluster_endpoint endpoints[ENDPOINTS];
	struct endpoint_group group;
	struct cluster cluster;
	struct choice choice;
	size_t loads[ENDPOINTS], counts[ENDPOINTS];
};

static size_t load_of(const void *owner, const struct cluster_endpoint *endpoint)
{
	const struct fixture *fixture = owner;

	return fixture->loads[endpoint - fixture->endpoints];
}

static bool is_second(const void *owner, const struct cluster_endpoint *endpoint)
{
	const struct fixture *fixture = owner;

	return endpoint == &fixture->endpoints[1];
}

static struct fixture *make(const struct balancer *balancer, const uint32_t weights[ENDPOINTS],
			    size_t size)
{
	static const char *const addresses[] = { "10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80",
						 "10.0.0.4:80" };
	struct fixture *fixture = MEM_NEW(struct fixture);

	arena_init(&fixture->arena, 4096);
	fixture->group =
		(struct endpoint_group){ .endpoints = fixture->endpoints, .is_even = true };
	for (size_t i = 0; i < ENDPOINTS && weights[i] > 0; i++) {
		fixture->upstreams[i].address_text = addresses[i];
		fixture->endpoints[i] = (struct cluster_endpoint){
			.upstream = &fixture->upstreams[i],
			.state = host_state_new(0),
			.weight = weights[i],
		};
		fixture->group.count++;
		fixture->group.total_weight += weights[i];
		fixture->group.is_even &= weights[i] == weights[0];
	}
	fixture->cluster = (struct cluster){ .groups = &fixture->group,
					     .group_count = 1,
					     .endpoints = fixture->endpoints,
					     .endpoint_count = fixture->group.count,
					     .balancer = balancer,
					     .state = cluster_state_new() };
	fixture->choice = (struct choice){ .cluster = &fixture->cluster,
					   .now_ns = 1000 * NS_PER_SEC,
					   .load = load_of,
					   .owner = fixture };
	if (balancer->prepare != NULL)
		balancer->prepare(&fixture->arena, &fixture->group, size);
	return fixture;
}

static void release(struct fixture *fixture)
{
	for (size_t i = 0; i < ENDPOINTS; i++)
		host_state_unref(fixture->endpoints[i].state);
	cluster_state_unref(fixture->cluster.state);
	arena_done(&fixture->arena);
	mem_free(fixture);
}

static size_t pick(struct fixture *fixture)
{
	const struct cluster_endpoint *endpoint = balance_pick(&fixture->choice);

	assert_non_null(endpoint);
	return (size_t)(endpoint - fixture->endpoints);
}

static void count_picks(struct fixture *fixture, size_t picks)
{
	memset(fixture->counts, 0, sizeof(fixture->counts));
	for (size_t i = 0; i < picks; i++)
		fixture->counts[pick(fixture)]++;
}

/* ---- shares ---- */

static const struct share_case {
	const char *name;
	const struct balancer *balancer;
	uint32_t weights[ENDPOINTS]; /* 0: no such endpoint */
	size_t size;
	bool by_hash;
	double tolerance; /* of the share that its weight promises */
} shares[] = {
	{ "round robin, equal", &balance_round_robin, { 1, 1, 1, 1 }, 0, false, 0 },
	{ "round robin, weights", &balance_round_robin, { 5, 3, 2 }, 0, false, 0 },
	{ "round robin, large weights", &balance_round_robin, { 1000, 3000 }, 0, false, 0 },
	{ "random, equal", &balance_random, { 1, 1, 1, 1 }, 0, false, 0.08 },
	{ "random, weights", &balance_random, { 70, 20, 10 }, 0, false, 0.08 },
	{ "least request, equal", &balance_least_request, { 1, 1, 1, 1 }, 0, false, 0.08 },
	{ "least request, one endpoint", &balance_least_request, { 1 }, 0, false, 0 },
	{ "ring, equal", &balance_ring_hash, { 1, 1, 1, 1 }, 65536, true, 0.10 },
	{ "ring, weights", &balance_ring_hash, { 3, 1 }, 65536, true, 0.10 },
	{ "maglev, equal", &balance_maglev, { 1, 1, 1, 1 }, 0, true, 0.08 },
	{ "maglev, weights", &balance_maglev, { 3, 1 }, 0, true, 0.08 },
};

static uint64_t spread(uint64_t number) /* as a good hash of it would be */
{
	number *= UINT64_C(0x9e3779b97f4a7c15);
	return number ^ (number >> 29);
}

static void check_share(void **state)
{
	const struct share_case *row = *state;
	struct fixture *fixture = make(row->balancer, row->weights, row->size);

	fixture->choice.has_hash = row->by_hash;
	for (size_t i = 0; i < PICKS; i++) {
		fixture->choice.hash = spread(i);
		fixture->counts[pick(fixture)]++;
	}
	for (size_t i = 0; i < fixture->group.count; i++) {
		const double want =
			(double)PICKS * row->weights[i] / (double)fixture->group.total_weight;

		assert_true((double)fixture->counts[i] >= want * (1 - row->tolerance));
		assert_true((double)fixture->counts[i] <= want * (1 + row->tolerance));
	}
	release(fixture);
}

/* ---- what each is for ---- */

static void check_less_loaded(void **state)
{
	struct fixture *fixture = make(&balance_least_request, (uint32_t[]){ 1, 1, 0, 0 }, 0);

	(void)state;
	fixture->loads[0] = 7;
	count_picks(fixture, 100);
	assert_int_equal(fixture->counts[0], 0); /* of two, both are always looked at */
	release(fixture);
}

static void check_avoids(void **state)
{
	const struct balancer *balancer = *state;
	struct fixture *fixture = make(balancer, (uint32_t[]){ 1, 1, 1, 0 }, 0);

	fixture->choice.avoids = is_second;
	count_picks(fixture, 1000);
	assert_true(fixture->counts[1] < 30); /* five draws, then it takes what it gets */
	release(fixture);
}

/* A client stays where it is, and of four endpoints the loss of one moves its clients alone. */
static void check_consistent(void **state)
{
	const struct balancer *balancer = *state;
	struct fixture *all = make(balancer, (uint32_t[]){ 1, 1, 1, 1 }, 0);
	struct fixture *fewer = make(balancer, (uint32_t[]){ 1, 1, 1, 0 }, 0);
	size_t moved = 0, stayed = 0;

	all->choice.has_hash = fewer->choice.has_hash = true;
	for (uint64_t client = 0; client < 4000; client++) {
		all->choice.hash = fewer->choice.hash = spread(client);

		const size_t before = pick(all);

		assert_int_equal(before, pick(all));
		if (before == 3)
			continue;
		if (before == pick(fewer))
			stayed++;
		else
			moved++;
	}
	assert_true(stayed > 2000);
	/* fewer endpoints have more points each, which moves a few others too */
	assert_true(moved < stayed / 4);
	release(all);
	release(fewer);
}

static void check_without_key(void **state)
{
	struct fixture *fixture = make(&balance_ring_hash, (uint32_t[]){ 1, 1, 1, 1 }, 0);
	static const struct consistent_hash by_header;

	(void)state;
	fixture->cluster.hash = &by_header;
	count_picks(fixture, PICKS);
	for (size_t i = 0; i < ENDPOINTS; i++)
		assert_true(fixture->counts[i] > PICKS / 5);
	release(fixture);
}

static void check_warm_up(void **state)
{
	const struct balancer *balancer = *state;
	struct fixture *fixture = make(balancer, (uint32_t[]){ 1, 1, 0, 0 }, 0);

	fixture->cluster.warm_up = (struct warm_up){ 100 * NS_PER_SEC, 1, 0.1 };
	fixture->endpoints[1].state->added_ns = 1000 * NS_PER_SEC - 50 * NS_PER_SEC;
	count_picks(fixture, PICKS);
	/* half of its weight: a third of all */
	assert_in_range(fixture->counts[1], PICKS * 28 / 100, PICKS * 38 / 100);
	fixture->endpoints[1].state->added_ns = 1000 * NS_PER_SEC - 100 * NS_PER_SEC;
	count_picks(fixture, PICKS);
	assert_in_range(fixture->counts[1], PICKS * 45 / 100, PICKS * 55 / 100);
	release(fixture);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(shares) + 8];
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(shares); i++)
		tests[count++] = (struct CMUnitTest){ .name = shares[i].name,
						      .test_func = check_share,
						      .initial_state = (void *)&shares[i] };
#define TEST(title, function, argument)                                                            \
	tests[count++] = (struct CMUnitTest){ .name = (title),                                     \
					      .test_func = (function),                             \
					      .initial_state = (void *)(argument) }
	TEST("least request takes the less loaded", check_less_loaded, NULL);
	TEST("random avoids who just failed", check_avoids, &balance_random);
	TEST("round robin avoids who just failed", check_avoids, &balance_round_robin);
	TEST("a ring is consistent", check_consistent, &balance_ring_hash);
	TEST("maglev is consistent", check_consistent, &balance_maglev);
	TEST("without a key any endpoint will do", check_without_key, NULL);
	TEST("random warms up", check_warm_up, &balance_random);
	TEST("round robin warms up", check_warm_up, &balance_round_robin);
#undef TEST
	return _cmocka_run_group_tests("balance", tests, count, NULL, NULL);
}
