/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine answers may be anything: every text of the result lies in the result. */
#include "sensor/sensor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every byte, so that a view of what is gone is found. */
static size_t touch(struct text text)
{
	size_t sum = 0;

	for (size_t i = 0; i < text.len; i++)
		sum += (unsigned char)text.ptr[i];
	return sum;
}

static void check(struct container_info *info)
{
	size_t sum = 0;

	if (info == NULL)
		return;
	sum += touch(info->name) + touch(info->image) + touch(info->repository) + touch(info->tag)
	       + touch(info->digest) + touch(info->pod) + touch(info->sandbox);
	for (size_t i = 0; i < info->label_count; i++)
		sum += touch(info->labels[i].key) + touch(info->labels[i].value);
	for (size_t i = 0; i < info->mount_count; i++)
		sum += touch(info->mounts[i].source) + touch(info->mounts[i].destination);
	if (info->repository.len > info->image.len || sum == SIZE_MAX)
		abort();
	container_info_free(info);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text json = { size > 0 ? (const char *)data : "", size };
	struct text id;

	check(container_info_of_docker(json));
	check(container_info_of_bundle(json));
	check(container_info_of_event(json, &id));
	return 0;
}
