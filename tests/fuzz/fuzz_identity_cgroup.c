/* SPDX-License-Identifier: Apache-2.0 */
/* A unit is a piece of the file, without the characters that stand between pieces. */
#include "identity/cgroup.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text file = { size > 0 ? (const char *)data : "", size };
	const struct text unit = cgroup_unit(file);

	if (text_is_empty(unit))
		return 0;
	if (!text_contains(file, unit) || text_find_char(unit, '/') != TEXT_NONE
	    || text_find_char(unit, '\n') != TEXT_NONE || text_ends_with(unit, TEXT(".slice")))
		abort();
	return 0;
}
