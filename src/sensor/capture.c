/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/capture.h"

#include "sensor/capture_private.h"

#include <errno.h>

#define KIND_SECTION   0x0A0D0D0Au
#define MAGIC          0x1A2B3C4Du
#define MAGIC_SWAPPED  0x4D3C2B1Au
#define VERSION_MAJOR  1
#define BLOCK_MAX      (64u << 20) /* bytes of one block */
#define BLOCK_OVERHEAD 12          /* kind, length, and the length again */
#define READ_STEP      (256u << 10)

/* --- what is left ------------------------------------------------------------------------ */

struct text cursor_bytes(struct cursor *cursor, size_t len)
{
	struct text bytes = { 0 };

	if (cursor->rest.len < len) {
		cursor->short_of = true;
		cursor->rest.len = 0;
		return bytes;
	}
	bytes = text_until(cursor->rest, len);
	cursor->rest = text_from(cursor->rest, len);
	return bytes;
}

uint64_t cursor_number(struct cursor *cursor, size_t width)
{
	const struct text bytes = cursor_bytes(cursor, width);
	uint64_t number = 0;

	for (size_t i = 0; i < bytes.len; i++)
		number |= (uint64_t)(unsigned char)bytes.ptr[i] << (8 * i);
	return number;
}

struct text cursor_text(struct cursor *cursor)
{
	return cursor_bytes(cursor, cursor_number(cursor, 2));
}

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

int block_broken(const struct capture *capture, const struct block *block, struct error *err,
		 const char *why)
{
	return error_set(err, -EBADMSG, "%s: the block of kind 0x%x at byte %llu %s", capture->path,
			 block->kind, (unsigned long long)block->offset, why);
}

/* 1: all of it; 0: the file ended before the first byte. */
static int read_exactly(struct capture *capture, void *out, size_t len, struct error *err)
{
	size_t have = 0;

	while (have < len) {
		const int got = gzread(capture->file, (char *)out + have,
				       (unsigned)MIN_OF(len - have, (size_t)READ_STEP));

		if (got < 0)
			return error_set(err, -EBADMSG, "%s: cannot be unpacked: %s", capture->path,
					 gzerror(capture->file, &(int){ 0 }));
		if (got == 0)
			break;
		have += (size_t)got;
	}
	capture->offset += have;
	if (have == len)
		return 1;
	if (have == 0)
		return 0;
	return error_set(err, -EBADMSG, "%s: ends in the middle of a block, at byte %llu",
			 capture->path, (unsigned long long)capture->offset);
}

/* Memory grows with what the file has, not with what its lengths say. */
static int read_body(struct capture *capture, struct block *block, size_t len, struct error *err)
{
	buffer_clear(&capture->body);
	buffer_reserve(&capture->body, 1);
	while (capture->body.len < len) {
		const size_t step = MIN_OF(len - capture->body.len, (size_t)READ_STEP);
		const int result =
			read_exactly(capture, buffer_reserve(&capture->body, step), step, err);

		if (result < 0)
			return result;
		if (result == 0)
			return block_broken(capture, block, err,
					    "is cut off by the end of the file");
		capture->body.len += step;
	}
	block->body = (struct text){ capture->body.data, len };
	return 1;
}

/* 1 and a block; 0 at the end of the file. */
static int read_block(struct capture *capture, struct block *block, struct error *err)
{
	unsigned char head[8], again[4];
	struct cursor cursor = { .rest = { (const char *)head, sizeof(head) } };
	uint32_t len;
	int result;

	block->offset = capture->offset;
	result = read_exactly(capture, head, sizeof(head), err);
	if (result <= 0)
		return result;
	block->kind = (uint32_t)cursor_number(&cursor, 4);
	len = (uint32_t)cursor_number(&cursor, 4);
	if (len < BLOCK_OVERHEAD || len > BLOCK_MAX)
		return block_broken(capture, block, err, "has an impossible length");
	result = read_body(capture, block, len - BLOCK_OVERHEAD, err);
	if (result < 0)
		return result;
	if (read_exactly(capture, again, sizeof(again), err) != 1)
		return block_broken(capture, block, err, "is cut off by the end of the file");
	cursor = (struct cursor){ .rest = { (const char *)again, sizeof(again) } };
	if (cursor_number(&cursor, 4) != len)
		return block_broken(capture, block, err, "has two different lengths");
	capture->counters.blocks++;
	return 1;
}

/* --- the file ---------------------------------------------------------------------------- */

static int check_section(struct capture *capture, const struct block *block, struct error *err)
{
	struct cursor cursor = { .rest = block->body };
	const uint64_t magic = cursor_number(&cursor, 4);
	const uint64_t major = cursor_number(&cursor, 2);

	if (block->kind != KIND_SECTION || (magic != MAGIC && magic != MAGIC_SWAPPED))
		return error_set(err, -EBADMSG,
				 "%s: is no capture: it does not begin with the "
				 "header of one",
				 capture->path);
	if (magic == MAGIC_SWAPPED)
		return error_set(err, -EBADMSG,
				 "%s: was recorded on a machine of the other byte "
				 "order",
				 capture->path);
	if (major != VERSION_MAJOR)
		return error_set(err, -EBADMSG, "%s: has the format's version %llu; we read 1",
				 capture->path, (unsigned long long)major);
	return 0;
}

int capture_open(const char *path, struct capture **out, struct error *err)
{
	AUTO(capture_close) struct capture *capture = MEM_NEW(struct capture);
	struct block block = { 0 };
	int result;

	capture->path = path;
	errno = 0;
	capture->file = gzopen(path, "rbe");
	if (capture->file == NULL)
		return error_set(err, errno != 0 ? -errno : -ENOMEM, "%s: %s", path,
				 strerror(errno != 0 ? errno : ENOMEM));
	gzbuffer(capture->file, 1 << 17);
	result = read_block(capture, &block, err);
	if (result == 0)
		return error_set(err, -EBADMSG, "%s: is empty", path);
	if (result > 0)
		result = check_section(capture, &block, err);
	if (result < 0)
		return result;
	*out = TAKE(capture);
	return 0;
}

void capture_close(struct capture *capture)
{
	if (capture == NULL)
		return;
	if (capture->file != NULL)
		gzclose(capture->file);
	free_enters(capture);
	buffer_done(&capture->body);
	mem_free(capture);
}

int capture_load(struct capture *capture, struct sensor_state *state, struct users *users,
		 struct error *err)
{
	struct block block;
	int result;

	while ((result = read_block(capture, &block, err)) > 0) {
		if (block_is_event(block.kind)) {
			capture->pending = block;
			capture->has_pending = true;
			return 0;
		}
		if (!block_is_state(block.kind)) {
			capture->counters.unknown++;
			continue;
		}
		result = block_load(capture, &block, state, users, err);
		if (result < 0)
			return result;
	}
	return result;
}

int capture_next(struct capture *capture, struct sensor_event *event, struct error *err)
{
	struct block block;
	int result = 1;

	for (;;) {
		if (capture->has_pending) {
			block = capture->pending;
			capture->has_pending = false;
		} else {
			result = read_block(capture, &block, err);
		}
		if (result <= 0)
			return result;
		if (!block_is_event(block.kind)) {
			capture->counters.unknown++;
			continue;
		}
		result = block_event(capture, &block, event, err);
		if (result != 0)
			break;
	}
	if (result > 0)
		event->number = ++capture->counters.events;
	return result;
}

const char *capture_hostname(const struct capture *capture)
{
	return capture->hostname;
}

struct capture_counters capture_counters(const struct capture *capture)
{
	return capture->counters;
}
