/* SPDX-License-Identifier: Apache-2.0 */
/* test_capture.c — connections of a cgroup come to a listener that learns where they were to go.
 *
 * A child moves into a cgroup of the test's own; the test itself stays outside. Skipped without the
 * rights, or without a tree of cgroups of version 2. */
#include "proxy/capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	char cgroup[128];
	int listener;
	struct address proxy;
	struct capture *capture;
};

static const char *const trees[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };

static bool make_cgroup(char out[128])
{
	for (size_t i = 0; i < COUNT_OF(trees); i++) {
		char procs[160];

		snprintf(out, 128, "%s/mangrove-test-%d", trees[i], (int)getpid());
		snprintf(procs, sizeof(procs), "%s/cgroup.procs", out);
		if (mkdir(out, 0755) == 0 && access(procs, W_OK) == 0)
			return true;
		rmdir(out);
	}
	out[0] = '\0';
	return false;
}

static int set_up(void **state)
{
	static struct fixture fixture;
	struct error err = { 0 };
	socklen_t len = sizeof(fixture.proxy.v4);

	fixture = (struct fixture){ .listener = -1 };
	*state = &fixture;
	if (geteuid() != 0 || !make_cgroup(fixture.cgroup))
		return 0;
	address_parse(TEXT("127.0.0.1:0"), &fixture.proxy, NULL);
	fixture.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fixture.listener, &fixture.proxy.any, fixture.proxy.len) < 0
	    || listen(fixture.listener, 8) < 0
	    || getsockname(fixture.listener, &fixture.proxy.any, &len) < 0)
		return -1;
	if (capture_attach(fixture.cgroup, &fixture.proxy, &fixture.capture, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.text);
	return -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	capture_free(fixture->capture);
	if (fixture->listener >= 0)
		close(fixture->listener);
	if (fixture->cgroup[0] != '\0')
		rmdir(fixture->cgroup);
	return 0;
}

static const struct fixture *fixture_of(void **state)
{
	const struct fixture *fixture = *state;

	if (fixture->capture == NULL) {
		print_message("needs root and cgroup v2\n");
		skip();
	}
	return fixture;
}

static void enter(const char *cgroup)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(99);
	close(fd);
}

/* From a child, in `cgroup` (NULL: outside); its exit status is connect()'s errno. */
static int connect_from(const char *cgroup, const struct address *to)
{
	const pid_t child = fork();
	int status;

	if (child == 0) {
		if (cgroup != NULL)
			enter(cgroup);

		const int fd = socket(to->any.sa_family, SOCK_STREAM, 0);

		_exit(connect(fd, &to->any, to->len) == 0 ? 0 : errno);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text_of(text), &address, NULL), 0);
	return address;
}

static struct address accept_peer(const struct fixture *fixture)
{
	struct address peer = { .len = sizeof(peer.v4) };
	const int fd = accept(fixture->listener, &peer.any, &peer.len);

	assert_true(fd >= 0);
	close(fd);
	return peer;
}

/* TEST-NET addresses: nobody is there, so who is connected has been taken elsewhere. */
static void check_taken(const struct fixture *fixture, const char *to)
{
	const struct address meant = address_of(to);
	struct address peer, original;
	char text[ADDRESS_TEXT_MAX];

	assert_int_equal(connect_from(fixture->cgroup, &meant), 0);
	peer = accept_peer(fixture);
	assert_true(capture_take(fixture->capture, &peer, &original));
	address_format(&original, text);
	assert_string_equal(text, to);
	assert_false(capture_take(fixture->capture, &peer, &original)); /* once */
}

static void test_taken(void **state)
{
	const struct fixture *fixture = fixture_of(state);

	check_taken(fixture, "203.0.113.7:443");
	check_taken(fixture, "198.51.100.1:65535");
	check_taken(fixture, "[2001:db8::7]:8080");
}

static void test_others_are_left_alone(void **state)
{
	const struct fixture *fixture = fixture_of(state);
	const struct address elsewhere = address_of("127.0.0.9:1");
	struct address peer, original;

	assert_int_equal(connect_from(NULL, &elsewhere), ECONNREFUSED);
	/* who comes by itself is not the workload, from inside neither */
	assert_int_equal(connect_from(NULL, &fixture->proxy), 0);
	peer = accept_peer(fixture);
	assert_false(capture_take(fixture->capture, &peer, &original));
	assert_int_equal(connect_from(fixture->cgroup, &fixture->proxy), 0);
	peer = accept_peer(fixture);
	assert_false(capture_take(fixture->capture, &peer, &original));
}

static void test_proxy_inside_is_refused(void **state)
{
	const struct fixture *fixture = fixture_of(state);
	const pid_t child = fork();
	struct error err = { 0 };
	struct capture *capture;
	int status;

	if (child == 0) {
		enter(fixture->cgroup);
		_exit(capture_attach(fixture->cgroup, &fixture->proxy, &capture, &err) == -EINVAL
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_no_cgroup(void **state)
{
	const struct fixture *fixture = fixture_of(state);
	struct error err = { 0 };
	struct capture *capture;

	assert_int_equal(capture_attach("/tmp", &fixture->proxy, &capture, &err), -EINVAL);
	assert_int_equal(capture_attach("/nowhere", &fixture->proxy, &capture, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_others_are_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_proxy_inside_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_cgroup, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
