/* SPDX-License-Identifier: Apache-2.0 */
/* Which unit a process belongs to, as /proc/PID/cgroup tells it. */
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

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows)];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_row,
						.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
