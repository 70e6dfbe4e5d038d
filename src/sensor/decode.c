/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/decode.h"

#include "sensor/calls.h"
#include "sensor/decode_parts.h"

#include <sys/wait.h>

/* --- pieces ------------------------------------------------------------------------------ */

struct text record_piece(const struct record_facts *facts, unsigned kind, unsigned arg)
{
	struct text rest = facts->pieces;

	while (rest.len >= sizeof(struct piece)) {
		struct piece piece;

		memcpy(&piece, rest.ptr, sizeof(piece));
		rest = text_from(rest, sizeof(piece));
		if (piece.len > rest.len)
			break;
		if (piece.kind == kind && piece.arg == arg)
			return text_until(rest, piece.len);
		rest = text_from(rest, piece.len);
	}
	return (struct text){ 0 };
}

char *decoder_take(struct decoder *decoder, size_t len)
{
	char *start = &decoder->storage[decoder->used];

	if (len > sizeof(decoder->storage) - decoder->used)
		return NULL;
	decoder->used += (uint32_t)len;
	return start;
}

struct text record_path(struct decoder *decoder, const struct record_facts *facts, unsigned kind,
			unsigned arg)
{
	struct text names = record_piece(facts, kind, arg);
	size_t at = names.len; /* a name and its NUL take as much room as a slash and the name */
	char *path;

	if (names.ptr == NULL)
		return names;
	if (names.len == 0)
		return (struct text){ "/", 2 };
	path = decoder_take(decoder, names.len + 1);
	if (path == NULL)
		return (struct text){ 0 };
	path[at] = '\0';
	while (names.len > 0) {
		const size_t end = text_find_char(names, '\0');
		const size_t len = end == TEXT_NONE ? names.len : end;

		if (at < len + 1)
			break;
		at -= len + 1;
		path[at] = '/';
		memcpy(&path[at + 1], names.ptr, len);
		names = text_from(names, end == TEXT_NONE ? len : len + 1);
	}
	return (struct text){ &path[at], text_of(&path[at]).len + 1 };
}

/* --- values ------------------------------------------------------------------------------ */

void record_set_number(struct decoder *decoder, struct sensor_event *event, unsigned param,
		       uint64_t value, size_t width)
{
	char *bytes = decoder_take(decoder, width);

	if (bytes == NULL)
		return;
	for (size_t i = 0; i < width; i++)
		bytes[i] = (char)(value >> 8 * i & 0xff);
	sensor_event_set(event, param, bytes, width);
}

void record_set_text(struct sensor_event *event, unsigned param, struct text text)
{
	if (text.ptr != NULL && text.len > 0)
		sensor_event_set(event, param, text.ptr, text.len);
}

uint32_t record_device(uint32_t kernel)
{
	const uint32_t major = kernel >> 20, minor = kernel & 0xfffff;

	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

/* --- records ----------------------------------------------------------------------------- */

static void decode_fork(struct decoder *decoder, const struct record *record,
			struct sensor_event *event)
{
	sensor_event_init(event, EVENT_CLONE_X);
	record_set_number(decoder, event, PARAM_RES, 0, 8);
	record_set_number(decoder, event, PARAM_TID, record->args[0], 8);
	record_set_number(decoder, event, PARAM_PID, record->args[1], 8);
	record_set_number(decoder, event, PARAM_PTID, record->pid, 8);
	record_set_number(decoder, event, PARAM_FLAGS, native_flags(FLAGS_CLONE, record->args[2]),
			  4);
	record_set_number(decoder, event, PARAM_UID, record->uid, 4);
	record_set_number(decoder, event, PARAM_GID, record->gid, 4);
	record_set_number(decoder, event, PARAM_VTID, record->args[3], 8);
	record_set_number(decoder, event, PARAM_VPID, record->args[4], 8);
	sensor_event_set(event, PARAM_COMM, record->comm,
			 strnlen(record->comm, sizeof(record->comm) - 1) + 1);
}

static void decode_exit(struct decoder *decoder, const struct record *record,
			struct sensor_event *event)
{
	const int status = (int)record->args[0];

	sensor_event_init(event, EVENT_PROCEXIT_1_E);
	record_set_number(decoder, event, PARAM_STATUS, (uint64_t)(int64_t)status, 8);
	record_set_number(decoder, event, PARAM_RET,
			  WIFEXITED(status) ? (uint64_t)WEXITSTATUS(status) : 0, 8);
	record_set_number(decoder, event, PARAM_SIG,
			  WIFSIGNALED(status) ? (uint64_t)WTERMSIG(status) : 0, 1);
	record_set_number(decoder, event, PARAM_CORE,
			  WIFSIGNALED(status) && WCOREDUMP(status) ? 1 : 0, 1);
	record_set_number(decoder, event, PARAM_REAPER_TID, record->args[1], 8);
}

/* A thread that is born is who its event is about. */
static void set_thread(const struct record *record, struct sensor_event *event)
{
	const bool child = record->kind == RECORD_FORK;

	event->tid = child ? (int64_t)record->args[0] : record->tid;
	event->pid = child ? (int64_t)record->args[1] : record->pid;
	event->thread_start = child ? record->args[5] : record->start_ns;
}

bool decode_record(struct decoder *decoder, const void *bytes, size_t len,
		   struct sensor_event *event, struct record_facts *facts)
{
	const struct record *record = bytes;

	if (len < sizeof(*record) || record->size < sizeof(*record) || record->size > len)
		return false;
	*facts = (struct record_facts){
		record, { (const char *)bytes + sizeof(*record), record->size - sizeof(*record) }
	};
	decoder->used = 0;
	switch (record->kind) {
	case RECORD_EXEC:
		record_exec_event(decoder, facts, EVENT_EXECVE_X, event);
		break;
	case RECORD_FORK:
		decode_fork(decoder, record, event);
		break;
	case RECORD_EXIT:
		decode_exit(decoder, record, event);
		break;
	case RECORD_CALL:
		if (record->call == CALL_NONE || record->call >= CALL_COUNT)
			return false;
		record_call_event(decoder, facts, event);
		break;
	default:
		return false;
	}
	event->cpu = record->cpu;
	event->time_ns = record->time_ns + (uint64_t)decoder->boot_offset_ns;
	set_thread(record, event);
	return true;
}
