/* SPDX-License-Identifier: Apache-2.0 */
/* From resources to identities, and who may have them; time is a parameter. */
#include "identity/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECOND    ((int64_t)NS_PER_SEC)
#define PROXY_UID 1000

struct place {
	char directory[64];
	struct ca *ca;
	struct registry *registry;
	int64_t start;
};

static int set_up(void **state)
{
	const struct ca_options options = { .lifetimes.svid_ns = 100 * NS_PER_SEC };
	struct place *place = MEM_NEW(struct place);

	strcpy(place->directory, "/tmp/mangrove-registry-XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	assert_int_equal(ca_open(place->directory, "d.test", &options, &place->ca, NULL), 0);
	place->registry = registry_new(place->ca, NULL, PROXY_UID);
	place->start = clock_wall_ns();
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	AUTO(mem_free_text) char *command = mem_printf("rm -rf '%s'", place->directory);

	registry_free(place->registry);
	ca_close(place->ca);
	assert_int_equal(system(command), 0);
	mem_free(place);
	return 0;
}

static void load(struct place *place, const char *yaml)
{
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	AUTO_DIAGNOSTICS struct diagnostics found;
	struct error err = { 0 };

	diagnostics_init(&found);
	if (resource_set_parse("test.yaml", text_of(yaml), NULL, &found, &set, &err) < 0)
		fail_msg("%s", err.text);
	registry_load(place->registry, set, place->start);
}

static struct identity_set *entitled(struct place *place, uid_t uid)
{
	const struct caller caller = { .pid = 1, .uid = uid, .gid = uid };

	bool is_pending = false;

	return registry_entitled(place->registry, &caller, &is_pending);
}

#define ENTRY(name, account)                                                                       \
	"apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"                                \
	"metadata: {name: " name ", namespace: shop}\n"                                            \
	"spec: {address: 127.0.0.1" account "}\n---\n"
#define WORKLOAD(name, processes)                                                                  \
	"apiVersion: mangrove.dev/v1\nkind: Workload\n"                                            \
	"metadata: {name: " name ", namespace: shop}\n"                                            \
	"spec: {serviceAccount: " name ", processes: [" processes "]}\n---\n"
#define POD                                                                                        \
	"apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: pods}\n"                        \
	"spec: {serviceAccountName: runner, containers: [{name: c, image: i}]}\n---\n"

static void each_kind_of_workload_gets_an_identity(void **state)
{
	struct place *place = *state;

	load(place, ENTRY("web", ", serviceAccount: web") ENTRY("plain", "")
			    WORKLOAD("voice", "{uid: 5}") POD);

	AUTO(identity_set_unref) struct identity_set *set = entitled(place, PROXY_UID);

	assert_int_equal(set->svid_count, 4);
	assert_non_null(identity_set_find(set, TEXT("spiffe://d.test/ns/shop/sa/web")));
	assert_non_null(identity_set_find(set, TEXT("spiffe://d.test/ns/shop/sa/default")));
	assert_non_null(identity_set_find(set, TEXT("spiffe://d.test/ns/shop/sa/voice")));
	assert_non_null(identity_set_find(set, TEXT("spiffe://d.test/ns/pods/sa/runner")));
}

static void a_process_gets_what_it_fits(void **state)
{
	struct place *place = *state;

	load(place, WORKLOAD("voice", "{uid: 5}, {uid: 6}") WORKLOAD("both", "{uid: 5, gid: 5}")
			    WORKLOAD("none", ""));

	AUTO(identity_set_unref) struct identity_set *five = entitled(place, 5);
	AUTO(identity_set_unref) struct identity_set *six = entitled(place, 6);

	assert_int_equal(five->svid_count, 2);
	assert_string_equal(five->svids[0]->id, "spiffe://d.test/ns/shop/sa/both"); /* closer */
	assert_string_equal(five->svids[1]->id, "spiffe://d.test/ns/shop/sa/voice");
	assert_int_equal(six->svid_count, 1);
	assert_null(entitled(place, 7));
	assert_null(entitled(place, 0));
}

static void what_is_spoken_of_no_longer_is_dropped(void **state)
{
	struct place *place = *state;

	load(place, ENTRY("web", ", serviceAccount: web") ENTRY("db", ", serviceAccount: db"));

	AUTO(identity_set_unref) struct identity_set *before = entitled(place, PROXY_UID);

	load(place, ENTRY("web", ", serviceAccount: web"));

	AUTO(identity_set_unref) struct identity_set *after = entitled(place, PROXY_UID);
	const struct text web = TEXT("spiffe://d.test/ns/shop/sa/web");

	assert_int_equal(after->svid_count, 1);
	assert_true(after->generation > before->generation);
	/* and what stays is not issued anew */
	assert_ptr_equal(identity_set_find(after, web), identity_set_find(before, web));
}

static void renewals_come_in_time_and_together(void **state)
{
	AUTO_BUFFER struct buffer yaml = { 0 };
	struct place *place = *state;
	unsigned pushes = 0;

	for (int i = 0; i < 200; i++)
		buffer_printf(&yaml, ENTRY("e%d", ", serviceAccount: a%d"), i, i);
	load(place, yaml.data);
	for (int64_t now = place->start; now < place->start + 500 * SECOND; now += SECOND) {
		pushes += registry_maintain(place->registry, now);

		AUTO(identity_set_unref) struct identity_set *set = entitled(place, PROXY_UID);

		assert_int_equal(set->svid_count, 200);
		for (size_t i = 0; i < set->svid_count; i++)
			assert_true(set->svids[i]->not_after_ns > now + 40 * SECOND);
	}
	assert_in_range(pushes, 9, 50); /* of 2,000 renewals; never two within a tenth of a life */
}

#define REGISTRY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REGISTRY_TEST(each_kind_of_workload_gets_an_identity),
		REGISTRY_TEST(a_process_gets_what_it_fits),
		REGISTRY_TEST(what_is_spoken_of_no_longer_is_dropped),
		REGISTRY_TEST(renewals_come_in_time_and_together),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
