/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/procfs.h"

#include "sensor/procfs_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct procfs *procfs_new(const char *root)
{
	struct procfs *procfs = MEM_NEW(struct procfs);
	struct timespec boot = { 0 };
	const long ticks = sysconf(_SC_CLK_TCK);

	procfs->root = root;
	procfs->tick_ns = NS_PER_SEC / (uint64_t)(ticks > 0 ? ticks : 100);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	procfs->boot_time_ns = (uint64_t)clock_wall_ns()
			       - ((uint64_t)boot.tv_sec * NS_PER_SEC + (uint64_t)boot.tv_nsec);
	procfs->source.add_thread = procfs_add_thread;
	procfs->source.is_alive = procfs_is_alive;
	return procfs;
}

void procfs_free(struct procfs *procfs)
{
	if (procfs == NULL)
		return;
	procfs_forget_sockets(procfs);
	buffer_done(&procfs->scratch);
	mem_free(procfs);
}

struct state_source *procfs_source(struct procfs *procfs)
{
	return &procfs->source;
}

void procfs_path(const struct procfs *procfs, char out[PROCFS_PATH_MAX], int64_t pid,
		 const char *file)
{
	snprintf(out, PROCFS_PATH_MAX, "%s/%lld/%s", procfs->root, (long long)pid, file);
}

/* At most `limit` bytes: what is longer is cut, as a process may have an environment of any size.
 */
struct text procfs_read(struct procfs *procfs, int64_t pid, const char *file, size_t limit)
{
	char path[PROCFS_PATH_MAX];
	AUTO_FD int fd = -1;

	procfs_path(procfs, path, pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	buffer_clear(&procfs->scratch);
	if (fd < 0)
		return (struct text){ 0 };
	buffer_reserve(&procfs->scratch, limit);
	while (procfs->scratch.len < limit) {
		const ssize_t got = read(fd, procfs->scratch.data + procfs->scratch.len,
					 limit - procfs->scratch.len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		procfs->scratch.len += (size_t)got;
	}
	return buffer_text(&procfs->scratch);
}

struct text procfs_link(const struct procfs *procfs, int64_t pid, const char *file,
			char out[PATH_TEXT_MAX])
{
	char path[PROCFS_PATH_MAX];
	ssize_t len;

	procfs_path(procfs, path, pid, file);
	len = readlink(path, out, PATH_TEXT_MAX);
	return len > 0 ? (struct text){ out, (size_t)len } : (struct text){ 0 };
}

/* --- one process ------------------------------------------------------------------------- */

/* Fields of stat after the name, counted as in proc(5), where the state is the third. */
#define STAT_FIRST 3
#define STAT_LAST  22

struct stat_fields {
	int64_t field[STAT_LAST + 1];
};

/* "PID (NAME) S 1 2 3 ...": the name may hold anything, also brackets and blanks. */
static bool parse_stat(struct text text, struct stat_fields *out)
{
	const size_t bracket = text_find_last_char(text, ')');
	struct text rest;

	if (bracket == TEXT_NONE || bracket + 2 > text.len)
		return false;
	rest = text_from(text, bracket + 2);
	for (int i = STAT_FIRST; i <= STAT_LAST; i++) {
		char number[24] = "";
		const struct text field = text_split(&rest, ' ');

		if (field.ptr == NULL || field.len >= sizeof(number))
			return false;
		memcpy(number, field.ptr, field.len);
		out->field[i] = strtoll(number, NULL, 10);
	}
	return true;
}

static bool read_stat(struct procfs *procfs, int64_t tid, struct thread_record *record)
{
	struct stat_fields stat;

	if (!parse_stat(procfs_read(procfs, tid, "stat", 4096), &stat))
		return false;
	record->parent = stat.field[4];
	record->pgid = stat.field[5];
	record->sid = stat.field[6];
	record->has_tty = true;
	record->tty = (uint32_t)stat.field[7];
	record->start = (uint64_t)stat.field[22] * procfs->tick_ns;
	record->clone_time_ns = procfs->boot_time_ns + record->start;
	return true;
}

/* The last number of a line, "NSpid:\t100\t1"; or the first. */
static int64_t number_at(struct text line, bool last)
{
	uint64_t number = 0;

	while (line.ptr != NULL) {
		const struct text word = text_trim(text_split(&line, '\t'));

		if (text_parse_number(word, INT64_MAX, &number) && !last)
			break;
	}
	return (int64_t)number;
}

static uint64_t hex_at(struct text line)
{
	char number[24] = "";

	line = text_trim(line);
	memcpy(number, line.ptr, MIN_OF(line.len, sizeof(number) - 1));
	return strtoull(number, NULL, 16);
}

static void read_status_line(struct text line, struct thread_record *record)
{
	const struct text name = text_split(&line, ':');

	if (line.ptr == NULL)
		return;
	if (text_is(name, "Tgid"))
		record->pid = number_at(line, false);
	else if (text_is(name, "Uid"))
		record->uid = (uint32_t)number_at(text_from(line, 1), false);
	else if (text_is(name, "Gid"))
		record->gid = (uint32_t)number_at(text_from(line, 1), false);
	else if (text_is(name, "NStgid"))
		record->vpid = number_at(line, true);
	else if (text_is(name, "NSpid"))
		record->vtid = number_at(line, true);
	else if (text_is(name, "NSpgid"))
		record->vpgid = number_at(line, true);
	else if (text_is(name, "CapInh"))
		record->cap_inheritable = hex_at(line);
	else if (text_is(name, "CapPrm"))
		record->cap_permitted = hex_at(line);
	else if (text_is(name, "CapEff"))
		record->cap_effective = hex_at(line);
	else if (text_is(name, "VmSize"))
		record->vm_size_kb = (uint32_t)strtoul(line.ptr, NULL, 10);
	else if (text_is(name, "VmRSS"))
		record->vm_rss_kb = (uint32_t)strtoul(line.ptr, NULL, 10);
	else if (text_is(name, "VmSwap"))
		record->vm_swap_kb = (uint32_t)strtoul(line.ptr, NULL, 10);
}

static bool read_status(struct procfs *procfs, int64_t tid, struct thread_record *record)
{
	struct text text = procfs_read(procfs, tid, "status", 8192);

	while (text.ptr != NULL && text.len > 0)
		read_status_line(text_split(&text, '\n'), record);
	record->has_capabilities = true;
	return record->pid > 0;
}

static void read_login(struct procfs *procfs, int64_t tid, struct thread_record *record)
{
	uint64_t loginuid;

	if (text_parse_number(text_trim(procfs_read(procfs, tid, "loginuid", 32)), UINT32_MAX,
			      &loginuid))
		record->loginuid = (uint32_t)loginuid;
}

/* The file itself tells how it was made and last changed; where it lies in an overlay is not to be
 * had from here. */
static void read_executable(const struct procfs *procfs, int64_t tid, struct thread_record *record)
{
	char path[PROCFS_PATH_MAX];
	struct stat stat_of_exe;

	procfs_path(procfs, path, tid, "exe");
	if (stat(path, &stat_of_exe) != 0)
		return;
	record->has_executable = true;
	record->inode = stat_of_exe.st_ino;
	record->ctime_ns = (uint64_t)stat_of_exe.st_ctim.tv_sec * NS_PER_SEC
			   + (uint64_t)stat_of_exe.st_ctim.tv_nsec;
	record->mtime_ns = (uint64_t)stat_of_exe.st_mtim.tv_sec * NS_PER_SEC
			   + (uint64_t)stat_of_exe.st_mtim.tv_nsec;
	if (text_starts_with(record->exe_path, TEXT("/memfd:")))
		record->executable_flags |= EXECUTABLE_FROM_MEMFD;
}

static struct text keep(struct arena *arena, struct text text)
{
	return text.ptr != NULL
		       ? (struct text){ arena_strndup(arena, text.ptr, text.len), text.len }
		       : text;
}

/* "0::/path" and "4:memory:/path" become "memory=/path", each with its NUL, as in events. */
static struct text keep_cgroups(struct arena *arena, struct text text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	while (text.ptr != NULL && text.len > 0) {
		struct text line = text_split(&text, '\n');
		struct text name;

		text_split(&line, ':');
		name = text_split(&line, ':');
		if (line.ptr == NULL)
			continue;
		memcpy(out + len, name.ptr, name.len);
		out[len + name.len] = '=';
		memcpy(out + len + name.len + 1, line.ptr, line.len);
		len += name.len + 1 + line.len + 1;
		out[len - 1] = '\0';
	}
	return (struct text){ out, len };
}

static void read_program(struct procfs *procfs, struct arena *arena, int64_t tid,
			 struct thread_record *record)
{
	char link[PATH_TEXT_MAX];
	struct text line = keep(arena, procfs_read(procfs, tid, "cmdline", PROCFS_TEXT_MAX));
	struct text comm = procfs_read(procfs, tid, "comm", 64);

	record->comm = keep(arena, text_until(comm, comm.len > 0 ? comm.len - 1 : 0));
	if (line.len > 0) {
		record->exe = text_until(line, strnlen(line.ptr, line.len));
		record->args = text_from(line, MIN_OF(record->exe.len + 1, line.len));
	} else {
		record->exe = record->comm; /* a thread of the kernel */
		record->args = TEXT("");
	}
	record->env = keep(arena, procfs_read(procfs, tid, "environ", PROCFS_TEXT_MAX));
	record->cgroups = keep_cgroups(arena, procfs_read(procfs, tid, "cgroup", PROCFS_TEXT_MAX));
	record->exe_path = keep(arena, procfs_link(procfs, tid, "exe", link));
	record->cwd = keep(arena, procfs_link(procfs, tid, "cwd", link));
	read_executable(procfs, tid, record);
	read_login(procfs, tid, record);
}

#define ANCESTORS_MAX 64 /* looked up for one thread */

bool procfs_add_thread(struct state_source *source, struct sensor_state *state, int64_t tid)
{
	struct procfs *procfs = CONTAINER_OF(source, struct procfs, source);
	struct thread_record record = THREAD_RECORD_EMPTY;
	AUTO_ARENA struct arena arena;

	arena_init(&arena, 16384);
	record.tid = tid;
	if (!read_stat(procfs, tid, &record) || !read_status(procfs, tid, &record))
		return false;
	if (record.pid != tid && sensor_state_process(state, record.pid) == NULL
	    && !procfs_add_thread(source, state, record.pid))
		return false;
	if (record.parent > 0 && sensor_state_process(state, record.parent) == NULL
	    && procfs->depth < ANCESTORS_MAX) {
		procfs->depth++;
		procfs_add_thread(source, state, record.parent);
		procfs->depth--;
	}
	read_program(procfs, &arena, tid, &record);
	if (sensor_state_add_thread(state, &record) == NULL)
		return false;
	if (record.pid == tid)
		procfs_add_descriptors(procfs, state, tid);
	return true;
}

bool procfs_is_alive(struct state_source *source, int64_t tid, uint64_t start)
{
	struct procfs *procfs = CONTAINER_OF(source, struct procfs, source);
	struct thread_record record = THREAD_RECORD_EMPTY;

	return read_stat(procfs, tid, &record)
	       && (start == 0 || record.start / procfs->tick_ns == start / procfs->tick_ns);
}

/* --- all of them ------------------------------------------------------------------------- */

static void add_tasks(struct procfs *procfs, struct sensor_state *state, int64_t pid)
{
	char path[PROCFS_PATH_MAX];
	DIR *directory;

	procfs_path(procfs, path, pid, "task");
	directory = opendir(path);
	if (directory == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		uint64_t tid;

		if (text_parse_number(text_of(entry->d_name), INT32_MAX, &tid)
		    && sensor_state_thread(state, (int64_t)tid) == NULL)
			procfs_add_thread(&procfs->source, state, (int64_t)tid);
	}
	closedir(directory);
}

int procfs_load(struct procfs *procfs, struct sensor_state *state, struct error *err)
{
	DIR *directory = opendir(procfs->root);

	if (directory == NULL)
		return error_set(err, -errno, "%s: %s", procfs->root, strerror(errno));
	procfs->wants_sockets = true;
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		uint64_t pid;

		if (!text_parse_number(text_of(entry->d_name), INT32_MAX, &pid))
			continue;
		if (sensor_state_thread(state, (int64_t)pid) == NULL)
			procfs_add_thread(&procfs->source, state, (int64_t)pid);
		add_tasks(procfs, state, (int64_t)pid);
	}
	closedir(directory);
	procfs->wants_sockets = false;
	procfs_forget_sockets(procfs);
	buffer_done(&procfs->scratch); /* grown by tables of sockets */
	return 0;
}
