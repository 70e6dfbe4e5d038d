/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever parses prints to text that parses to an equal tree. */
#include "rules/condition.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA struct arena arena;
	AUTO_BUFFER struct buffer printed = { 0 };
	struct condition_source source = { .text = { (const char *)data, size } };
	struct condition *first = NULL;
	struct condition *second = NULL;

	arena_init(&arena, 4096);
	if (condition_parse(&arena, &source, &first, NULL) != 0)
		return 0;
	condition_print(first, &printed);

	struct condition_source again = { .text = buffer_text(&printed) };

	if (condition_parse(&arena, &again, &second, NULL) != 0 || !condition_equal(first, second))
		abort();
	return 0;
}
