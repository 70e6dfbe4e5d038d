/* SPDX-License-Identifier: Apache-2.0 */
/* An agent's answer: what can be read can be written and read again, and is the same. */
#include "identity/workload_messages.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text message = { size > 0 ? (const char *)data : "", size };
	AUTO(identity_set_unref) struct identity_set *set = NULL;
	AUTO(identity_set_unref) struct identity_set *again = NULL;
	AUTO_BUFFER struct buffer written = { 0 };

	if (workload_read_svids(message, 1, &set, NULL) < 0)
		return 0;
	if (workload_write_svids(&written, set, NULL) < 0
	    || workload_read_svids(buffer_text(&written), 2, &again, NULL) < 0
	    || again->svid_count != set->svid_count)
		abort();
	for (size_t i = 0; i < set->svid_count; i++)
		if (strcmp(again->svids[i]->id, set->svids[i]->id) != 0)
			abort();
	return 0;
}
