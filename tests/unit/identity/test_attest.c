/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is not the one that connected: its pid was used again, or it has gone. */
#include "identity/attest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char executable[4096];

static unsigned fit_of(const struct caller *caller)
{
	const struct workload_process entry = { .path = text_of(executable) };
	struct attestation process = { .caller = caller };

	return attest_process(&entry, &process);
}

static void the_very_process_fits(void **state)
{
	struct caller caller;

	(void)state;
	assert_int_equal(caller_of_pid(getpid(), &caller, NULL), 0);
	assert_int_equal(fit_of(&caller), 1);
}

static void a_pid_used_again_is_another_process(void **state)
{
	struct caller caller;

	(void)state;
	assert_int_equal(caller_of_pid(getpid(), &caller, NULL), 0);
	caller.started--;
	assert_int_equal(fit_of(&caller), 0);
	caller.started = 0;
	assert_int_equal(fit_of(&caller), 0);
}

static void who_has_gone_is_nobody(void **state)
{
	const struct workload_process by_uid = { .uid = { .is_set = true, .value = getuid() } };
	struct caller caller;
	struct attestation process = { .caller = &caller };
	int ends[2], status;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(caller_of_socket(ends[0], &caller), 0);
	assert_int_equal(fit_of(&caller), 1);

	const pid_t child = fork();

	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, &status, 0), child);
	caller.pid = child;
	assert_int_equal(fit_of(&caller), 0);
	assert_int_equal(attest_process(&by_uid, &process), 1); /* the kernel vouched for it */
	close(ends[0]);
	close(ends[1]);
}

static void without_inquiries_what_takes_long_never_holds(void **state)
{
	const struct workload_docker docker = { 0 };
	const struct workload_process by_docker = { .docker = &docker };
	const struct workload_process by_digest = { .sha256 = TEXT("00") };
	struct caller caller;
	struct attestation process = { .caller = &caller };

	(void)state;
	assert_int_equal(caller_of_pid(getpid(), &caller, NULL), 0);
	assert_int_equal(attest_process(&by_docker, &process), 0);
	assert_int_equal(attest_process(&by_digest, &process), 0);
	assert_false(process.is_pending);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_very_process_fits),
		cmocka_unit_test(a_pid_used_again_is_another_process),
		cmocka_unit_test(who_has_gone_is_nobody),
		cmocka_unit_test(without_inquiries_what_takes_long_never_holds),
	};

	if (readlink("/proc/self/exe", executable, sizeof(executable) - 1) <= 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("attest", tests, NULL, NULL);
}
