/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/attest_private.h"

#include "identity/cgroup.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BUFFER 16384

/* ---- what /proc says, believed only while the same process is still there ---- */

static bool read_executable(const struct caller *caller, char out[PATH_MAX])
{
	AUTO(mem_free_text) char *link = mem_printf("/proc/%d/exe", (int)caller->pid);
	const ssize_t len = readlink(link, out, PATH_MAX - 1);

	if (len <= 0)
		return false;
	out[len] = '\0';
	return caller_is_there(caller);
}

bool attest_read_cgroup(const struct caller *caller, struct buffer *out)
{
	AUTO(mem_free_text) char *path = mem_printf("/proc/%d/cgroup", (int)caller->pid);

	return file_read(path, 65536, out, NULL) == 0 && caller_is_there(caller);
}

/* The supplementary groups, as numbers with blanks between; a view into `status`. Absent: gone. */
static struct text read_groups(const struct caller *caller, struct buffer *status)
{
	AUTO(mem_free_text) char *path = mem_printf("/proc/%d/status", (int)caller->pid);
	const struct text label = TEXT("Groups:");

	if (file_read(path, 65536, status, NULL) < 0 || !caller_is_there(caller))
		return (struct text){ 0 };
	for (struct text rest = buffer_text(status); rest.ptr != NULL;) {
		const struct text line = text_split(&rest, '\n');

		if (text_starts_with(line, label))
			return text_trim(text_from(line, label.len));
	}
	return (struct text){ 0 };
}

static bool has_group(const struct caller *caller, gid_t gid)
{
	AUTO_BUFFER struct buffer status = { 0 };

	if (caller->gid == gid)
		return true;
	for (struct text groups = read_groups(caller, &status); groups.ptr != NULL;) {
		uint64_t group;

		if (text_parse_number(text_split(&groups, ' '), UINT32_MAX, &group) && group == gid)
			return true;
	}
	return false;
}

/* ---- the properties ---- */

static bool says_uid(const struct workload_process *entry)
{
	return entry->uid.is_set;
}

static bool holds_uid(const struct workload_process *entry, struct attestation *process)
{
	return entry->uid.value == (int64_t)process->caller->uid;
}

static bool says_gid(const struct workload_process *entry)
{
	return entry->gid.is_set;
}

static bool holds_gid(const struct workload_process *entry, struct attestation *process)
{
	return entry->gid.value >= 0 && entry->gid.value <= UINT32_MAX
	       && has_group(process->caller, (gid_t)entry->gid.value);
}

static bool says_user(const struct workload_process *entry)
{
	return entry->user.ptr != NULL;
}

static bool holds_user(const struct workload_process *entry, struct attestation *process)
{
	AUTO(mem_free_text) char *names = mem_alloc(NAME_BUFFER);
	struct passwd storage, *user = NULL;

	return getpwnam_r(entry->user.ptr, &storage, names, NAME_BUFFER, &user) == 0 && user != NULL
	       && user->pw_uid == process->caller->uid;
}

static bool says_group(const struct workload_process *entry)
{
	return entry->group.ptr != NULL;
}

static bool holds_group(const struct workload_process *entry, struct attestation *process)
{
	AUTO(mem_free_text) char *names = mem_alloc(NAME_BUFFER);
	struct group storage, *group = NULL;

	return getgrnam_r(entry->group.ptr, &storage, names, NAME_BUFFER, &group) == 0
	       && group != NULL && has_group(process->caller, group->gr_gid);
}

static bool says_path(const struct workload_process *entry)
{
	return entry->path.ptr != NULL;
}

/* The name is the one in the process's own mount namespace, where it can mount what it likes over
 * any program: it has to be the file that we see there, too. */
static bool is_our_file(const struct caller *caller, const char *path)
{
	AUTO(mem_free_text) char *link = mem_printf("/proc/%d/exe", (int)caller->pid);
	struct stat theirs, ours;

	return stat(link, &theirs) == 0 && stat(path, &ours) == 0 && theirs.st_dev == ours.st_dev
	       && theirs.st_ino == ours.st_ino && caller_is_there(caller);
}

/* A deleted or replaced file reads "… (deleted)" and so does not fit. In a container that the entry
 * describes, the path is the container's. */
static bool holds_path(const struct workload_process *entry, struct attestation *process)
{
	const bool is_of_container = entry->docker != NULL || entry->pod != NULL;
	char path[PATH_MAX];

	return read_executable(process->caller, path) && text_is(entry->path, path)
	       && (is_of_container || is_our_file(process->caller, path));
}

static bool says_unit(const struct workload_process *entry)
{
	return entry->systemd_unit.ptr != NULL;
}

static bool holds_unit(const struct workload_process *entry, struct attestation *process)
{
	AUTO_BUFFER struct buffer cgroup = { 0 };

	return attest_read_cgroup(process->caller, &cgroup)
	       && text_equal(cgroup_unit(buffer_text(&cgroup)), entry->systemd_unit);
}

static bool says_sha256(const struct workload_process *entry)
{
	return entry->sha256.ptr != NULL;
}

static bool says_docker(const struct workload_process *entry)
{
	return entry->docker != NULL;
}

static bool says_pod(const struct workload_process *entry)
{
	return entry->pod != NULL;
}

/* ---- for people: what an entry wants, what a process has ---- */

static void wanted_uid(const struct workload_process *entry, struct buffer *out)
{
	buffer_printf(out, "%lld", (long long)entry->uid.value);
}

static void wanted_gid(const struct workload_process *entry, struct buffer *out)
{
	buffer_printf(out, "%lld", (long long)entry->gid.value);
}

static void wanted_user(const struct workload_process *entry, struct buffer *out)
{
	buffer_add_text(out, entry->user.ptr);
}

static void wanted_group(const struct workload_process *entry, struct buffer *out)
{
	buffer_add_text(out, entry->group.ptr);
}

static void wanted_path(const struct workload_process *entry, struct buffer *out)
{
	buffer_add_text(out, entry->path.ptr);
}

static void wanted_unit(const struct workload_process *entry, struct buffer *out)
{
	buffer_add_text(out, entry->systemd_unit.ptr);
}

static void wanted_sha256(const struct workload_process *entry, struct buffer *out)
{
	buffer_add_text(out, entry->sha256.ptr);
}

static bool found_uid(struct attestation *process, struct buffer *out)
{
	buffer_printf(out, "%u", process->caller->uid);
	return true;
}

static bool found_user(struct attestation *process, struct buffer *out)
{
	AUTO(mem_free_text) char *names = mem_alloc(NAME_BUFFER);
	struct passwd storage, *user = NULL;

	if (getpwuid_r(process->caller->uid, &storage, names, NAME_BUFFER, &user) == 0
	    && user != NULL)
		buffer_add_text(out, user->pw_name);
	else
		buffer_printf(out, "uid %u, which has no name here", process->caller->uid);
	return true;
}

static bool found_groups(struct attestation *process, struct buffer *out)
{
	AUTO_BUFFER struct buffer status = { 0 };
	const struct text groups = read_groups(process->caller, &status);

	buffer_printf(out, "%u; supplementary: %.*s", process->caller->gid, TEXT_ARGS(groups));
	return groups.ptr != NULL;
}

static bool found_path(struct attestation *process, struct buffer *out)
{
	char path[PATH_MAX];

	if (!read_executable(process->caller, path)) {
		buffer_printf(out, "/proc/%d/exe cannot be read: %s", (int)process->caller->pid,
			      errno == EACCES ? "the authority lacks CAP_SYS_PTRACE"
					      : "the process has gone");
		return false;
	}
	buffer_add_text(out, path);
	if (!is_our_file(process->caller, path))
		buffer_add_text(out, ", which is not the host's file of that name");
	return true;
}

static bool found_unit(struct attestation *process, struct buffer *out)
{
	AUTO_BUFFER struct buffer cgroup = { 0 };

	if (!attest_read_cgroup(process->caller, &cgroup)) {
		buffer_printf(out, "/proc/%d/cgroup cannot be read", (int)process->caller->pid);
		return false;
	}

	const struct text unit = cgroup_unit(buffer_text(&cgroup));

	buffer_printf(out, "%.*s", TEXT_ARGS(unit.ptr != NULL ? unit : TEXT("no unit")));
	return true;
}

static const struct property {
	const char *name;
	bool (*says)(const struct workload_process *entry);
	/* NULL: cannot be found out yet, so it never holds */
	bool (*holds)(const struct workload_process *entry, struct attestation *process);
	void (*wanted)(const struct workload_process *entry, struct buffer *out); /* NULL: as the
										     file has it */
	bool (*found)(struct attestation *process, struct buffer *out);
} properties[] = {
	{ "uid", says_uid, holds_uid, wanted_uid, found_uid },
	{ "gid", says_gid, holds_gid, wanted_gid, found_groups },
	{ "user", says_user, holds_user, wanted_user, found_user },
	{ "group", says_group, holds_group, wanted_group, found_groups },
	{ "path", says_path, holds_path, wanted_path, found_path },
	{ "systemdUnit", says_unit, holds_unit, wanted_unit, found_unit },
	/* last, for what an entry says before it keeps strangers from asking for work */
	{ "sha256", says_sha256, attest_holds_sha256, wanted_sha256, attest_found_sha256 },
	{ "docker", says_docker, attest_holds_docker, attest_wanted_docker, attest_found_docker },
	{ "pod", says_pod, NULL, NULL, NULL },
};

static void examine(const struct property *property, const struct workload_process *entry,
		    struct attestation *process, struct attest_finding *out)
{
	*out = (struct attest_finding){ .name = property->name };
	if (property->wanted != NULL)
		property->wanted(entry, &out->wanted);
	if (property->holds == NULL) {
		buffer_add_text(&out->found, "this program cannot find it out yet");
		return;
	}
	out->holds = property->holds(entry, process);
	out->is_readable = property->found(process, &out->found);
}

size_t attest_examine(const struct workload_process *entry, struct attestation *process,
		      struct attest_finding out[ATTEST_FINDINGS_MAX])
{
	size_t count = 0;

	_Static_assert(COUNT_OF(properties) <= ATTEST_FINDINGS_MAX, "one finding a property");
	for (size_t i = 0; i < COUNT_OF(properties); i++)
		if (properties[i].says(entry))
			examine(&properties[i], entry, process, &out[count++]);
	return count;
}

void attest_findings_done(struct attest_finding *findings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buffer_done(&findings[i].wanted);
		buffer_done(&findings[i].found);
	}
}

/* ---- does it fit? ---- */

unsigned attest_process(const struct workload_process *entry, struct attestation *process)
{
	unsigned held = 0;

	for (size_t i = 0; i < COUNT_OF(properties); i++) {
		const struct property *property = &properties[i];

		if (!property->says(entry))
			continue;
		if (property->holds == NULL || !property->holds(entry, process))
			return 0;
		held++;
	}
	return held;
}

unsigned attest_workload(const struct workload *workload, struct attestation *process)
{
	unsigned best = 0;

	for (size_t i = 0; i < workload->processes.count; i++)
		best = MAX_OF(best, attest_process(&workload->processes.items[i], process));
	return best;
}

const char *attest_unsupported(const struct workload_process *entry)
{
	for (size_t i = 0; i < COUNT_OF(properties); i++)
		if (properties[i].holds == NULL && properties[i].says(entry))
			return properties[i].name;
	return NULL;
}
