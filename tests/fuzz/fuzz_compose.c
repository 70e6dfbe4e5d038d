/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a compose file holds: findings lie inside it, and what is mended can still be read. */
#include "check/check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text text = { (const char *)data, size };
	const struct check_options options = { 0 };
	AUTO_BUFFER struct buffer mended = { 0 };
	struct check_run run;
	size_t count;

	check_run_init(&run);
	if (fix_text(&options, "compose.yaml", text, ARTIFACT_COMPOSE, &mended, &count, NULL) == 0
	    && check_text(&run, &options, "compose.yaml", buffer_text(&mended), ARTIFACT_COMPOSE,
			  NULL)
		       != 0)
		abort();
	check_run_done(&run);
	return 0;
}
