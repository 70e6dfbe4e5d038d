/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a Dockerfile holds: every place lies inside the text, and mending ends. */
#include "check/check.h"
#include "check/dockerfile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_places(const struct dockerfile *file)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *at = &file->instructions[i];

		if (at->at.start > at->at.end || at->at.end > file->text.len)
			abort();
		for (size_t j = 0; j < at->word_count; j++)
			if (at->words[j].at.start > at->words[j].at.end
			    || at->words[j].at.end > file->text.len)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text text = { (const char *)data, size };
	const struct check_options options = { 0 };
	AUTO_BUFFER struct buffer mended = { 0 };
	AUTO_ARENA struct arena arena;
	struct dockerfile file;
	size_t count;

	arena_init(&arena, 4096);
	dockerfile_parse(&file, text, &arena);
	check_places(&file);
	if (fix_text(&options, "Dockerfile", text, ARTIFACT_DOCKERFILE, &mended, &count, NULL) != 0)
		abort();
	return 0;
}
