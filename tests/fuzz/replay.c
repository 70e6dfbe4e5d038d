/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c — runs a fuzz target over its corpus, so that every input that ever broke us is an
 * ordinary test: fuzz_NAME FILE-or-DIRECTORY…
 *
 * Each input is given in a block of exactly its size: a sanitizer sees one byte too many. The empty
 * input is always tried. */
#include "base/base.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define INPUT_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	AUTO_BUFFER struct buffer content = { 0 };
	struct error err;

	if (file_read(path, INPUT_MAX, &content, &err) < 0) {
		fprintf(stderr, "replay: %s\n", err.text);
		return -1;
	}

	uint8_t *exact = malloc(content.len);

	if (exact == NULL && content.len > 0)
		abort();
	if (content.len > 0)
		memcpy(exact, content.data, content.len);
	fprintf(stderr, "%s\n", path); /* the last line before a crash tells which input */
	LLVMFuzzerTestOneInput(exact, content.len);
	free(exact);
	return 0;
}

/* The number of inputs that ran, or -1. */
static int replay_directory(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	if (directory == NULL) {
		perror(path);
		return -1;
	}
	for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
		if (entry->d_name[0] == '.')
			continue;

		AUTO(mem_free_text) char *file = mem_printf("%s/%s", path, entry->d_name);

		if (replay_file(file) < 0) {
			count = -1;
			break;
		}
		count++;
	}
	closedir(directory);
	return count;
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int main(int argc, char **argv)
{
	int total = 0;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++) {
		const int count = is_directory(argv[i]) ? replay_directory(argv[i])
							: replay_file(argv[i]) + 1;

		if (count <= 0) {
			fprintf(stderr, "replay: nothing could be replayed from %s\n", argv[i]);
			return 1;
		}
		total += count;
	}
	printf("%d inputs\n", total);
	return 0;
}
