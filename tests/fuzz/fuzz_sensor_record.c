/* SPDX-License-Identifier: Apache-2.0 */
/* A record from a ring may hold any bytes. What is decoded stays inside the record and the decoder,
 * and the state survives it. */
#include "sensor/sensor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_within(struct text part, const void *start, size_t len)
{
	const char *from = start;

	return part.ptr >= from && part.ptr + part.len <= from + len;
}

static void check_params(const struct sensor_event *event, const struct decoder *decoder,
			 const void *record, size_t len)
{
	for (unsigned i = 0; i < event->param_count; i++) {
		const struct text param = event->params[i];

		if (param.ptr != NULL && !is_within(param, record, len)
		    && !is_within(param, decoder->storage, sizeof(decoder->storage))
		    && !text_is((struct text){ param.ptr, 1 }, "/")) /* the root has a constant */
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sensor_state_options options = { .threads_max = 64 };
	AUTO(sensor_state_free) struct sensor_state *state = sensor_state_new(&options);
	struct decoder *decoder = MEM_NEW(struct decoder);
	struct record_facts facts;
	struct sensor_event event;
	/* a copy of its own, so that a byte too many is seen; and aligned, as in a ring */
	char *record = mem_alloc(size + 1);

	memcpy(record, data, size);
	if (size >= sizeof(struct record))
		((struct record *)(void *)record)->size = (uint32_t)size;
	if (decode_record(decoder, record, size, &event, &facts)) {
		check_params(&event, decoder, record, size);
		sensor_learn(state, decoder, &facts);
		sensor_state_apply(state, &event);
	}
	mem_free(record);
	mem_free(decoder);
	return 0;
}
