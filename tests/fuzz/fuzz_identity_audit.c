/* SPDX-License-Identifier: Apache-2.0 */
/* A record that is whole is so no longer when any of its bytes is another. */
#include "identity/audit_line.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct audit_line line, changed;
	AUTO_BUFFER struct buffer copy = { 0 };

	if (size == 0)
		return 0;
	/* the first byte says which one to change */
	buffer_add(&copy, data + 1, size - 1);
	if (!audit_line_parse(buffer_text(&copy), &line) || !line.hash_fits)
		return 0;
	copy.data[data[0] % copy.len] ^= 1;
	if (audit_line_parse(buffer_text(&copy), &changed) && changed.hash_fits)
		abort();
	return 0;
}
