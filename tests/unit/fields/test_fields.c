/* SPDX-License-Identifier: Apache-2.0 */
/* A sequence of events, and after each what the fields say: tables of (field, value). */
#include "fields/fields.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "sensor/make_event.h"

#include <cmocka.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct made_event made;

struct world {
	struct users *users;
	struct sensor_state *state;
	struct fields *fields;
};

struct answer {
	const char *field, *value; /* value NULL: absent */
};

/* systemd (1) -> sshd (50) -> bash (100) of user alice, in her home. */
static int set_up(void **out)
{
	static struct world world;
	struct thread_record record = THREAD_RECORD_EMPTY;

	world.users = users_new(NULL);
	users_add_user(world.users,
		       &(struct user){ 0, 0, TEXT("root"), TEXT("/root"), TEXT("/bin/bash") });
	users_add_user(world.users, &(struct user){ 1000, 1000, TEXT("alice"), TEXT("/home/alice"),
						    TEXT("/bin/zsh") });
	users_add_group(world.users, &(struct group){ 1000, TEXT("people") });
	world.state = sensor_state_new(&(struct sensor_state_options){ 0 });
	world.fields =
		fields_new(&(struct fields_options){ .hostname = "node-1", .users = world.users });

	record.tid = record.pid = 1;
	record.comm = record.exe = TEXT("systemd");
	sensor_state_add_thread(world.state, &record);
	record.tid = record.pid = record.sid = 50;
	record.parent = 1;
	record.comm = TEXT("sshd");
	record.exe = TEXT("/usr/sbin/sshd");
	record.args = (struct text){ "-D\0", 3 };
	sensor_state_add_thread(world.state, &record);
	record.tid = record.pid = 100;
	record.parent = 50;
	record.sid = record.pgid = record.vpgid = 100;
	record.vpid = 100;
	record.comm = TEXT("bash");
	record.exe = TEXT("-bash");
	record.args = TEXT("");
	record.cwd = TEXT("/home/alice");
	record.uid = record.gid = record.loginuid = 1000;
	record.env = (struct text){ "HOME=/home/alice\0LANG=C\0", 24 };
	record.exe_path = TEXT("/usr/bin/bash");
	record.has_capabilities = true;
	record.cap_permitted = 1 << 21 | 1;
	record.clone_time_ns = UINT64_C(1600000000) * NS_PER_SEC;
	sensor_state_add_thread(world.state, &record);
	*out = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	fields_free(world->fields);
	sensor_state_free(world->state);
	users_free(world->users);
	return 0;
}

/* --- asking ------------------------------------------------------------------------------ */

static void add_item(struct buffer *out, enum field_value_kind kind, const union field_item *item)
{
	char address[IP_TEXT_MAX];

	if (out->len > 0)
		buffer_add_char(out, ',');
	switch (kind) {
	case FIELD_VALUE_TEXT:
		buffer_add(out, item->text.ptr, item->text.len);
		break;
	case FIELD_VALUE_ADDRESS:
		buffer_add_text(out, ip_format(address, item->address));
		break;
	case FIELD_VALUE_BOOL:
		buffer_add_text(out, item->number ? "true" : "false");
		break;
	default:
		buffer_printf(out, "%" PRId64, item->number);
	}
}

/* Lists with commas between; NULL where the event has no such thing. */
static char *ask(const struct rule_event *event, const char *name)
{
	struct field_value value = { 0 };
	struct buffer out = { 0 };
	struct field_use use;

	if (field_lex(text_of(name), &use) != strlen(name))
		fail_msg("%s is no field", name);
	event->get(event, &use, &value);
	if (value.kind == FIELD_VALUE_NONE)
		return NULL;
	buffer_add_text(&out, "");
	buffer_reserve(&out, 1);
	for (uint32_t i = 0; i < value.count; i++)
		add_item(&out, value.kind, &field_value_items(&value)[i]);
	return buffer_take(&out);
}

static void check(struct world *world, const struct sensor_event *event,
		  const struct answer *answers)
{
	const struct sensor_view *view = sensor_state_apply(world->state, event);
	const struct rule_event *asked = fields_take(world->fields, view);

	for (; answers->field != NULL; answers++) {
		char *got = ask(asked, answers->field);

		if ((got == NULL) != (answers->value == NULL)
		    || (got != NULL && strcmp(got, answers->value) != 0))
			fail_msg("%s is '%s', not '%s'", answers->field,
				 got != NULL ? got : "(absent)",
				 answers->value != NULL ? answers->value : "(absent)");
		mem_free(got);
	}
}

#define CHECK(world, event, ...)                                                                   \
	check(world, event, (const struct answer[]){ __VA_ARGS__, { NULL, NULL } })

static void fork_and_exec(struct world *world)
{
	sensor_state_apply(world->state,
			   make_event(&made, EVENT_CLONE_X, 200, NUMBER(RES, 0), NUMBER(TID, 200),
				      NUMBER(PID, 200), NUMBER(PTID, 100), END));
	sensor_state_apply(
		world->state,
		make_event(&made, EVENT_EXECVE_X, 200, NUMBER(RES, 0), TEXT_PARAM(EXE, "cat"),
			   BYTES(ARGS, "-n\0/etc/shadow\0"), TEXT_PARAM(COMM, "cat"),
			   TEXT_PARAM(TRUSTED_EXEPATH, "/usr/bin/cat"), NUMBER(FLAGS, 2), END));
}

/* --- tests ------------------------------------------------------------------------------- */

static void a_process_and_its_ancestors(void **state)
{
	struct world *world = *state;

	fork_and_exec(world);
	CHECK(world,
	      make_event(&made, EVENT_OPENAT_2_X, 200, NUMBER(FD, 3), NUMBER(DIRFD, -100),
			 TEXT_PARAM(NAME, "/etc/shadow"), NUMBER(FLAGS, 1), END),
	      { "proc.name", "cat" }, { "proc.exe", "cat" }, { "proc.exepath", "/usr/bin/cat" },
	      { "proc.args", "-n /etc/shadow" }, { "proc.args[1]", "/etc/shadow" },
	      { "proc.args[2]", NULL }, { "proc.cmdline", "cat -n /etc/shadow" },
	      { "proc.exeline", "cat -n /etc/shadow" }, { "proc.cmdnargs", "2" },
	      { "proc.cmdlenargs", "13" }, { "proc.pname", "bash" }, { "proc.pcmdline", "bash" },
	      { "proc.pexe", "-bash" }, { "proc.pexepath", "/usr/bin/bash" },
	      { "proc.aname", "bash,sshd,systemd" }, { "proc.aname[0]", "cat" },
	      { "proc.aname[2]", "sshd" }, { "proc.aname[3]", "systemd" },
	      { "proc.aname[4]", NULL }, { "proc.acmdline[2]", "sshd -D" },
	      { "proc.aexe[2]", "/usr/sbin/sshd" }, { "proc.apid", "100,50,1" },
	      { "proc.apid[1]", "100" }, { "proc.pid", "200" }, { "proc.ppid", "100" },
	      { "proc.cwd", "/home/alice/" }, { "proc.sname", "bash" }, { "proc.sid", "100" },
	      { "proc.loginshellid", "100" }, { "proc.is_exe_upper_layer", "true" },
	      { "proc.is_exe_from_memfd", "false" }, { "proc.is_vpgid_leader", "false" },
	      { "proc.nchilds", "0" }, { "proc.nthreads", "1" }, { "proc.fdopencount", "1" },
	      { "proc.env", NULL }, { "proc.aenv[HOME]", "/home/alice" }, { "thread.tid", "200" },
	      { "thread.ismain", "true" }, { "thread.cap_permitted", "CAP_CHOWN CAP_SYS_ADMIN" },
	      { "thread.cap_effective", "" });
}

static void users_have_names(void **state)
{
	struct world *world = *state;

	CHECK(world, make_event(&made, EVENT_GETUID_X, 100, NUMBER(UID, 1000), END),
	      { "user.uid", "1000" }, { "user.name", "alice" }, { "user.homedir", "/home/alice" },
	      { "user.shell", "/bin/zsh" }, { "user.loginuid", "1000" },
	      { "user.loginname", "alice" }, { "group.gid", "1000" }, { "group.name", "people" },
	      { "proc.env[LANG]", "C" }, { "proc.env[LAN]", NULL },
	      { "proc.env", "HOME=/home/alice LANG=C" });
	CHECK(world, make_event(&made, EVENT_SETUID_X, 100, NUMBER(RES, 0), NUMBER(UID, 0), END),
	      { "user.name", "root" }, { "evt.arg.uid", "root" }, { "evt.rawarg.uid", "0" });
	CHECK(world, make_event(&made, EVENT_SETUID_X, 100, NUMBER(RES, 0), NUMBER(UID, 7), END),
	      { "user.name", "<NA>" }, { "user.uid", "7" });
}

static void a_file_that_opens(void **state)
{
	struct world *world = *state;

	CHECK(world,
	      make_event(&made, EVENT_OPENAT_2_X, 100, NUMBER(FD, 3), NUMBER(DIRFD, -100),
			 TEXT_PARAM(NAME, "../bob/.ssh/id"), NUMBER(FLAGS, 1 | 1 << 12),
			 NUMBER(MODE, 0), NUMBER(DEV, 0x801), NUMBER(INO, 77), END),
	      { "evt.type", "openat" }, { "syscall.type", "openat" }, { "evt.dir", "<" },
	      { "evt.category", "file" }, { "evt.res", "SUCCESS" }, { "evt.rawres", "3" },
	      { "evt.failed", "false" }, { "fd.num", "3" }, { "fd.type", "file" },
	      { "fd.typechar", "f" }, { "fd.name", "/home/bob/.ssh/id" },
	      { "fd.nameraw", "../bob/.ssh/id" }, { "fd.directory", "/home/bob/.ssh" },
	      { "fd.filename", "id" }, { "fd.ino", "77" }, { "fd.dev", "2049" }, { "fd.sip", NULL },
	      { "fd.l4proto", NULL }, { "fs.path.name", "/home/bob/.ssh/id" },
	      { "fs.path.nameraw", "../bob/.ssh/id" }, { "evt.is_open_read", "true" },
	      { "evt.is_open_write", "false" }, { "evt.is_open_exec", "false" },
	      { "evt.arg.flags", "O_RDONLY|O_CLOEXEC" }, { "evt.arg.name", "/home/bob/.ssh/id" },
	      { "evt.arg.fd", "<f>/home/bob/.ssh/id" }, { "evt.arg.dirfd", "AT_FDCWD" },
	      { "evt.rawarg.flags", "4097" }, { "evt.arg[3]", "O_RDONLY|O_CLOEXEC" },
	      { "evt.arg.nonsense", NULL },
	      { "evt.args", "fd=3(<f>/home/bob/.ssh/id) dirfd=-100(AT_FDCWD) "
			    "name=../bob/.ssh/id(/home/bob/.ssh/id) "
			    "flags=4097(O_RDONLY|O_CLOEXEC) mode=00 dev=801 ino=77 "
			    "fullpath=<NA>" });
}

static void a_file_that_does_not_open(void **state)
{
	struct world *world = *state;

	CHECK(world,
	      make_event(&made, EVENT_OPEN_X, 100, NUMBER(FD, -13), TEXT_PARAM(NAME, "/x"),
			 NUMBER(FLAGS, 3), END),
	      { "evt.res", "EACCES" }, { "evt.rawres", "-13" }, { "evt.failed", "true" },
	      { "fd.num", "-13" }, { "fd.name", "/x" }, { "fd.directory", "/" },
	      { "fd.typechar", "f" }, { "fs.path.name", NULL }, { "evt.is_open_read", "true" },
	      { "evt.is_open_write", "true" }, { "evt.arg.flags", "O_RDWR" },
	      { "evt.count.error", "1" }, { "evt.count.error.file", "1" },
	      { "evt.count.error.net", NULL });
}

static void what_is_read_and_closed(void **state)
{
	struct world *world = *state;

	sensor_state_apply(world->state,
			   make_event(&made, EVENT_OPEN_X, 100, NUMBER(FD, 5),
				      TEXT_PARAM(NAME, "/var/log/x"), NUMBER(FLAGS, 1), END));
	CHECK(world,
	      make_event(&made, EVENT_READ_X, 100, NUMBER(RES, 3), BYTES(DATA, "abc"),
			 NUMBER(FD, 5), NUMBER(SIZE, 10), END),
	      { "evt.category", "file" }, { "evt.is_io_read", "true" }, { "evt.io_dir", "r" },
	      { "evt.buffer", "abc" }, { "evt.buflen", "3" }, { "fd.name", "/var/log/x" },
	      { "evt.arg.size", "10" }, { "evt.arg.data", "abc" });
	CHECK(world, make_event(&made, EVENT_CLOSE_X, 100, NUMBER(RES, 0), NUMBER(FD, 5), END),
	      { "fd.name", "/var/log/x" }, { "fd.num", "5" });
	CHECK(world, make_event(&made, EVENT_READ_X, 100, NUMBER(RES, -9), NUMBER(FD, 5), END),
	      { "fd.num", "5" }, { "fd.name", NULL }, { "evt.res", "EBADF" },
	      { "evt.arg.res", "EBADF" });
}

static void a_connection_goes_out(void **state)
{
	struct world *world = *state;

	CHECK(world,
	      make_event(&made, EVENT_SOCKET_X, 100, NUMBER(FD, 4), NUMBER(DOMAIN, AF_INET),
			 NUMBER(TYPE, SOCK_STREAM), NUMBER(PROTO, 0), END),
	      { "evt.arg.domain", "AF_INET" }, { "fd.typechar", "4" },
	      { "fd.ip", "0.0.0.0,0.0.0.0" }, { "fd.name", "" });
	CHECK(world,
	      make_event(&made, EVENT_CONNECT_X, 100, NUMBER(RES, -115),
			 BYTES(TUPLE, "\x02\x0a\0\0\x01\x40\x9c\x0a\0\0\x02\xbb\x01"),
			 NUMBER(FD, 4), END),
	      { "evt.res", "EINPROGRESS" }, { "fd.name", "10.0.0.1:40000->10.0.0.2:443" },
	      { "fd.type", "ipv4" }, { "fd.cip", "10.0.0.1" }, { "fd.sip", "10.0.0.2" },
	      { "fd.lip", "10.0.0.1" }, { "fd.rip", "10.0.0.2" }, { "fd.cport", "40000" },
	      { "fd.sport", "443" }, { "fd.lport", "40000" }, { "fd.rport", "443" },
	      { "fd.ip", "10.0.0.1,10.0.0.2" }, { "fd.port", "40000,443" },
	      { "fd.snet", "10.0.0.2" }, { "fd.l4proto", "tcp" }, { "fd.sockfamily", "ip" },
	      { "fd.is_server", "false" }, { "fd.connected", "false" },
	      { "fd.name_changed", "true" }, { "fd.directory", NULL }, { "fd.nameraw", NULL },
	      { "evt.arg.tuple", "10.0.0.1:40000->10.0.0.2:443" });
}

static void a_connection_comes_in(void **state)
{
	struct world *world = *state;

	CHECK(world,
	      make_event(&made, EVENT_ACCEPT4_6_X, 100, NUMBER(FD, 6),
			 BYTES(TUPLE, "\x0a\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x40\x9c"
				      "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\x50\0"),
			 END),
	      { "fd.typechar", "6" }, { "fd.cip", "fd00::1" }, { "fd.sip", "fd00::2" },
	      { "fd.lip", "fd00::2" }, { "fd.rip", "fd00::1" }, { "fd.is_server", "true" },
	      { "fd.connected", "true" }, { "fd.num", "6" });
}

static void files_get_other_names(void **state)
{
	struct world *world = *state;

	CHECK(world,
	      make_event(&made, EVENT_RENAME_X, 100, NUMBER(RES, 0), TEXT_PARAM(OLDPATH, "a"),
			 TEXT_PARAM(NEWPATH, "/b"), END),
	      { "fs.path.source", "/home/alice/a" }, { "fs.path.target", "/b" },
	      { "fs.path.sourceraw", "a" }, { "fs.path.name", NULL },
	      { "evt.arg.oldpath", "/home/alice/a" });
	CHECK(world,
	      make_event(&made, EVENT_SYMLINKAT_X, 100, NUMBER(RES, 0),
			 TEXT_PARAM(TARGET, "/etc/shadow"), NUMBER(LINKDIRFD, 77),
			 TEXT_PARAM(LINKPATH, "s"), END),
	      { "evt.arg.target", "/etc/shadow" }, { "evt.arg.linkpath", "<UNKNOWN>/s" },
	      { "evt.abspath.src", "<UNKNOWN>/s" });
	CHECK(world,
	      make_event(&made, EVENT_CHMOD_X, 100, NUMBER(RES, 0), TEXT_PARAM(FILENAME, "/x"),
			 NUMBER(MODE, 0x49), END),
	      { "evt.arg.mode", "S_IXOTH|S_IXGRP|S_IXUSR" }, { "fs.path.name", "/x" });
	CHECK(world,
	      make_event(&made, EVENT_PTRACE_X, 100, NUMBER(RES, 0), NUMBER(REQUEST, 11),
			 NUMBER(PID, 50), END),
	      { "evt.arg.request", "PTRACE_ATTACH" }, { "evt.arg.pid", "50" });
}

static void a_container_has_its_id(void **state)
{
	struct world *world = *state;

	CHECK(world, make_event(&made, EVENT_GETUID_X, 100, END), { "container.id", "host" },
	      { "container.type", "host" });
	CHECK(world,
	      make_event(&made, EVENT_CLONE_X, 300, NUMBER(RES, 0), NUMBER(TID, 300),
			 NUMBER(PID, 300), NUMBER(PTID, 100), NUMBER(VPID, 1), NUMBER(VTID, 1),
			 BYTES(CGROUPS, "cpu=/docker/" ID "\0"), END),
	      { "container.id", "0123456789ab" }, { "container.full_id", ID },
	      { "container.type", "docker" }, { "proc.vpid", "1" },
	      { "thread.cgroups", "cpu=/docker/" ID }, { "thread.cgroup.cpu", "/docker/" ID },
	      { "thread.cgroup.memory", NULL });
}

#define DOCKER_ANSWER                                                                              \
	"{\"container\":{\"id\":\"0123456789ab\",\"name\":\"web\","                                \
	"\"image\":\"reg:5000/team/app:1.2@sha256:abc\",\"imageid\":\"ffff\",\"privileged\":true," \
	"\"labels\":{\"app\":\"shop\",\"io.kubernetes.pod.name\":\"shop-1\","                      \
	"\"io.kubernetes.pod.namespace\":\"prod\"},"                                               \
	"\"Mounts\":[{\"Source\":\"/proc\",\"Destination\":\"/host/proc\",\"Mode\":\"\","          \
	"\"RW\":false,\"Propagation\":\"rprivate\"}]}}"

static void a_container_is_told_of(void **state)
{
	struct world *world = *state;

	sensor_state_apply(world->state, make_event(&made, EVENT_CONTAINER_JSON_2_E, -1,
						    TEXT_PARAM(JSON, DOCKER_ANSWER), END));
	CHECK(world,
	      make_event(&made, EVENT_CLONE_X, 300, NUMBER(RES, 0), NUMBER(TID, 300),
			 NUMBER(PID, 300), NUMBER(PTID, 100),
			 BYTES(CGROUPS, "cpu=/docker/" ID "\0"), END),
	      { "container.name", "web" },
	      { "container.image", "reg:5000/team/app:1.2@sha256:abc" },
	      { "container.image.repository", "reg:5000/team/app" },
	      { "container.image.tag", "1.2" }, { "container.image.digest", "sha256:abc" },
	      { "container.image.id", "ffff" }, { "container.privileged", "true" },
	      { "container.label.app", "shop" }, { "container.label[none]", NULL },
	      { "k8s.pod.name", "shop-1" }, { "k8s.ns.name", "prod" },
	      { "container.mount.dest[/proc*]", "/host/proc" },
	      { "container.mount.dest[/etc]", NULL }, { "container.mount.rdwr[0]", "false" },
	      { "container.mounts", "/proc:/host/proc::false:rprivate" });
	CHECK(world, make_event(&made, EVENT_GETUID_X, 100, END), { "container.name", "host" },
	      { "container.image", NULL }, { "container.privileged", NULL },
	      { "k8s.pod.name", NULL });
}

static void an_address_has_the_names_that_rules_know(void **state)
{
	static const struct text hosts[] = { TEXT("localhost"), TEXT("no.such.host.invalid") };
	struct host_names *names = host_names_new(hosts, COUNT_OF(hosts));
	struct text found[HOST_NAMES_MAX];
	struct ip_address here = { 0 }, elsewhere = { 0 };
	size_t count = 0;

	(void)state;
	assert_true(ip_parse(TEXT("127.0.0.1"), &here) && ip_parse(TEXT("192.0.2.1"), &elsewhere));
	for (int i = 0; i < 1000 && count == 0; i++) {
		count = host_names_of(names, here, found);
		usleep(10000);
	}
	assert_int_equal(count, 1);
	assert_true(text_is(found[0], "localhost"));
	assert_int_equal(host_names_of(names, elsewhere, found), 0);
	host_names_free(names);
	assert_null(host_names_new(NULL, 0));
}

static void times_are_of_the_event(void **state)
{
	struct world *world = *state;
	struct sensor_event event = *make_event(&made, EVENT_GETUID_X, 100, END);

	event.time_ns = UINT64_C(1700000000123456789);
	event.number = 42;
	event.cpu = 3;
	CHECK(world, &event, { "evt.num", "42" }, { "evt.rawtime", "1700000000123456789" },
	      { "evt.rawtime.s", "1700000000" }, { "evt.rawtime.ns", "123456789" },
	      { "evt.time.iso8601", "2023-11-14T22:13:20.123456789+0000" }, { "evt.cpu", "3" },
	      { "evt.hostname", "node-1" }, { "evt.source", "syscall" },
	      { "evt.is_async", "false" }, { "evt.reltime", "0" },
	      { "proc.duration", "100000000123456789" }, { "proc.pid.ts", "1600000000000000000" });
	event.time_ns += NS_PER_SEC + 5;
	CHECK(world, &event, { "evt.reltime", "1000000005" }, { "evt.deltatime.s", "1" },
	      { "evt.deltatime.ns", "5" });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_process_and_its_ancestors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(users_have_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_opens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_does_not_open, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_read_and_closed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_connection_goes_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_connection_comes_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(files_get_other_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_container_has_its_id, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_container_is_told_of, set_up, tear_down),
		cmocka_unit_test(an_address_has_the_names_that_rules_know),
		cmocka_unit_test_setup_teardown(times_are_of_the_event, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
