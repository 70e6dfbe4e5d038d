/* SPDX-License-Identifier: Apache-2.0 */
/* What parses has one spelling: formatting gives the same bytes, and none that could mean something
 * else to another reader. */
#include "identity/identity.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text text = { size > 0 ? (const char *)data : "", size };
	char again[SPIFFE_ID_MAX + 1] = "";
	struct spiffe_id id;
	struct error err = { 0 };

	if (spiffe_id_parse(text, &id, &err) < 0) {
		if (err.text[0] == '\0')
			abort();
		return 0;
	}
	if (!text_equal((struct text){ again, spiffe_id_format(again, &id) }, text)
	    || text_contains(text_from(text, 9), TEXT("//")) || text_contains(id.path, TEXT("/../"))
	    || text_find_char(text, '%') != TEXT_NONE || text_find_char(text, '\0') != TEXT_NONE)
		abort();
	return 0;
}
