/* SPDX-License-Identifier: Apache-2.0 */
/* host_files.c — who owns Docker's files and who may write them (CIS section 3). A file that is not
 * there has nothing wrong with it. */
#include "check/host_report.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>

static const struct file_row {
	const char *id, *path;
	mode_t mode;       /* the most that is allowed */
	const char *group; /* besides root */
} rows[] = {
	{ "CD301", "/usr/lib/systemd/system/docker.service", 0644, NULL },
	{ "CD301", "/usr/lib/systemd/system/docker.socket", 0644, NULL },
	{ "CD301", "/etc/docker", 0755, NULL },
	{ "CD302", "/etc/docker/certs.d", 0755, NULL },
	{ "CD301", "/etc/docker/daemon.json", 0644, NULL },
	{ "CD301", "/etc/default/docker", 0644, NULL },
	{ "CD301", "/etc/sysconfig/docker", 0644, NULL },
	{ "CD301", "/etc/systemd/system/docker.service", 0644, NULL },
	{ "CD301", "/etc/containerd/config.toml", 0644, NULL },
	{ "CD303", "/var/run/docker.sock", 0660, "docker" },
	{ "CD303", "/run/containerd/containerd.sock", 0660, NULL },
};

static bool is_group(gid_t gid, const char *name)
{
	const struct group *group = name != NULL ? getgrnam(name) : NULL;

	return gid == 0 || (group != NULL && group->gr_gid == gid);
}

static void check_row(struct host *host, const struct file_row *row)
{
	const char *path =
		arena_printf(&host->run->findings.arena, "%s%s", host->options->root, row->path);
	struct stat status;

	if (stat(path, &status) != 0) {
		if (errno != ENOENT)
			host_problem(host, path, errno);
		return;
	}
	if (status.st_uid != 0 || !is_group(status.st_gid, row->group))
		host_report(host, row->id, path, "it belongs to %u:%u, not to root",
			    (unsigned)status.st_uid, (unsigned)status.st_gid);
	if ((status.st_mode & 07777 & ~row->mode) != 0)
		host_report(host, row->id, path, "its mode is %04o, more than %04o",
			    (unsigned)status.st_mode & 07777, (unsigned)row->mode);
}

void host_check_files(struct host *host)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		check_row(host, &rows[i]);
}
