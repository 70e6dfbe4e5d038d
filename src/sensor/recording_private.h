/* SPDX-License-Identifier: Apache-2.0 */
/* recording_private.h — the reader's memory, and the kinds of blocks. */
#pragma once

#include "sensor/recording.h"

#include <endian.h>
#include <zlib.h>

struct block {
	uint32_t kind;
	uint64_t offset; /* in the file, unpacked; of its first byte */
	struct text body;
};

struct recording {
	const char *path; /* borrowed */
	gzFile file;
	struct buffer body;   /* of the block read last */
	uint64_t offset;      /* of what is read next */
	struct block pending; /* the first event's, read while loading */
	bool has_pending;
	struct id_map enters; /* tid -> struct enter, owned */
	char hostname[128];
	struct recording_counters counters;
};

/* An enter event that waits for its exit. */
struct enter {
	uint16_t type;
	struct sensor_event event; /* its parameters lie in bytes */
	struct buffer bytes;
};

/* What is left of a block's body. Reading past the end gives nothing and is remembered. */
struct cursor {
	struct text rest;
	bool short_of;
};

/* Inline: a capture is millions of numbers. */
static inline struct text cursor_bytes(struct cursor *cursor, size_t len)
{
	const struct text bytes = text_until(cursor->rest, len);

	if (cursor->rest.len < len) {
		cursor->short_of = true;
		cursor->rest.len = 0;
		return (struct text){ 0 };
	}
	cursor->rest = text_from(cursor->rest, len);
	return bytes;
}

static inline uint64_t cursor_number(struct cursor *cursor, size_t width) /* at most 8 */
{
	const struct text bytes = cursor_bytes(cursor, width);
	uint64_t number = 0;

	if (bytes.len > 0)
		memcpy(&number, bytes.ptr, width);
	return le64toh(number);
}

static inline struct text cursor_text(struct cursor *cursor) /* [2] length, then that */
{
	return cursor_bytes(cursor, cursor_number(cursor, 2));
}

/* Where the list has entries with lengths ([4], itself included), the next one; else all the rest.
 */
bool cursor_entry(struct cursor *list, bool has_length, struct cursor *entry);

int block_broken(const struct recording *recording, const struct block *block, struct error *err,
		 const char *why);

/* recording_state.c: blocks that tell how the machine was. True where the block was one of those.
 */
bool block_is_state(uint32_t kind);
int block_load(struct recording *recording, const struct block *block, struct sensor_state *state,
	       struct users *users, struct error *err);

/* recording_event.c */
bool block_is_event(uint32_t kind);
/* 1: *event is one to deliver; 0: it was kept or is of no known type. */
int block_event(struct recording *recording, const struct block *block, struct sensor_event *event,
		struct error *err);
void free_enters(struct recording *recording);
