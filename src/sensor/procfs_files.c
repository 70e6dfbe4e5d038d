/* SPDX-License-Identifier: Apache-2.0 */
/* procfs_files.c — /proc/PID/fd: what a process has open. */
#include "sensor/procfs_private.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* What a link says where it is no path. */
static const struct {
	struct text begins;
	enum descriptor_kind kind;
} kinds[] = {
	{ TEXT("pipe:["), DESCRIPTOR_PIPE },
	{ TEXT("/memfd:"), DESCRIPTOR_MEMFD },
	{ TEXT("anon_inode:[eventfd"), DESCRIPTOR_EVENT },
	{ TEXT("anon_inode:[signalfd"), DESCRIPTOR_SIGNAL },
	{ TEXT("anon_inode:[eventpoll"), DESCRIPTOR_EPOLL },
	{ TEXT("anon_inode:inotify"), DESCRIPTOR_INOTIFY },
	{ TEXT("anon_inode:[timerfd"), DESCRIPTOR_TIMER },
	{ TEXT("anon_inode:bpf"), DESCRIPTOR_BPF },
	{ TEXT("anon_inode:[userfaultfd"), DESCRIPTOR_USERFAULT },
	{ TEXT("anon_inode:[io_uring"), DESCRIPTOR_IO_URING },
	{ TEXT("anon_inode:[pidfd"), DESCRIPTOR_PIDFD },
};

/* The number in "socket:[12345]". */
static bool bracketed_number(struct text link, struct text begins, uint64_t *out)
{
	if (!text_starts_with(link, begins) || !text_ends_with(link, TEXT("]")))
		return false;
	link = text_from(link, begins.len);
	return text_parse_number(text_until(link, link.len - 1), UINT64_MAX, out);
}

static struct descriptor *file_descriptor(const char *path, struct text link)
{
	struct descriptor *descriptor;
	struct stat status;
	const bool known = stat(path, &status) == 0;

	descriptor = descriptor_new(known && S_ISDIR(status.st_mode)    ? DESCRIPTOR_DIRECTORY
				    : known && S_ISFIFO(status.st_mode) ? DESCRIPTOR_PIPE
									: DESCRIPTOR_FILE);
	if (known) {
		descriptor->device = (uint32_t)status.st_dev;
		descriptor->inode = status.st_ino;
	}
	descriptor->name = shared_text_new(link, PATH_TEXT_MAX);
	return descriptor;
}

static struct descriptor *special_descriptor(struct procfs *procfs, int64_t pid, struct text link)
{
	struct descriptor *descriptor = NULL;
	uint64_t inode;

	if (bracketed_number(link, TEXT("socket:["), &inode)) {
		if (procfs->wants_sockets)
			descriptor = procfs_socket(procfs, pid, inode);
		return descriptor != NULL ? descriptor : descriptor_new(DESCRIPTOR_SOCKET);
	}
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (!text_starts_with(link, kinds[i].begins))
			continue;
		descriptor = descriptor_new(kinds[i].kind);
		if (bracketed_number(link, kinds[i].begins, &inode))
			descriptor->inode = inode;
		if (kinds[i].kind == DESCRIPTOR_MEMFD)
			descriptor->name = shared_text_new(link, PATH_TEXT_MAX);
		return descriptor;
	}
	return link.ptr[0] == '/' ? NULL : descriptor_new(DESCRIPTOR_UNKNOWN);
}

/* "flags:\t02100002", octal, as open(2) has them. */
static bool is_close_on_exec(struct procfs *procfs, int64_t pid, const char *number)
{
	char file[32];
	struct text text;

	snprintf(file, sizeof(file), "fdinfo/%s", number);
	text = procfs_read(procfs, pid, file, 256);
	while (text.ptr != NULL) {
		struct text line = text_split(&text, '\n');

		if (text_is(text_split(&line, ':'), "flags") && line.ptr != NULL)
			return (strtoul(line.ptr, NULL, 8) & 02000000) != 0;
	}
	return false;
}

static void add_descriptor(struct procfs *procfs, struct sensor_state *state, int64_t pid,
			   const char *name, int64_t number)
{
	char path[PROCFS_PATH_MAX], file[32], out[PATH_TEXT_MAX];
	struct descriptor *descriptor;
	struct text link;

	snprintf(file, sizeof(file), "fd/%s", name);
	link = procfs_link(procfs, pid, file, out);
	if (link.ptr == NULL)
		return;
	procfs_path(procfs, path, pid, file);
	descriptor = special_descriptor(procfs, pid, link);
	if (descriptor == NULL)
		descriptor = file_descriptor(path, link);
	sensor_state_add_descriptor(state, pid, number, descriptor,
				    is_close_on_exec(procfs, pid, name));
}

void procfs_add_descriptors(struct procfs *procfs, struct sensor_state *state, int64_t pid)
{
	char path[PROCFS_PATH_MAX];
	DIR *directory;

	procfs_path(procfs, path, pid, "fd");
	directory = opendir(path);
	if (directory == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		uint64_t number;

		if (text_parse_number(text_of(entry->d_name), INT32_MAX, &number)
		    && strlen(entry->d_name) < 16)
			add_descriptor(procfs, state, pid, entry->d_name, (int64_t)number);
	}
	closedir(directory);
}
