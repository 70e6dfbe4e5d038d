/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/plan_files.h"

#include "proxy/plan_parts.h"

#include <sys/stat.h>

struct plan_file {
	struct plan_file *next;
	const char *path;
	uint64_t seen;
};

/* What changes when the file does; 0: it is not there. */
static uint64_t look_at(const char *path)
{
	struct stat found;

	if (stat(path, &found) < 0)
		return 0;

	const uint64_t facts[] = { found.st_ino, (uint64_t)found.st_size,
				   (uint64_t)found.st_mtim.tv_sec,
				   (uint64_t)found.st_mtim.tv_nsec };

	return hash_bytes(facts, sizeof(facts));
}

void plan_read_file(struct plan_build *build, struct text path)
{
	struct plan *plan = build->plan;
	struct plan_file *file;

	for (file = plan->files; file != NULL; file = file->next)
		if (text_is(path, file->path))
			return;
	file = ARENA_NEW(&plan->arena, struct plan_file);
	file->path = arena_strndup(&plan->arena, path.ptr, path.len);
	file->seen = look_at(file->path);
	file->next = plan->files;
	plan->files = file;
}

bool plan_files_changed(const struct plan *plan)
{
	for (const struct plan_file *file = plan->files; file != NULL; file = file->next)
		if (look_at(file->path) != file->seen)
			return true;
	return false;
}
