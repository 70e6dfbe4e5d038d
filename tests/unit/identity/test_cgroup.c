/* SPDX-License-Identifier: Apache-2.0 */
/* Which unit and which container a process belongs to, as /proc/PID/cgroup tells it. */
#include "identity/cgroup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct unit_case {
	const char *name, *cgroup, *unit; /* NULL: none */
} rows[] = {
	{ "unified hierarchy", "0::/system.slice/voice.service\n", "voice.service" },
	{ "a slice of its own", "0::/system.slice/system-voice.slice/voice@1.service\n",
	  "voice@1.service" },
	{ "version 1",
	  "12:memory:/system.slice/other.service\n1:name=systemd:/system.slice/voice.service\n",
	  "voice.service" },
	{ "hybrid", "1:name=systemd:/system.slice/voice.service\n0::/system.slice/voice.service\n",
	  "voice.service" },
	{ "a group below the unit is the unit's", "0::/system.slice/voice.service/worker\n",
	  "voice.service" },
	{ "a user's manager cannot name a system unit",
	  "0::/user.slice/user-1000.slice/user@1000.service/app.slice/voice.service\n",
	  "user@1000.service" },
	{ "a container's inner systemd neither",
	  "0::/system.slice/docker-5d3f.scope/system.slice/voice.service\n", "docker-5d3f.scope" },
	{ "a login", "0::/user.slice/user-1000.slice/session-2.scope\n", "session-2.scope" },
	{ "the root group", "0::/\n", NULL },
	{ "a private cgroup namespace shows nothing", "0::/..\n", ".." },
	{ "slices only", "0::/system.slice\n", NULL },
	{ "empty", "", NULL },
	{ "no path", "0::\n", NULL },
	{ "no colons", "voice.service", NULL },
	{ "a relative path is none", "0::voice.service\n", NULL },
};

static void check_row(void **state)
{
	const struct unit_case *row = *state;
	const struct text unit = cgroup_unit(text_of(row->cgroup));

	if (row->unit == NULL)
		assert_true(text_is_empty(unit));
	else
		assert_true(text_is(unit, row->unit));
}

#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static const struct container_case {
	const char *name, *cgroup, *id; /* NULL: none */
} containers[] = {
	{ "docker by systemd", "0::/system.slice/docker-" ID ".scope\n", ID },
	{ "docker in a slice of its own", "0::/shop.slice/shop-web.slice/docker-" ID ".scope\n",
	  ID },
	{ "docker by itself", "0::/docker/" ID "\n", ID },
	{ "docker, version 1", "12:memory:/docker/" ID "\n1:name=systemd:/docker/" ID "\n", ID },
	{ "hybrid, with the unified hierarchy unused", "1:name=systemd:/docker/" ID "\n0::/\n",
	  ID },
	{ "a group below the container's", "0::/docker/" ID "/worker\n", ID },
	{ "containerd of a pod",
	  "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope\n", ID },
	{ "a pod without systemd", "0::/kubepods/burstable/pod1-2/" ID "\n", ID },
	{ "cri-o", "0::/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope\n", ID },
	{ "podman of root", "0::/machine.slice/libpod-" ID ".scope/container\n", ID },
	{ "a host's process", "0::/system.slice/voice.service\n", NULL },
	{ "a private cgroup namespace", "0::/\n", NULL },
	/* impersonation */
	{ "a user's manager may make any group",
	  "0::/user.slice/user-1000.slice/user@1000.service/docker-" ID ".scope\n", NULL },
	{ "and one that looks like Docker's directory",
	  "0::/user.slice/user-1000.slice/user@1000.service/docker/" ID "\n", NULL },
	{ "a service with a delegated group", "0::/system.slice/voice.service/docker/" ID "\n",
	  NULL },
	{ "a container that makes a group named as another", "0::/docker/" ID "/docker/" OTHER "\n",
	  ID },
	{ "a scope in a container", "0::/system.slice/docker-" ID ".scope/docker-" OTHER ".scope\n",
	  ID },
	{ "hierarchies that contradict each other",
	  "2:cpu:/docker/" ID "\n1:memory:/docker/" OTHER "\n", NULL },
	{ "a scope that is only named like one", "0::/system.slice/my-docker-" ID ".scope\n",
	  NULL },
	{ "an id that is too short", "0::/docker/0123456789ab\n", NULL },
	{ "an id that is too long", "0::/docker/" ID "0\n", NULL },
	{ "an id with something behind", "0::/system.slice/docker-" ID "x.scope\n", NULL },
	{ "an id in large digits",
	  "0::/docker/"
	  "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF\n",
	  NULL },
	{ "an id where no engine puts it", "0::/" ID "\n", NULL },
	{ "a pod's name alone", "0::/pod1/" ID "\n", NULL },
	{ "a path that climbs", "0::/../docker/" ID "\n", NULL },
	{ "no path", "0::\n", NULL },
	{ "a relative path", "0::docker/" ID "\n", NULL },
	{ "empty", "", NULL },
};

static void check_container(void **state)
{
	const struct container_case *row = *state;
	const struct text id = cgroup_container(text_of(row->cgroup));

	if (row->id == NULL)
		assert_null(id.ptr);
	else
		assert_true(text_is(id, row->id));
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + COUNT_OF(containers)];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_row,
						.initial_state = (void *)&rows[i] };
	for (size_t i = 0; i < COUNT_OF(containers); i++)
		tests[COUNT_OF(rows) + i] =
			(struct CMUnitTest){ .name = containers[i].name,
					     .test_func = check_container,
					     .initial_state = (void *)&containers[i] };
	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
