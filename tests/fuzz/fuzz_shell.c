/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a script holds: commands and words lie inside it, and each command has a word. */
#include "check/shell.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA struct arena arena;
	struct shell_script script;

	arena_init(&arena, 4096);
	shell_parse(&script, (struct text){ (const char *)data, size }, &arena);
	for (size_t i = 0; i < script.count; i++) {
		const struct shell_command *command = &script.commands[i];

		if (command->count == 0 || command->start > command->end || command->end > size)
			abort();
		for (size_t j = 0; j < command->count; j++)
			if (command->words[j].start > command->words[j].end
			    || command->words[j].end > size)
				abort();
	}
	return 0;
}
