/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a configuration holds: every directive lies inside its parent, and mending ends. */
#include "check/check.h"
#include "check/nginx.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text text = { (const char *)data, size };
	const struct check_options options = { 0 };
	AUTO_BUFFER struct buffer mended = { 0 };
	AUTO_ARENA struct arena arena;
	struct nginx nginx;
	size_t count;

	arena_init(&arena, 4096);
	nginx_parse(&nginx, "fuzz", text, false, &arena);
	for (const struct nginx_directive *at = nginx.root.first; at != NULL; at = nginx_next(at))
		if (at->at.start > at->at.end || at->at.end > size
		    || at->at.start < at->parent->at.start || at->at.end > at->parent->at.end)
			abort();
	if (fix_text(&options, "nginx.conf", text, ARTIFACT_NGINX, &mended, &count, NULL) != 0)
		abort();
	return 0;
}
