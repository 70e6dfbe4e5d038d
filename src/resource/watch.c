/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/watch.h"

#include "resource/load.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORIES_MAX 4096
#define CHANGES                                                                                    \
	(IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE          \
	 | IN_DELETE_SELF | IN_MOVE_SELF)

struct watched { /* a directory */
	int descriptor;
	char *path;      /* owned */
	char *only_name; /* owned; the one entry that matters, NULL: all do */
};

struct watch {
	int inotify;
	struct watched *items; /* owned */
	size_t count, capacity;
};

int watch_new(struct watch **out, struct error *err)
{
	const int inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (inotify < 0)
		return error_set(err, -errno, "cannot watch files: %s", strerror(errno));
	*out = MEM_NEW(struct watch);
	(*out)->inotify = inotify;
	return 0;
}

void watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	for (size_t i = 0; i < watch->count; i++) {
		mem_free(watch->items[i].path);
		mem_free(watch->items[i].only_name);
	}
	mem_free(watch->items);
	file_close(&watch->inotify);
	mem_free(watch);
}

int watch_fd(const struct watch *watch)
{
	return watch->inotify;
}

static struct watched *find(struct watch *watch, int descriptor)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->items[i].descriptor == descriptor)
			return &watch->items[i];
	return NULL;
}

static struct watched *new_item(struct watch *watch)
{
	if (watch->count == watch->capacity) {
		watch->capacity = MAX_OF(watch->capacity * 2, (size_t)16);
		watch->items =
			mem_realloc_array(watch->items, watch->capacity, sizeof(*watch->items));
	}
	return &watch->items[watch->count++];
}

/* only_name NULL: every entry. */
static int watch_directory(struct watch *watch, const char *path, const char *only_name,
			   struct error *err)
{
	const int descriptor = inotify_add_watch(watch->inotify, path, CHANGES | IN_ONLYDIR);
	struct watched *known;

	if (descriptor < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0 /* gone again, or not there yet */
			       : error_set(err, -errno, "cannot watch %s: %s%s", path,
					   strerror(errno),
					   errno == ENOSPC ? "; raise fs.inotify.max_user_watches"
							   : "");
	known = find(watch, descriptor);
	if (known == NULL) {
		if (watch->count == DIRECTORIES_MAX)
			return error_set(err, -E2BIG, "more than %d directories to watch",
					 DIRECTORIES_MAX);
		*new_item(watch) =
			(struct watched){ .descriptor = descriptor,
					  .path = mem_strdup(path),
					  .only_name = only_name != NULL ? mem_strdup(only_name)
									 : NULL };
	} else if (known->only_name != NULL
		   && (only_name == NULL || strcmp(only_name, known->only_name) != 0)) {
		mem_free(known->only_name); /* two entries of it matter: then all may */
		known->only_name = NULL;
	}
	return 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int watch_tree(struct watch *watch, const char *path, unsigned depth, struct error *err)
{
	struct stat status;
	struct dirent **entries;

	if (depth == PATH_DEPTH_MAX || stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
		return 0;

	int result = watch_directory(watch, path, NULL, err);
	const int count = result == 0 ? scandir(path, &entries, is_visible, NULL) : -1;

	for (int i = 0; i < count; i++) {
		AUTO(mem_free_text) char *below = mem_printf("%s/%s", path, entries[i]->d_name);

		if (result == 0)
			result = watch_tree(watch, below, depth + 1, err);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return result;
}

int watch_add(struct watch *watch, const char *path, struct error *err)
{
	AUTO(mem_free_text) char *parent = mem_strdup(path);
	AUTO(mem_free_text) char *name = mem_strdup(path);
	const int result = watch_directory(watch, dirname(parent), basename(name), err);

	return result < 0 ? result : watch_tree(watch, path, 0, err);
}

/* A new plain file is of interest once it is closed; a link at once. */
static bool is_link(const struct watched *directory, const char *name)
{
	AUTO(mem_free_text) char *path = mem_printf("%s/%s", directory->path, name);
	struct stat status;

	return lstat(path, &status) == 0
	       && (S_ISLNK(status.st_mode) || (S_ISREG(status.st_mode) && status.st_nlink > 1));
}

static bool matters(const struct watched *directory, const struct inotify_event *event)
{
	const char *name = event->len > 0 ? event->name : "";

	if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF))
		return directory->only_name == NULL;
	if (directory->only_name != NULL && strcmp(name, directory->only_name) != 0)
		return false;
	if (name[0] == '.' && strncmp(name, "..", 2) != 0)
		return false; /* an editor's own; but "..data" is a Kubernetes volume's */
	if (event->mask & (IN_MODIFY | IN_CLOSE_WRITE))
		return directory->only_name != NULL || path_is_resource_file(name);
	if (event->mask & IN_CREATE)
		return event->mask & IN_ISDIR || is_link(directory, name);
	return true;
}

static void forget(struct watch *watch, struct watched *item)
{
	mem_free(item->path);
	mem_free(item->only_name);
	*item = watch->items[--watch->count];
}

static bool take_event(struct watch *watch, const struct inotify_event *event)
{
	struct watched *directory = find(watch, event->wd);

	if (event->mask & IN_Q_OVERFLOW)
		return true;
	if (directory == NULL)
		return false;
	if (event->mask & IN_IGNORED) {
		forget(watch, directory);
		return false;
	}
	return matters(directory, event);
}

bool watch_take_changes(struct watch *watch)
{
	_Alignas(struct inotify_event) char bytes[16384];
	bool changed = false;
	ssize_t got;

	while ((got = read(watch->inotify, bytes, sizeof(bytes))) > 0)
		for (const char *next = bytes; next < bytes + got;) {
			const struct inotify_event *event = (const struct inotify_event *)next;

			changed = take_event(watch, event) || changed;
			next += sizeof(*event) + event->len;
		}
	return changed;
}
