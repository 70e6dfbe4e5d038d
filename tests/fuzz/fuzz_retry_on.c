/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of retry conditions, which come from clients too (x-envoy-retry-on): what is unknown is a
 * part of the list, what is known is known again by itself, and a status is there only with its
 * condition. */
#include "resource/kinds/retry_on.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text list = { (const char *)data, size };
	struct retry_on on = { 0 }, alone = { 0 };
	const struct text unknown = retry_on_add_list(&on, list);
	bool has_status = false;

	if (unknown.ptr != NULL) {
		require(unknown.ptr >= list.ptr
			&& unknown.ptr + unknown.len <= list.ptr + list.len);
		require(!retry_on_add(&alone, unknown));
		require(alone.conditions == 0);
	}
	for (unsigned status = 0; status < 1000; status++)
		has_status = has_status || retry_on_has_status(&on, status);
	require(!has_status || (on.conditions & RETRY_ON_STATUS_CODES) != 0);
	return 0;
}
