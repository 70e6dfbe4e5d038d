/* SPDX-License-Identifier: Apache-2.0 */
/* A unit is a piece of the file, without the characters that stand between pieces; a container's id
 * is 64 digits of it. */
#include "identity/cgroup.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_container(struct text file)
{
	const struct text id = cgroup_container(file);

	if (id.ptr == NULL)
		return;
	if (id.len != 64 || id.ptr < file.ptr || id.ptr + id.len > file.ptr + file.len)
		abort();
	for (size_t i = 0; i < id.len; i++)
		if (!char_is_digit(id.ptr[i]) && (id.ptr[i] < 'a' || id.ptr[i] > 'f'))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text file = { size > 0 ? (const char *)data : "", size };
	const struct text unit = cgroup_unit(file);

	check_container(file);
	if (text_is_empty(unit))
		return 0;
	if (!text_contains(file, unit) || text_find_char(unit, '/') != TEXT_NONE
	    || text_find_char(unit, '\n') != TEXT_NONE || text_ends_with(unit, TEXT(".slice")))
		abort();
	return 0;
}
