/* SPDX-License-Identifier: Apache-2.0 */
/* A container's id is a piece of the cgroup path, never longer than ids are. */
#include "sensor/sensor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text path = { size > 0 ? (const char *)data : "", size };
	enum container_engine engine = CONTAINER_ENGINE_NONE;
	struct text id = { 0 };

	if (!container_of_cgroup(path, &engine, &id))
		return 0;
	if (engine == CONTAINER_ENGINE_NONE || id.len == 0 || id.len > CONTAINER_ID_MAX
	    || text_find_char(id, '/') != TEXT_NONE || !text_contains(path, id))
		abort();
	return 0;
}
