/* SPDX-License-Identifier: Apache-2.0 */
/* paths.c — which files a path stands for. Hidden ones are left out: editors' swap files, and the
 * timestamped directories behind a ConfigMap mount, whose files are reached by their links. */
#include "resource/load.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILES_MAX 10000 /* of a set */

void path_list_done(struct path_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		mem_free(list->items[i]);
	mem_free(list->items);
	*list = (struct path_list){ 0 };
}

static int append(struct path_list *list, const char *path, struct error *err)
{
	if (list->count == FILES_MAX)
		return error_set(err, -E2BIG, "more than %d files", FILES_MAX);
	if (list->count == list->capacity) {
		list->capacity = MAX_OF(list->capacity * 2, (size_t)16);
		list->items = mem_realloc_array(list->items, list->capacity, sizeof(*list->items));
	}
	list->items[list->count++] = mem_strdup(path);
	return 0;
}

bool path_is_resource_file(const char *name)
{
	const struct text text = text_of(name);

	return text_ends_with(text, TEXT(".yaml")) || text_ends_with(text, TEXT(".yml"))
	       || text_ends_with(text, TEXT(".json"));
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int add_any(struct path_list *list, const char *path, unsigned depth, bool is_named,
		   struct error *err);

static int add_directory(struct path_list *list, const char *path, unsigned depth,
			 struct error *err)
{
	struct dirent **entries;
	const int count = scandir(path, &entries, is_visible, alphasort);
	int result = 0;

	if (count < 0)
		return error_set(err, -errno, "cannot read the directory: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		AUTO(mem_free_text) char *below = mem_printf("%s/%s", path, entries[i]->d_name);

		if (result == 0)
			result = add_any(list, below, depth + 1, false, err);
		free(entries[i]);
	}
	free(entries);
	return result;
}

static int add_any(struct path_list *list, const char *path, unsigned depth, bool is_named,
		   struct error *err)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return is_named ? error_set(err, -errno, "%s", strerror(errno)) : 0;
	if (S_ISDIR(status.st_mode))
		return depth < PATH_DEPTH_MAX ? add_directory(list, path, depth, err)
					      : error_set(err, -ELOOP,
							  "%s: too many directories below "
							  "each other",
							  path);
	if (!is_named && (!S_ISREG(status.st_mode) || !path_is_resource_file(path)))
		return 0;
	return append(list, path, err);
}

int path_list_add(struct path_list *list, const char *path, struct error *err)
{
	return add_any(list, path, 0, true, err);
}
