/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/make_event.h"

#include <setjmp.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#define CLONE_THREAD (1 << 13)
#define CLONE_FILES  1

static struct made_event made;

static struct sensor_state *new_state(void)
{
	return sensor_state_new(&(struct sensor_state_options){ 0 });
}

/* A shell, 100, with a working directory and a parent, 1. */
static struct sensor_state *state_with_shell(void)
{
	struct sensor_state *state = new_state();
	struct thread_record init = THREAD_RECORD_EMPTY, shell = THREAD_RECORD_EMPTY;

	init.tid = init.pid = 1;
	init.comm = TEXT("systemd");
	shell.tid = shell.pid = 100;
	shell.parent = 1;
	shell.comm = shell.exe = TEXT("bash");
	shell.cwd = TEXT("/root");
	shell.uid = shell.gid = 0;
	shell.cgroups = TEXT("=/user.slice");
	sensor_state_add_thread(state, &init);
	sensor_state_add_thread(state, &shell);
	return state;
}

static const struct sensor_view *fork_seen_by_child(struct sensor_state *state, int64_t parent,
						    int64_t child)
{
	return sensor_state_apply(state, make_event(&made, EVENT_CLONE_X, child, NUMBER(RES, 0),
						    NUMBER(TID, child), NUMBER(PID, child),
						    NUMBER(PTID, parent), NUMBER(VTID, child),
						    NUMBER(VPID, child), END));
}

static const struct sensor_view *exec_seen(struct sensor_state *state, int64_t pid,
					   const char *name)
{
	return sensor_state_apply(state,
				  make_event(&made, EVENT_EXECVE_X, pid, NUMBER(RES, 0),
					     TEXT_PARAM(EXE, name), BYTES(ARGS, "-l\0/etc\0"),
					     TEXT_PARAM(COMM, name), NUMBER(UID, 1000),
					     TEXT_PARAM(TRUSTED_EXEPATH, "/usr/bin/x"), END));
}

static void exit_seen(struct sensor_state *state, int64_t tid, int64_t reaper)
{
	sensor_state_apply(
		state, make_event(&made, EVENT_PROCEXIT_1_E, tid, NUMBER(REAPER_TID, reaper), END));
	sensor_state_apply(state, make_event(&made, EVENT_GETUID_X, 1, END)); /* settles */
}

static const struct sensor_view *open_seen(struct sensor_state *state, int64_t tid, int64_t result,
					   int64_t dirfd, const char *name, unsigned flags)
{
	return sensor_state_apply(state,
				  make_event(&made, EVENT_OPENAT_2_X, tid, NUMBER(FD, result),
					     NUMBER(DIRFD, dirfd), TEXT_PARAM(NAME, name),
					     NUMBER(FLAGS, flags), END));
}

static struct text name_of(const struct sensor_view *view)
{
	static char out[SOCKET_TEXT_MAX];

	return view->descriptor != NULL ? descriptor_name(view->descriptor, out) : TEXT("(none)");
}

static void assert_name(const struct sensor_view *view, const char *want)
{
	const struct text name = name_of(view);

	if (!text_is(name, want))
		print_error("%.*s is not %s\n", TEXT_ARGS(name), want);
	assert_true(text_is(name, want));
}

/* --- processes --------------------------------------------------------------------------- */

static void a_child_is_as_its_parent_until_exec(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	const struct sensor_view *view;

	(void)unused;
	view = fork_seen_by_child(state, 100, 101);
	assert_string_equal(view->thread->comm, "bash");
	assert_true(text_is(shared_text_view(view->thread->process->cwd), "/root"));
	assert_int_equal(view->thread->process->parent->pid, 100);
	assert_ptr_equal(view->thread->process->cgroups, sensor_state_process(state, 100)->cgroups);
	view = exec_seen(state, 101, "ls");
	assert_string_equal(view->thread->comm, "ls");
	assert_int_equal(view->thread->credentials.uid, 1000);
	assert_true(
		text_is(shared_text_view(view->thread->process->executable.path), "/usr/bin/x"));
	assert_string_equal(process_ancestor(view->thread->process, 1)->comm, "bash");
	assert_string_equal(process_ancestor(view->thread->process, 2)->comm, "systemd");
	assert_null(process_ancestor(view->thread->process, 3));
}

static void both_sides_of_a_clone_are_one_child(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();

	(void)unused;
	sensor_state_apply(state, make_event(&made, EVENT_CLONE_X, 100, NUMBER(RES, 101),
					     NUMBER(VTID, 100), END));
	assert_int_equal(sensor_state_process(state, 101)->parent->pid, 100);
	fork_seen_by_child(state, 100, 101);
	assert_int_equal(sensor_state_thread_count(state), 3);
	assert_int_equal(sensor_state_process(state, 100)->child_count, 1);
}

static void a_number_within_a_namespace_is_not_believed(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();

	(void)unused;
	sensor_state_apply(
		state, make_event(&made, EVENT_CLONE_X, 100, NUMBER(RES, 7), NUMBER(VTID, 5), END));
	assert_null(sensor_state_thread(state, 7));
}

static void children_of_the_dead_go_to_the_reaper(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();

	(void)unused;
	fork_seen_by_child(state, 100, 101);
	fork_seen_by_child(state, 101, 102);
	fork_seen_by_child(state, 101, 103);
	exit_seen(state, 101, 100);
	assert_null(sensor_state_thread(state, 101));
	assert_int_equal(sensor_state_process(state, 102)->parent->pid, 100);
	exit_seen(state, 100, 0);
	assert_int_equal(sensor_state_process(state, 102)->parent->pid, 1);
	assert_int_equal(sensor_state_process(state, 1)->child_count, 2);
}

static void a_process_lives_as_long_as_a_thread(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	const struct sensor_view *view;

	(void)unused;
	sensor_state_apply(state, make_event(&made, EVENT_CLONE3_X, 150, NUMBER(RES, 0),
					     NUMBER(TID, 150), NUMBER(PID, 100), NUMBER(PTID, 1),
					     NUMBER(FLAGS, CLONE_THREAD), END));
	assert_int_equal(sensor_state_process(state, 100)->thread_count, 2);
	exit_seen(state, 100, 0);
	view = sensor_state_apply(state, make_event(&made, EVENT_GETUID_X, 150, END));
	assert_int_equal(view->thread->process->pid, 100);
	assert_true(text_is(shared_text_view(view->thread->process->cwd), "/root"));
	exit_seen(state, 150, 0);
	assert_null(sensor_state_process(state, 100));
}

static void exec_ends_the_other_threads(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();

	(void)unused;
	sensor_state_apply(state,
			   make_event(&made, EVENT_CLONE3_X, 150, NUMBER(RES, 0), NUMBER(TID, 150),
				      NUMBER(PID, 100), NUMBER(FLAGS, CLONE_THREAD), END));
	exec_seen(state, 100, "nginx");
	assert_null(sensor_state_thread(state, 150));
	assert_string_equal(sensor_state_process(state, 100)->comm, "nginx");
}

static void what_fails_changes_nothing(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();

	(void)unused;
	sensor_state_apply(state, make_event(&made, EVENT_EXECVE_X, 100, NUMBER(RES, -2),
					     TEXT_PARAM(COMM, "nope"), END));
	sensor_state_apply(state, make_event(&made, EVENT_SETUID_X, 100, NUMBER(RES, -1),
					     NUMBER(UID, 33), END));
	sensor_state_apply(state, make_event(&made, EVENT_CHDIR_X, 100, NUMBER(RES, -20),
					     TEXT_PARAM(PATH, "/tmp"), END));
	sensor_state_apply(state, make_event(&made, EVENT_CLONE_X, 100, NUMBER(RES, -11), END));
	assert_string_equal(sensor_state_process(state, 100)->comm, "bash");
	assert_int_equal(sensor_state_process(state, 100)->credentials.uid, 0);
	assert_true(text_is(shared_text_view(sensor_state_process(state, 100)->cwd), "/root"));
}

static void identity_follows_the_calls(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	const struct process *shell = sensor_state_process(state, 100);

	(void)unused;
	sensor_state_apply(state,
			   make_event(&made, EVENT_SETRESUID_X, 100, NUMBER(RES, 0),
				      NUMBER(RUID, -1), NUMBER(EUID, 33), NUMBER(SUID, -1), END));
	assert_int_equal(shell->credentials.uid, 33);
	sensor_state_apply(state, make_event(&made, EVENT_SETRESUID_X, 100, NUMBER(RES, 0),
					     NUMBER(RUID, 5), NUMBER(EUID, -1), END));
	assert_int_equal(shell->credentials.uid, 33);
	sensor_state_apply(state, make_event(&made, EVENT_SETGID_X, 100, NUMBER(RES, 0),
					     NUMBER(GID, 44), END));
	assert_int_equal(shell->credentials.gid, 44);
	sensor_state_apply(state, make_event(&made, EVENT_CAPSET_X, 100, NUMBER(RES, 0),
					     NUMBER(CAP_PERMITTED, 0x21), END));
	assert_int_equal(shell->credentials.cap_permitted, 0x21);
	sensor_state_apply(state, make_event(&made, EVENT_SETSID_X, 100, NUMBER(RES, 100), END));
	assert_int_equal(shell->sid, 100);
	sensor_state_apply(state,
			   make_event(&made, EVENT_PRCTL_X, 100, NUMBER(RES, 0), NUMBER(OPTION, 15),
				      TEXT_PARAM(ARG2_STR, "a_name_that_is_too_long"), END));
	assert_string_equal(shell->comm, "a_name_that_is_");
	sensor_state_apply(state, make_event(&made, EVENT_CHDIR_X, 100, NUMBER(RES, 0),
					     TEXT_PARAM(PATH, "../tmp/./x/"), END));
	assert_true(text_is(shared_text_view(shell->cwd), "/tmp/x"));
}

/* --- descriptors ------------------------------------------------------------------------- */

static void paths_are_joined(void **unused)
{
	static const struct {
		int64_t dirfd;
		const char *name, *want;
	} rows[] = {
		{ -100, "/etc/passwd", "/etc/passwd" },
		{ -100, "x", "/root/x" },
		{ -100, "../../../etc//./shadow", "/etc/shadow" },
		{ -100, "/a/b/../..", "/" },
		{ 9, "passwd", "/etc/passwd" },
		{ 9, "/abs", "/abs" },
		{ 77, "passwd", "<UNKNOWN>/passwd" },
		{ 77, "../../passwd", "<UNKNOWN>/passwd" },
	};
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();

	(void)unused;
	open_seen(state, 100, 9, -100, "/etc", 1 << 10);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_name(open_seen(state, 100, 3, rows[i].dirfd, rows[i].name, 1), rows[i].want);
}

static void what_fails_to_open_is_seen_once(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	const struct sensor_view *view = open_seen(state, 100, -13, -100, "secret", 1);

	(void)unused;
	assert_int_equal(view->number, -13);
	assert_name(view, "/root/secret");
	view = sensor_state_apply(
		state, make_event(&made, EVENT_READ_X, 100, NUMBER(RES, 1), NUMBER(FD, 3), END));
	assert_null(view->descriptor);
}

static void a_closed_descriptor_is_known_to_its_close(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	const struct sensor_view *view;

	(void)unused;
	open_seen(state, 100, 3, -100, "/etc/passwd", 1);
	view = sensor_state_apply(
		state, make_event(&made, EVENT_CLOSE_X, 100, NUMBER(RES, 0), NUMBER(FD, 3), END));
	assert_name(view, "/etc/passwd");
	view = sensor_state_apply(
		state, make_event(&made, EVENT_READ_X, 100, NUMBER(RES, 1), NUMBER(FD, 3), END));
	assert_true(view->has_number);
	assert_null(view->descriptor);
}

static void fork_copies_and_exec_closes(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	const struct descriptor_table *shell = sensor_state_process(state, 100)->descriptors;
	const struct descriptor_table *child;

	(void)unused;
	open_seen(state, 100, 3, -100, "/keep", 1);
	open_seen(state, 100, 4, -100, "/lose", 1 | 1 << 12);
	fork_seen_by_child(state, 100, 101);
	child = sensor_state_process(state, 101)->descriptors;
	assert_int_equal(descriptor_table_count(child), 2);
	exec_seen(state, 101, "ls");
	child = sensor_state_process(state, 101)->descriptors;
	assert_non_null(descriptor_table_get(child, 3));
	assert_null(descriptor_table_get(child, 4));
	assert_non_null(descriptor_table_get(shell, 4));
	open_seen(state, 101, 5, -100, "/own", 1);
	assert_null(descriptor_table_get(shell, 5));
}

static void clone_files_shares_until_exec(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	const struct process *shell = sensor_state_process(state, 100);

	(void)unused;
	sensor_state_apply(state, make_event(&made, EVENT_CLONE_X, 101, NUMBER(RES, 0),
					     NUMBER(TID, 101), NUMBER(PID, 101), NUMBER(PTID, 100),
					     NUMBER(FLAGS, CLONE_FILES), END));
	open_seen(state, 101, 3, -100, "/shared", 1);
	assert_non_null(descriptor_table_get(shell->descriptors, 3));
	exec_seen(state, 101, "ls");
	open_seen(state, 101, 4, -100, "/own", 1);
	assert_null(descriptor_table_get(shell->descriptors, 4));
}

static void duplicates_are_the_same_file(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	const struct sensor_view *view;

	(void)unused;
	sensor_state_apply(state,
			   make_event(&made, EVENT_SOCKET_X, 100, NUMBER(FD, 3),
				      NUMBER(DOMAIN, AF_INET), NUMBER(TYPE, SOCK_STREAM), END));
	view = sensor_state_apply(state, make_event(&made, EVENT_DUP2_X, 100, NUMBER(RES, 1),
						    NUMBER(OLDFD, 3), NUMBER(NEWFD, 1), END));
	assert_int_equal(view->number, 1);
	assert_int_equal(view->descriptor->kind, DESCRIPTOR_IPV4);
	sensor_state_apply(state,
			   make_event(&made, EVENT_CONNECT_X, 100, NUMBER(RES, 0),
				      BYTES(TUPLE, "\x02\x0a\0\0\x01\x40\x9c\x0a\0\0\x02\xbb\x01"),
				      NUMBER(FD, 3), END));
	view = sensor_state_apply(
		state, make_event(&made, EVENT_WRITE_X, 100, NUMBER(RES, 1), NUMBER(FD, 1), END));
	assert_name(view, "10.0.0.1:40000->10.0.0.2:443");
}

/* --- sockets ----------------------------------------------------------------------------- */

static const struct descriptor *socket_3(struct sensor_state *state, int domain, int type)
{
	return sensor_state_apply(state,
				  make_event(&made, EVENT_SOCKET_X, 100, NUMBER(FD, 3),
					     NUMBER(DOMAIN, domain), NUMBER(TYPE, type), END))
		->descriptor;
}

static void a_server_is_bound_then_accepts(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	const struct sensor_view *view;

	(void)unused;
	socket_3(state, AF_INET, SOCK_STREAM);
	view = sensor_state_apply(state, make_event(&made, EVENT_BIND_X, 100, NUMBER(RES, 0),
						    BYTES(ADDR, "\x02\0\0\0\0\x50\0"),
						    NUMBER(FD, 3), END));
	assert_name(view, "0.0.0.0:80");
	assert_int_equal(descriptor_kind_char(view->descriptor->kind), '2');
	view = sensor_state_apply(
		state, make_event(&made, EVENT_ACCEPT4_6_X, 100, NUMBER(FD, 4),
				  BYTES(TUPLE, "\x02\x0a\0\0\x01\x40\x9c\x0a\0\0\x02\x50\0"), END));
	assert_name(view, "10.0.0.1:40000->10.0.0.2:80");
	assert_int_equal(view->descriptor->role, SOCKET_ROLE_SERVER);
	assert_int_equal(view->number, 4);
}

static void a_datagram_may_go_to_many(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	const struct sensor_view *view;

	(void)unused;
	socket_3(state, AF_INET, SOCK_DGRAM);
	view = sensor_state_apply(
		state, make_event(&made, EVENT_SENDTO_X, 100, NUMBER(RES, 9), NUMBER(FD, 3),
				  BYTES(TUPLE, "\x02\0\0\0\0\x40\x9c\x08\x08\x08\x08\x35\0"), END));
	assert_name(view, "0.0.0.0:40000->8.8.8.8:53");
	assert_true(view->name_changed);
	view = sensor_state_apply(
		state, make_event(&made, EVENT_RECVFROM_X, 100, NUMBER(RES, 9), NUMBER(FD, 3),
				  BYTES(TUPLE, "\x02\x08\x08\x08\x08\x35\0\0\0\0\0\x40\x9c"), END));
	assert_name(view, "0.0.0.0:40000->8.8.8.8:53");
	assert_false(view->name_changed);
	assert_int_equal(view->descriptor->protocol, IPPROTO_UDP);
}

static void a_connection_may_take_its_time(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	const struct descriptor *socket = socket_3(state, AF_INET, SOCK_STREAM);

	(void)unused;
	sensor_state_apply(state,
			   make_event(&made, EVENT_CONNECT_X, 100, NUMBER(RES, -115),
				      BYTES(ADDR, "\x02\x0a\0\0\x02\xbb\x01"), NUMBER(FD, 3), END));
	assert_int_equal(socket->state, DESCRIPTOR_STATE_CONNECTING);
	sensor_state_apply(state, make_event(&made, EVENT_GETSOCKOPT_X, 100, NUMBER(RES, 0),
					     NUMBER(FD, 3), NUMBER(LEVEL, 1), NUMBER(OPTNAME, 4),
					     BYTES(VAL, "\x01\0\0\0\0\0\0\0\0"), END));
	assert_int_equal(socket->state, DESCRIPTOR_STATE_CONNECTED);
}

/* --- what is lost ------------------------------------------------------------------------ */

static void an_unknown_thread_is_a_guess_until_it_execs(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	const struct sensor_view *view;

	(void)unused;
	view = open_seen(state, 500, 3, -100, "x", 1);
	assert_true(view->thread->process->is_guess);
	assert_name(view, "<UNKNOWN>/x");
	view = exec_seen(state, 500, "ls");
	assert_false(view->thread->process->is_guess);
}

static void another_with_the_same_number_replaces(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	struct thread_record old = THREAD_RECORD_EMPTY;
	struct sensor_event event;

	(void)unused;
	old.tid = old.pid = 200;
	old.start = 5 * NS_PER_SEC;
	old.comm = TEXT("old");
	sensor_state_add_thread(state, &old);
	event = *make_event(&made, EVENT_GETUID_X, 200, END);
	event.thread_start = 5 * NS_PER_SEC + 3 * NS_PER_MS; /* the same tick */
	assert_string_equal(sensor_state_apply(state, &event)->thread->comm, "old");
	event.thread_start = 9 * NS_PER_SEC;
	assert_string_equal(sensor_state_apply(state, &event)->thread->comm, "");
	assert_int_equal(sensor_state_counters(state).threads_replaced, 1);
}

static void memory_is_bounded(void **unused)
{
	AUTO(sensor_state_free)
	struct sensor_state *state =
		sensor_state_new(&(struct sensor_state_options){ .threads_max = 50 });

	(void)unused;
	for (int64_t tid = 1; tid <= 1000; tid++) {
		fork_seen_by_child(state, tid - 1, tid);
		open_seen(state, tid, 3, -100, "/x", 1);
	}
	assert_int_equal(sensor_state_thread_count(state), 50);
	assert_int_equal(sensor_state_counters(state).threads_evicted, 950);
	for (int64_t fd = 0; fd < DESCRIPTORS_MAX + 10; fd++)
		open_seen(state, 1000, fd, -100, "/x", 1);
	assert_true(sensor_state_counters(state).descriptors_refused >= 10);
}

/* --- containers -------------------------------------------------------------------------- */

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void cgroups_tell_the_container(void **unused)
{
	static const struct {
		const char *path;
		enum container_engine engine; /* NONE: the host */
	} rows[] = {
		{ "/", CONTAINER_ENGINE_NONE },
		{ "/docker/" ID, CONTAINER_ENGINE_DOCKER },
		{ "/docker/" ID "/init.scope", CONTAINER_ENGINE_DOCKER },
		{ "/system.slice/docker-" ID ".scope", CONTAINER_ENGINE_DOCKER },
		{ "/ecs/0f1e/" ID, CONTAINER_ENGINE_DOCKER },
		{ "/kubepods/besteffort/pod1-2-3/" ID, CONTAINER_ENGINE_CONTAINERD },
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-pod1.slice/cri-containerd-" ID
		  ".scope",
		  CONTAINER_ENGINE_CONTAINERD },
		{ "/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" ID,
		  CONTAINER_ENGINE_CONTAINERD },
		{ "/kubepods.slice/crio-" ID ".scope/container", CONTAINER_ENGINE_CRIO },
		{ "/machine.slice/libpod-" ID ".scope", CONTAINER_ENGINE_PODMAN },
		{ "/machine.slice/libpod-conmon-" ID ".scope", CONTAINER_ENGINE_NONE },
		{ "/lxc/web", CONTAINER_ENGINE_LXC },
		{ "/lxc.payload.web/init.scope", CONTAINER_ENGINE_LXC },
		{ "/user.slice/" ID, CONTAINER_ENGINE_NONE },
		{ "/docker/0123456789ab", CONTAINER_ENGINE_NONE },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		enum container_engine engine = CONTAINER_ENGINE_NONE;
		struct text id = { 0 };

		if (container_of_cgroup(text_of(rows[i].path), &engine, &id)
		    != (rows[i].engine != CONTAINER_ENGINE_NONE))
			fail_msg("%s", rows[i].path);
		assert_int_equal(engine, rows[i].engine);
	}
}

static void containers_go_with_their_last_process(void **unused)
{
	AUTO(sensor_state_free) struct sensor_state *state = state_with_shell();
	const struct sensor_view *view;

	(void)unused;
	view = sensor_state_apply(
		state, make_event(&made, EVENT_CLONE_X, 101, NUMBER(RES, 0), NUMBER(TID, 101),
				  NUMBER(PID, 101), NUMBER(PTID, 100),
				  BYTES(CGROUPS, "memory=/docker/" ID "\0cpu=/\0"), END));
	assert_string_equal(view->thread->process->container->id, ID);
	view = fork_seen_by_child(state, 101, 102);
	assert_string_equal(view->thread->process->container->id, ID);
	exit_seen(state, 101, 1);
	exit_seen(state, 102, 1);
	assert_null(sensor_state_process(state, 100)->container);
}

/* --- the machine itself ------------------------------------------------------------------ */

static void proc_tells_of_ourselves(void **unused)
{
	AUTO(procfs_free) struct procfs *procfs = procfs_new("/proc");
	AUTO(sensor_state_free)
	struct sensor_state *state =
		sensor_state_new(&(struct sensor_state_options){ .source = procfs_source(procfs) });
	const struct sensor_view *view =
		sensor_state_apply(state, make_event(&made, EVENT_GETUID_X, getpid(), END));
	const struct process *self = view->thread->process;

	(void)unused;
	assert_false(self->is_guess);
	assert_string_equal(self->comm, "test_sensor_sta");
	assert_int_equal(self->pid, getpid());
	assert_int_equal(self->parent->pid, getppid());
	assert_int_equal(self->credentials.uid, getuid());
	assert_true(self->start > 0);
	assert_non_null(descriptor_table_get(self->descriptors, 1));
	assert_int_equal(sensor_state_counters(state).threads_looked_up, 1);
	sensor_state_apply(state, make_event(&made, EVENT_GETUID_X, INT32_MAX, END));
	assert_int_equal(sensor_state_counters(state).lookups_failed, 1);
	assert_int_equal(procfs_load(procfs, state, NULL), 0);
	assert_true(sensor_state_thread_count(state) > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_is_as_its_parent_until_exec),
		cmocka_unit_test(both_sides_of_a_clone_are_one_child),
		cmocka_unit_test(a_number_within_a_namespace_is_not_believed),
		cmocka_unit_test(children_of_the_dead_go_to_the_reaper),
		cmocka_unit_test(a_process_lives_as_long_as_a_thread),
		cmocka_unit_test(exec_ends_the_other_threads),
		cmocka_unit_test(what_fails_changes_nothing),
		cmocka_unit_test(identity_follows_the_calls),
		cmocka_unit_test(paths_are_joined),
		cmocka_unit_test(what_fails_to_open_is_seen_once),
		cmocka_unit_test(a_closed_descriptor_is_known_to_its_close),
		cmocka_unit_test(fork_copies_and_exec_closes),
		cmocka_unit_test(clone_files_shares_until_exec),
		cmocka_unit_test(duplicates_are_the_same_file),
		cmocka_unit_test(a_server_is_bound_then_accepts),
		cmocka_unit_test(a_datagram_may_go_to_many),
		cmocka_unit_test(a_connection_may_take_its_time),
		cmocka_unit_test(an_unknown_thread_is_a_guess_until_it_execs),
		cmocka_unit_test(another_with_the_same_number_replaces),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(cgroups_tell_the_container),
		cmocka_unit_test(containers_go_with_their_last_process),
		cmocka_unit_test(proc_tells_of_ourselves),
	};

	return cmocka_run_group_tests_name("sensor state", tests, NULL, NULL);
}
