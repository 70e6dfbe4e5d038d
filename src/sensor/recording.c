/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/recording.h"

#include "sensor/recording_private.h"

#include <errno.h>

#define KIND_SECTION   0x0A0D0D0Au
#define MAGIC          0x1A2B3C4Du
#define MAGIC_SWAPPED  0x4D3C2B1Au
#define VERSION_MAJOR  1
#define BLOCK_MAX      (64u << 20) /* bytes of one block */
#define BLOCK_OVERHEAD 12          /* kind, length, and the length again */
#define READ_STEP      (256u << 10)

/* --- what is left ------------------------------------------------------------------------ */

bool cursor_entry(struct cursor *list, bool has_length, struct cursor *entry)
{
	uint64_t len;

	if (list->rest.len < 4) /* padding */
		return false;
	if (!has_length) {
		*entry = *list;
		return true;
	}
	len = cursor_number(list, 4);
	*entry = (struct cursor){ .rest = cursor_bytes(list, len >= 4 ? len - 4 : SIZE_MAX) };
	return !list->short_of;
}

/* --- blocks ------------------------------------------------------------------------------ */

int block_broken(const struct recording *recording, const struct block *block, struct error *err,
		 const char *why)
{
	return error_set(err, -EBADMSG, "%s: the block of kind 0x%x at byte %llu %s",
			 recording->path, block->kind, (unsigned long long)block->offset, why);
}

/* 1: all of it; 0: the file ended before the first byte. */
static int read_exactly(struct recording *recording, void *out, size_t len, struct error *err)
{
	size_t have = 0;

	while (have < len) {
		const int got = gzread(recording->file, (char *)out + have,
				       (unsigned)MIN_OF(len - have, (size_t)READ_STEP));

		if (got < 0)
			return error_set(err, -EBADMSG, "%s: cannot be unpacked: %s",
					 recording->path, gzerror(recording->file, &(int){ 0 }));
		if (got == 0)
			break;
		have += (size_t)got;
	}
	recording->offset += have;
	if (have == len)
		return 1;
	if (have == 0)
		return 0;
	return error_set(err, -EBADMSG, "%s: ends in the middle of a block, at byte %llu",
			 recording->path, (unsigned long long)recording->offset);
}

/* Memory grows with what the file has, not with what its lengths say. */
static int read_body(struct recording *recording, struct block *block, size_t len,
		     struct error *err)
{
	buffer_clear(&recording->body);
	buffer_reserve(&recording->body, 1);
	while (recording->body.len < len) {
		const size_t step = MIN_OF(len - recording->body.len, (size_t)READ_STEP);
		const int result =
			read_exactly(recording, buffer_reserve(&recording->body, step), step, err);

		if (result < 0)
			return result;
		if (result == 0)
			return block_broken(recording, block, err,
					    "is cut off by the end of the file");
		recording->body.len += step;
	}
	block->body = (struct text){ recording->body.data, len };
	return 1;
}

/* 1 and a block; 0 at the end of the file. */
static int read_block(struct recording *recording, struct block *block, struct error *err)
{
	unsigned char head[8], again[4];
	struct cursor cursor = { .rest = { (const char *)head, sizeof(head) } };
	uint32_t len;
	int result;

	block->offset = recording->offset;
	result = read_exactly(recording, head, sizeof(head), err);
	if (result <= 0)
		return result;
	block->kind = (uint32_t)cursor_number(&cursor, 4);
	len = (uint32_t)cursor_number(&cursor, 4);
	if (len < BLOCK_OVERHEAD || len > BLOCK_MAX)
		return block_broken(recording, block, err, "has an impossible length");
	result = read_body(recording, block, len - BLOCK_OVERHEAD, err);
	if (result < 0)
		return result;
	if (read_exactly(recording, again, sizeof(again), err) != 1)
		return block_broken(recording, block, err, "is cut off by the end of the file");
	cursor = (struct cursor){ .rest = { (const char *)again, sizeof(again) } };
	if (cursor_number(&cursor, 4) != len)
		return block_broken(recording, block, err, "has two different lengths");
	recording->counters.blocks++;
	return 1;
}

/* --- the file ---------------------------------------------------------------------------- */

static int check_section(struct recording *recording, const struct block *block, struct error *err)
{
	struct cursor cursor = { .rest = block->body };
	const uint64_t magic = cursor_number(&cursor, 4);
	const uint64_t major = cursor_number(&cursor, 2);

	if (block->kind != KIND_SECTION || (magic != MAGIC && magic != MAGIC_SWAPPED))
		return error_set(err, -EBADMSG,
				 "%s: is no capture: it does not begin with the "
				 "header of one",
				 recording->path);
	if (magic == MAGIC_SWAPPED)
		return error_set(err, -EBADMSG,
				 "%s: was recorded on a machine of the other byte "
				 "order",
				 recording->path);
	if (major != VERSION_MAJOR)
		return error_set(err, -EBADMSG, "%s: has the format's version %llu; we read 1",
				 recording->path, (unsigned long long)major);
	return 0;
}

int recording_open(const char *path, struct recording **out, struct error *err)
{
	AUTO(recording_close) struct recording *recording = MEM_NEW(struct recording);
	struct block block = { 0 };
	int result;

	recording->path = path;
	errno = 0;
	recording->file = gzopen(path, "rbe");
	if (recording->file == NULL)
		return error_set(err, errno != 0 ? -errno : -ENOMEM, "%s: %s", path,
				 strerror(errno != 0 ? errno : ENOMEM));
	gzbuffer(recording->file, 1 << 17);
	result = read_block(recording, &block, err);
	if (result == 0)
		return error_set(err, -EBADMSG, "%s: is empty", path);
	if (result > 0)
		result = check_section(recording, &block, err);
	if (result < 0)
		return result;
	*out = TAKE(recording);
	return 0;
}

void recording_close(struct recording *recording)
{
	if (recording == NULL)
		return;
	if (recording->file != NULL)
		gzclose(recording->file);
	free_enters(recording);
	buffer_done(&recording->body);
	mem_free(recording);
}

int recording_load(struct recording *recording, struct sensor_state *state, struct users *users,
		   struct error *err)
{
	struct block block;
	int result;

	while ((result = read_block(recording, &block, err)) > 0) {
		if (block_is_event(block.kind)) {
			recording->pending = block;
			recording->has_pending = true;
			return 0;
		}
		if (!block_is_state(block.kind)) {
			recording->counters.unknown++;
			continue;
		}
		result = block_load(recording, &block, state, users, err);
		if (result < 0)
			return result;
	}
	return result;
}

int recording_next(struct recording *recording, struct sensor_event *event, struct error *err)
{
	struct block block;
	int result = 1;

	for (;;) {
		if (recording->has_pending) {
			block = recording->pending;
			recording->has_pending = false;
		} else {
			result = read_block(recording, &block, err);
		}
		if (result <= 0)
			return result;
		if (!block_is_event(block.kind)) {
			recording->counters.unknown++;
			continue;
		}
		result = block_event(recording, &block, event, err);
		if (result != 0)
			break;
	}
	if (result > 0)
		event->number = ++recording->counters.events;
	return result;
}

const char *recording_hostname(const struct recording *recording)
{
	return recording->hostname;
}

struct recording_counters recording_counters(const struct recording *recording)
{
	return recording->counters;
}
