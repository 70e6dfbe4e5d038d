/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/calls.h"
#include "sensor/decode_parts.h"

struct decoding {
	struct decoder *decoder;
	const struct record_facts *facts;
	struct sensor_event *event;
};

/* How many bytes a number takes in that form; 0: it is no number. */
static size_t width_of(enum param_form form)
{
	switch (form) {
	case FORM_U8:
	case FORM_FLAGS8:
	case FORM_ENUM8:
	case FORM_SIGNAL:
		return 1;
	case FORM_I16:
	case FORM_U16:
	case FORM_FLAGS16:
	case FORM_ENUM16:
	case FORM_SYSCALL:
		return 2;
	case FORM_I32:
	case FORM_U32:
	case FORM_HEX32:
	case FORM_OCT32:
	case FORM_UID:
	case FORM_GID:
	case FORM_FLAGS32:
	case FORM_ENUM32:
	case FORM_MODE:
		return 4;
	case FORM_I64:
	case FORM_U64:
	case FORM_HEX64:
	case FORM_ERRNO:
	case FORM_FD:
	case FORM_PID:
		return 8;
	default:
		return 0;
	}
}

static bool form_is_flags(enum param_form form)
{
	return form == FORM_FLAGS8 || form == FORM_FLAGS16 || form == FORM_FLAGS32
	       || form == FORM_ENUM8 || form == FORM_ENUM16 || form == FORM_ENUM32
	       || form == FORM_MODE;
}

static void set_number(struct decoding *decoding, const struct event_param_info *info,
		       uint64_t value)
{
	if (form_is_flags(info->form))
		value = native_flags(info->extra, value);
	else if (info->form == FORM_FD || info->form == FORM_PID)
		value = (uint64_t)(int64_t)(int32_t)value; /* an int in the call */
	record_set_number(decoding->decoder, decoding->event, info->param, value,
			  width_of(info->form));
}

static void set_argument(struct decoding *decoding, const struct event_param_info *info,
			 unsigned arg)
{
	struct text bytes;

	switch (info->form) {
	case FORM_TEXT:
	case FORM_PATH:
	case FORM_RELPATH:
		record_set_text(decoding->event, info->param,
				record_piece(decoding->facts, PIECE_TEXT, arg));
		return;
	case FORM_BYTES:
		record_set_text(decoding->event, info->param,
				record_piece(decoding->facts, PIECE_BYTES, arg));
		return;
	case FORM_SOCKADDR:
		bytes = record_piece(decoding->facts, PIECE_ADDRESS, arg);
		record_set_text(decoding->event, info->param,
				record_address(decoding->decoder, bytes));
		return;
	default:
		set_number(decoding, info, decoding->facts->record->args[arg]);
	}
}

/* One 8-byte field of struct open_how, or 4-byte descriptor of a pair. */
static void set_from_bytes(struct decoding *decoding, const struct event_param_info *info,
			   unsigned arg, size_t at, size_t width)
{
	struct text bytes = record_piece(decoding->facts, PIECE_BYTES, arg);
	uint64_t value = 0;

	if (bytes.len < at + width)
		return;
	memcpy(&value, bytes.ptr + at, width);
	set_number(decoding, info, value);
}

static void set_file(struct decoding *decoding, const struct event_param_info *info, bool device)
{
	struct text bytes = record_piece(decoding->facts, PIECE_FILE, PIECE_RESULT);
	struct piece_file file;

	if (bytes.len != sizeof(file))
		return;
	memcpy(&file, bytes.ptr, sizeof(file));
	set_number(decoding, info, device ? record_device(file.device) : file.inode);
}

static void set_param(struct decoding *decoding, const struct event_param_info *info, char source)
{
	const struct record *record = decoding->facts->record;

	switch (source) {
	case 'r':
		record_set_number(decoding->decoder, decoding->event, info->param,
				  (uint64_t)record->result, width_of(info->form));
		return;
	case 't':
		record_set_text(decoding->event, info->param,
				record_tuple(decoding->decoder, decoding->facts));
		return;
	case 'd':
	case 'i':
		set_file(decoding, info, source == 'd');
		return;
	case 'x':
	case 'y':
		set_from_bytes(decoding, info, 3, source == 'x' ? 0 : sizeof(int), sizeof(int));
		return;
	case 'f':
	case 'm':
	case 'R': /* the members of struct open_how, in this order */
		set_from_bytes(decoding, info, 2, source == 'f' ? 0 : source == 'm' ? 8 : 16, 8);
		return;
	case 'E':
		set_number(decoding, info, record->cap_effective);
		return;
	case 'P':
		set_number(decoding, info, record->cap_permitted);
		return;
	case 'I':
		set_number(decoding, info, record->cap_inheritable);
		return;
	case 'u':
	case 'l':
	case 'n':
		set_number(decoding, info, 0);
		return;
	default:
		if (source >= '0' && source <= '5')
			set_argument(decoding, info, (unsigned)(source - '0'));
	}
}

/* It comes from here where it failed; what succeeds is told by the new program's record. */
static void set_failed_exec(struct decoder *decoder, const struct record_facts *facts,
			    unsigned type, struct sensor_event *event)
{
	const struct record *record = facts->record;
	const bool is_at = record->call == CALL_execveat;

	record_exec_event(decoder, facts, type, event);
	record_set_text(event, is_at ? PARAM_PATHNAME : PARAM_FILENAME,
			record_piece(facts, PIECE_TEXT, is_at ? 1 : 0));
	if (is_at)
		record_set_number(decoder, event, PARAM_DIRFD,
				  (uint64_t)(int64_t)(int)record->args[0], 8);
}

void record_call_event(struct decoder *decoder, const struct record_facts *facts,
		       struct sensor_event *event)
{
	const struct record *record = facts->record;
	const struct call_info *call = call_info(record->call);
	const struct event_info *info = sensor_event_info(call->event);
	struct decoding decoding = { decoder, facts, event };

	if (record->call == CALL_execve || record->call == CALL_execveat) {
		set_failed_exec(decoder, facts, call->event, event);
		return;
	}
	sensor_event_init(event, call->event);
	for (size_t i = 0; i < info->param_count && call->sources[i] != '\0'; i++)
		set_param(&decoding, &info->params[i], call->sources[i]);
}
