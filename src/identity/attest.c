/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/attest.h"

#include "identity/cgroup.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
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

static bool read_cgroup(const struct caller *caller, struct buffer *out)
{
	AUTO(mem_free_text) char *path = mem_printf("/proc/%d/cgroup", (int)caller->pid);

	return file_read(path, 65536, out, NULL) == 0 && caller_is_there(caller);
}

static bool has_group(const struct caller *caller, gid_t gid)
{
	AUTO(mem_free_text) char *path = mem_printf("/proc/%d/status", (int)caller->pid);
	AUTO_BUFFER struct buffer status = { 0 };
	const struct text label = TEXT("Groups:");

	if (caller->gid == gid)
		return true;
	if (file_read(path, 65536, &status, NULL) < 0 || !caller_is_there(caller))
		return false;
	for (struct text rest = buffer_text(&status); rest.ptr != NULL;) {
		struct text line = text_split(&rest, '\n');

		if (!text_starts_with(line, label))
			continue;
		for (line = text_trim(text_from(line, label.len)); line.ptr != NULL;) {
			uint64_t group;

			if (text_parse_number(text_split(&line, ' '), UINT32_MAX, &group)
			    && group == gid)
				return true;
		}
	}
	return false;
}

/* ---- the properties ---- */

static bool says_uid(const struct workload_process *entry)
{
	return entry->uid.is_set;
}

static bool holds_uid(const struct workload_process *entry, const struct caller *caller)
{
	return entry->uid.value == (int64_t)caller->uid;
}

static bool says_gid(const struct workload_process *entry)
{
	return entry->gid.is_set;
}

static bool holds_gid(const struct workload_process *entry, const struct caller *caller)
{
	return entry->gid.value >= 0 && entry->gid.value <= UINT32_MAX
	       && has_group(caller, (gid_t)entry->gid.value);
}

static bool says_user(const struct workload_process *entry)
{
	return entry->user.ptr != NULL;
}

static bool holds_user(const struct workload_process *entry, const struct caller *caller)
{
	AUTO(mem_free_text) char *names = mem_alloc(NAME_BUFFER);
	struct passwd storage, *user = NULL;

	return getpwnam_r(entry->user.ptr, &storage, names, NAME_BUFFER, &user) == 0 && user != NULL
	       && user->pw_uid == caller->uid;
}

static bool says_group(const struct workload_process *entry)
{
	return entry->group.ptr != NULL;
}

static bool holds_group(const struct workload_process *entry, const struct caller *caller)
{
	AUTO(mem_free_text) char *names = mem_alloc(NAME_BUFFER);
	struct group storage, *group = NULL;

	return getgrnam_r(entry->group.ptr, &storage, names, NAME_BUFFER, &group) == 0
	       && group != NULL && has_group(caller, group->gr_gid);
}

static bool says_path(const struct workload_process *entry)
{
	return entry->path.ptr != NULL;
}

/* A deleted or replaced file reads "… (deleted)" and so does not fit. */
static bool holds_path(const struct workload_process *entry, const struct caller *caller)
{
	char path[PATH_MAX];

	return read_executable(caller, path) && text_is(entry->path, path);
}

static bool says_unit(const struct workload_process *entry)
{
	return entry->systemd_unit.ptr != NULL;
}

static bool holds_unit(const struct workload_process *entry, const struct caller *caller)
{
	AUTO_BUFFER struct buffer cgroup = { 0 };

	return read_cgroup(caller, &cgroup)
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

static const struct property {
	const char *name;
	bool (*says)(const struct workload_process *entry);
	/* NULL: cannot be found out yet, so it never holds */
	bool (*holds)(const struct workload_process *entry, const struct caller *caller);
} properties[] = {
	{ "uid", says_uid, holds_uid },    { "gid", says_gid, holds_gid },
	{ "user", says_user, holds_user }, { "group", says_group, holds_group },
	{ "path", says_path, holds_path }, { "systemdUnit", says_unit, holds_unit },
	{ "sha256", says_sha256, NULL },   { "docker", says_docker, NULL },
	{ "pod", says_pod, NULL },
};

unsigned attest_process(const struct workload_process *entry, const struct caller *caller)
{
	unsigned held = 0;

	for (size_t i = 0; i < COUNT_OF(properties); i++) {
		const struct property *property = &properties[i];

		if (!property->says(entry))
			continue;
		if (property->holds == NULL || !property->holds(entry, caller))
			return 0;
		held++;
	}
	return held;
}

unsigned attest_workload(const struct workload *workload, const struct caller *caller)
{
	unsigned best = 0;

	for (size_t i = 0; i < workload->processes.count; i++)
		best = MAX_OF(best, attest_process(&workload->processes.items[i], caller));
	return best;
}

const char *attest_unsupported(const struct workload_process *entry)
{
	for (size_t i = 0; i < COUNT_OF(properties); i++)
		if (properties[i].holds == NULL && properties[i].says(entry))
			return properties[i].name;
	return NULL;
}
