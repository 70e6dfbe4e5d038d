/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/calls.h"
#include "sensor/decode_parts.h"

static uint32_t exec_flags(uint32_t record_flags)
{
	return ((record_flags & RECORD_EXE_WRITABLE) != 0 ? 0x1u : 0)
	       | ((record_flags & RECORD_EXE_UPPER) != 0 ? 0x2u : 0)
	       | ((record_flags & RECORD_EXE_MEMFD) != 0 ? 0x4u : 0)
	       | ((record_flags & RECORD_EXE_LOWER) != 0 ? 0x8u : 0);
}

/* "cpu=/docker/…", "unified=/…", each with its NUL: as /proc/PID/cgroup has them. */
static void decode_cgroups(struct decoder *decoder, const struct record_facts *facts,
			   struct sensor_event *event)
{
	static const char *const names[] = { "unified=", "cpu=" };
	struct text paths[COUNT_OF(names)];
	size_t len = 0;
	char *bytes;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		paths[i] = record_path(decoder, facts, PIECE_CGROUP, (unsigned)i);
		len += paths[i].len > 0 ? strlen(names[i]) + paths[i].len : 0;
	}
	bytes = decoder_take(decoder, len);
	if (bytes == NULL || len == 0)
		return;
	sensor_event_set(event, PARAM_CGROUPS, bytes, len);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (paths[i].len == 0)
			continue;
		memcpy(bytes, names[i], strlen(names[i]));
		memcpy(bytes + strlen(names[i]), paths[i].ptr, paths[i].len);
		bytes += strlen(names[i]) + paths[i].len;
	}
}

/* argv[0] is one parameter, what follows another. */
static void decode_arguments(const struct record_facts *facts, struct sensor_event *event)
{
	struct text all = record_piece(facts, PIECE_ARGUMENTS, 0);
	const size_t end = all.ptr != NULL ? text_find_char(all, '\0') : TEXT_NONE;

	if (all.ptr == NULL || end == TEXT_NONE)
		return;
	record_set_text(event, PARAM_EXE, text_until(all, end + 1));
	record_set_text(event, PARAM_ARGS, text_from(all, end + 1));
}

static void decode_process(struct decoder *decoder, const struct record_facts *facts,
			   struct sensor_event *event)
{
	struct text bytes = record_piece(facts, PIECE_PROCESS, 0);
	struct piece_process piece;

	if (bytes.len != sizeof(piece))
		return;
	memcpy(&piece, bytes.ptr, sizeof(piece));
	record_set_number(decoder, event, PARAM_FDLIMIT, piece.descriptor_limit, 8);
	record_set_number(decoder, event, PARAM_VM_SIZE, piece.vm_size_kb, 4);
	record_set_number(decoder, event, PARAM_VM_RSS, piece.vm_rss_kb, 4);
	record_set_number(decoder, event, PARAM_VPGID, piece.vpgid, 8);
	record_set_number(decoder, event, PARAM_PGID, piece.pgid, 8);
	record_set_number(decoder, event, PARAM_EXE_INO, piece.exe_inode, 8);
	record_set_number(decoder, event, PARAM_EXE_INO_CTIME, piece.exe_ctime_ns, 8);
	record_set_number(decoder, event, PARAM_EXE_INO_MTIME, piece.exe_mtime_ns, 8);
}

void record_exec_event(struct decoder *decoder, const struct record_facts *facts, unsigned type,
		       struct sensor_event *event)
{
	const struct record *record = facts->record;

	sensor_event_init(event, type);
	record_set_number(decoder, event, PARAM_RES, (uint64_t)record->result, 8);
	decode_arguments(facts, event);
	record_set_number(decoder, event, PARAM_TID, record->tid, 8);
	record_set_number(decoder, event, PARAM_PID, record->pid, 8);
	record_set_number(decoder, event, PARAM_PTID, record->parent_pid, 8);
	record_set_text(event, PARAM_CWD, record_path(decoder, facts, PIECE_CWD, 0));
	sensor_event_set(event, PARAM_COMM, record->comm,
			 strnlen(record->comm, sizeof(record->comm) - 1) + 1);
	decode_cgroups(decoder, facts, event);
	record_set_text(event, PARAM_ENV, record_piece(facts, PIECE_ENVIRONMENT, 0));
	record_set_number(decoder, event, PARAM_TTY, record_device(record->tty), 4);
	record_set_number(decoder, event, PARAM_LOGINUID, record->login_uid, 4);
	record_set_number(decoder, event, PARAM_FLAGS, exec_flags(record->flags), 4);
	record_set_number(decoder, event, PARAM_CAP_INHERITABLE, record->cap_inheritable, 8);
	record_set_number(decoder, event, PARAM_CAP_PERMITTED, record->cap_permitted, 8);
	record_set_number(decoder, event, PARAM_CAP_EFFECTIVE, record->cap_effective, 8);
	record_set_number(decoder, event, PARAM_UID, record->uid, 4);
	record_set_number(decoder, event, PARAM_GID, record->gid, 4);
	record_set_text(event, PARAM_TRUSTED_EXEPATH, record_path(decoder, facts, PIECE_EXE, 0));
	decode_process(decoder, facts, event);
}
