/* SPDX-License-Identifier: Apache-2.0 */
/* recording_event.c — a block becomes an event, or waits as the first half of one.
 *
 *	[2] cpu, [4] flags in some kinds, then
 *	[8] time, [8] thread, [4] length of the event from its time on, [2] type, [4] number of
 *	parameters, not in the oldest kinds; their lengths, [2] each or [4]; their bytes */
#include "sensor/recording_private.h"

#define ENTERS_MAX 65536 /* threads whose call is waited for */

static const struct kind {
	uint32_t kind;
	bool has_flags, has_count;
} kinds[] = {
	{ 0x204, false, false },     { 0x8002ABC4, false, false }, { 0x208, true, false },
	{ 0x8002ABC8, true, false }, { 0x216, false, true },       { 0x217, true, true },
	{ 0x221, false, true },      { 0x222, true, true },
};

static const struct kind *find_kind(uint32_t kind)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].kind == kind)
			return &kinds[i];
	return NULL;
}

bool block_is_event(uint32_t kind)
{
	return find_kind(kind) != NULL;
}

/* --- parameters -------------------------------------------------------------------------- */

/* False where the lengths go beyond the bytes there are; with exact, where they leave some. */
static bool read_params(struct text bytes, size_t count, size_t width, bool exact,
			struct sensor_event *event)
{
	struct cursor lengths = { .rest = bytes }, values = { .rest = bytes };

	cursor_bytes(&values, count * width);
	for (size_t i = 0; i < count && !values.short_of; i++) {
		const struct text value = cursor_bytes(&values, cursor_number(&lengths, width));

		if (i < EVENT_PARAMS_MAX)
			event->params[i] = value;
	}
	event->param_count =
		(uint32_t)MIN_OF(count, (size_t)sensor_event_info(event->type)->param_count);
	return !values.short_of && !(exact && values.rest.len > 0);
}

/* The oldest kinds do not say how many there are: as many as the lengths account for. */
static bool guess_params(struct text bytes, size_t width, struct sensor_event *event)
{
	for (size_t count = sensor_event_info(event->type)->param_count + 1u; count-- > 0;)
		if (read_params(bytes, count, width, true, event))
			return true;
	return false;
}

/* --- calls told in two halves ------------------------------------------------------------ */

void free_enters(struct recording *recording)
{
	ID_MAP_FOR_EACH(&recording->enters, slot)
	{
		struct enter *enter = slot->value;

		buffer_done(&enter->bytes);
		mem_free(enter);
	}
	id_map_done(&recording->enters);
}

static bool waits_for_exit(const struct sensor_event *event)
{
	return !sensor_event_is_exit(event) && sensor_event_info(event->type + 1u)->param_count > 0;
}

/* Parameters that lie in a block become ones that lie in the buffer. */
static void copy_params(struct sensor_event *to, const struct sensor_event *from,
			struct buffer *bytes)
{
	size_t at = 0;

	*to = *from;
	buffer_clear(bytes);
	for (uint32_t i = 0; i < from->param_count; i++)
		if (from->params[i].len > 0)
			buffer_add(bytes, from->params[i].ptr, from->params[i].len);
	for (uint32_t i = 0; i < from->param_count; i++) {
		if (from->params[i].len > 0)
			to->params[i].ptr = bytes->data + at;
		at += from->params[i].len;
	}
}

static void keep_enter(struct recording *recording, const struct sensor_event *event)
{
	struct enter *enter = id_map_get(&recording->enters, event->tid);

	if (enter == NULL) {
		if (recording->enters.count >= ENTERS_MAX)
			free_enters(recording); /* threads that never came back */
		enter = MEM_NEW(struct enter);
		id_map_put(&recording->enters, event->tid, enter);
	}
	enter->type = event->type;
	copy_params(&enter->event, event, &enter->bytes);
}

static void complete(struct recording *recording, struct sensor_event *event)
{
	struct enter *enter = id_map_get(&recording->enters, event->tid);

	if (enter == NULL || enter->type != event->type - 1)
		return;
	sensor_event_merge(event, &enter->event);
	enter->type = UINT16_MAX; /* used up */
}

/* --- the block --------------------------------------------------------------------------- */

int block_event(struct recording *recording, const struct block *block, struct sensor_event *event,
		struct error *err)
{
	const struct kind *kind = find_kind(block->kind);
	struct cursor cursor = { .rest = block->body };
	const uint16_t cpu = (uint16_t)cursor_number(&cursor, 2);
	uint64_t time_ns, count = 0, len;
	int64_t tid;
	unsigned type;
	size_t width, head;
	bool fine;

	if (kind->has_flags)
		cursor_number(&cursor, 4);
	head = cursor.rest.len;
	time_ns = cursor_number(&cursor, 8);
	tid = (int64_t)cursor_number(&cursor, 8);
	len = cursor_number(&cursor, 4);
	type = (unsigned)cursor_number(&cursor, 2);
	if (kind->has_count)
		count = cursor_number(&cursor, 4);
	head -= cursor.rest.len;
	if (cursor.short_of || len < head || len - head > cursor.rest.len)
		return block_broken(recording, block, err, "has an event that goes beyond its end");
	if (type >= EVENT_TYPE_LIMIT) {
		recording->counters.unknown++;
		return 0;
	}
	sensor_event_init(event, type);
	event->cpu = cpu;
	event->time_ns = time_ns;
	event->tid = tid;
	width = (sensor_event_info(type)->flags & EVENT_FLAG_LARGE) ? 4 : 2;
	cursor.rest.len = len - head;
	fine = kind->has_count ? count <= cursor.rest.len / width
					 && read_params(cursor.rest, count, width, false, event)
			       : guess_params(cursor.rest, width, event);
	if (!fine)
		return block_broken(recording, block, err,
				    "has parameters whose lengths do not add up");
	if (waits_for_exit(event)) {
		keep_enter(recording, event);
		return 0;
	}
	if (sensor_event_is_exit(event))
		complete(recording, event);
	return 1;
}
