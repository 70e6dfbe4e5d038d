/* SPDX-License-Identifier: Apache-2.0 */
/* event.h — one event: a system call that returned, or something else the kernel told.
 *
 * A block of a .scap capture, a record of ours and a record from eBPF all become the same struct: a
 * type, a time, a thread, and parameters. Types, names and the order and form of parameters are
 * Falco's (libs driver/event_table.c), so that its captures and its rules mean here what they mean
 * there; event_table.h has them, a row each.
 *
 * Parameters are asked for by name (PARAM_FD), never by place: old versions of an event then need
 * no conversion, they only lack some. The live sensor makes exit events alone, with all that the
 * call was given and returned; captures of old versions have enter events too, whose parameters
 * whoever reads them adds to the exit (sensor_event_merge).
 *
 * Ownership: parameters are views of the record's bytes. Event and record stay as they are until
 * the event is done with; nothing is copied, nothing allocated. What outlives the event is copied
 * into the state. One thread. */
#pragma once

#include "base/base.h"

#define EVENT_PARAMS_MAX 32

/* EVENT_OPEN_E (enter) is an even number, EVENT_OPEN_X (exit) the next: numbers as in captures. */
enum sensor_event_type {
#define PAIR(id, number, name, category, flags, enter, exit)                                       \
	EVENT_##id##_E = (number), EVENT_##id##_X = (number) + 1,
#include "sensor/event_table.h"
#undef PAIR
	EVENT_TYPE_LIMIT = 426, /* one more than the largest number */
};

enum sensor_param {
	PARAM_NONE,
#define PARAM(id, name) PARAM_##id,
#include "sensor/param_table.h"
#undef PARAM
	PARAM_COUNT,
};

/* How a parameter's bytes are to be read. Numbers are little-endian and as wide as in brackets; a
 * reader goes by the length of the bytes, a writer keeps to this width. */
enum param_form {
	FORM_NONE,
	FORM_I16,
	FORM_I32,
	FORM_I64,
	FORM_U8,
	FORM_U16,
	FORM_U32,
	FORM_U64,
	FORM_HEX32, /* unsigned, printed in hexadecimal */
	FORM_HEX64,
	FORM_OCT32,
	FORM_ERRNO,    /* [8] what the call returned: negative is an error */
	FORM_FD,       /* [8] negative: an error, or AT_FDCWD (-100) */
	FORM_PID,      /* [8] */
	FORM_UID,      /* [4] 2^32-1: none */
	FORM_GID,      /* [4] */
	FORM_SIGNAL,   /* [1] */
	FORM_SIGSET,   /* [4] */
	FORM_SYSCALL,  /* [2] syscall_name */
	FORM_DURATION, /* [8] nanoseconds */
	FORM_TIME,     /* [8] nanoseconds since 1970 */
	FORM_FLAGS8,   /* bits, named by a table of flag_table.h (Falco's own numbering) */
	FORM_FLAGS16,
	FORM_FLAGS32,
	FORM_ENUM8, /* one of the table's values */
	FORM_ENUM16,
	FORM_ENUM32,
	FORM_MODE,        /* [4] permission bits, as FLAGS32 */
	FORM_TEXT,        /* ends with a NUL that is part of the bytes */
	FORM_PATH,        /* the same; relative to the working directory */
	FORM_RELPATH,     /* the same; relative to the descriptor named beside it */
	FORM_BYTES,       /* data; argument lists: texts, each with its NUL */
	FORM_SOCKADDR,    /* socket.h */
	FORM_SOCKTUPLE,   /* socket.h */
	FORM_DESCRIPTORS, /* [2] count, then count times ([8] descriptor, [2] poll flags) */
	FORM_DYNAMIC,     /* [1] which of several types, then the value */
};

enum event_category {
	EVENT_CATEGORY_NONE,
	EVENT_CATEGORY_OTHER,
	EVENT_CATEGORY_FILE,
	EVENT_CATEGORY_NET,
	EVENT_CATEGORY_IPC,
	EVENT_CATEGORY_MEMORY,
	EVENT_CATEGORY_PROCESS,
	EVENT_CATEGORY_SLEEP,
	EVENT_CATEGORY_SYSTEM,
	EVENT_CATEGORY_SIGNAL,
	EVENT_CATEGORY_USER,
	EVENT_CATEGORY_TIME,
	EVENT_CATEGORY_IO_READ,
	EVENT_CATEGORY_IO_WRITE,
	EVENT_CATEGORY_IO_OTHER,
	EVENT_CATEGORY_WAIT,
	EVENT_CATEGORY_SCHEDULER,
	EVENT_CATEGORY_INTERNAL, /* no system call: made by whoever records */
};

enum event_flag {
	EVENT_FLAG_NONE = 0,
	EVENT_FLAG_CREATES_FD = 1 << 0, /* the first parameter of the exit is a new descriptor */
	EVENT_FLAG_CLOSES_FD = 1 << 1,
	EVENT_FLAG_USES_FD = 1 << 2,
	EVENT_FLAG_LARGE = 1 << 3, /* in captures lengths have four bytes instead of two */
};

enum flag_table {
	FLAGS_NONE, /* no names */
#define TABLE(id, ...) FLAGS_##id,
#include "sensor/flag_table.h"
#undef TABLE
	FLAGS_COUNT,
};

struct event_param_info {
	uint8_t param; /* enum sensor_param */
	uint8_t form;  /* enum param_form */
	uint8_t extra; /* FLAGS, ENUM, MODE: enum flag_table; RELPATH: the sensor_param it is
			* relative to */
};

struct event_info {
	const char *name; /* as in evt.type; NULL: no such event */
	uint8_t category; /* enum event_category */
	uint8_t flags;    /* enum event_flag */
	uint8_t param_count;
	struct event_param_info params[EVENT_PARAMS_MAX];
};

struct sensor_event {
	uint16_t type; /* enum sensor_event_type */
	uint16_t cpu;
	uint32_t param_count;  /* those after it are absent; never more than EVENT_PARAMS_MAX */
	uint64_t number;       /* counted from 1 by whoever delivers: evt.num */
	uint64_t time_ns;      /* since 1970, UTC */
	int64_t tid;           /* in the outermost pid namespace; -1: no thread's */
	int64_t pid;           /* the thread group, 0 where the record does not say */
	uint64_t thread_start; /* ns since boot; 0 where the record does not say. Two threads that
				* had one number after the other differ in it */
	struct text params[EVENT_PARAMS_MAX]; /* in the table's order; ptr NULL or len 0: absent */
};

/* Never NULL; .name is NULL where the type is unknown. */
const struct event_info *sensor_event_info(unsigned type);
/* The newest version of an event by its name ("open"), its exit where it has one; 0 if unknown,
 * which is also GENERIC_E's. */
unsigned sensor_event_find(struct text name);
const char *sensor_param_name(unsigned param);
/* The names of a table's values, in the order in which texts name them; *count of them. */
struct flag_name {
	const char *name;
	uint32_t value;
};
const struct flag_name *sensor_flag_names(enum flag_table table, size_t *count);
const char *sensor_category_name(unsigned category); /* "file", as in evt.category */

static inline bool sensor_event_is_exit(const struct sensor_event *event)
{
	return event->type & 1;
}

/* The place of a parameter among an event type's, or -1. */
int sensor_event_place(const struct event_info *info, unsigned param);

/* --- making ------------------------------------------------------------------------------ */

/* An event of this type with all parameters absent. */
void sensor_event_init(struct sensor_event *event, unsigned type);
/* For decoders: the bytes, in the table's form, as this parameter; ignored where the type has none
 * of that name. */
void sensor_event_set(struct sensor_event *event, unsigned param, const void *bytes, size_t len);
/* What the exit lacks and the enter has becomes the exit's: both records must live on. */
void sensor_event_merge(struct sensor_event *exit, const struct sensor_event *enter);

/* --- asking ------------------------------------------------------------------------------ */

struct text sensor_event_bytes(const struct sensor_event *event, unsigned param);
/* Without its NUL, and cut at the first one; absent where the parameter is. */
struct text sensor_event_text(const struct sensor_event *event, unsigned param);
/* False, and *out untouched, where the parameter is absent or no number. */
bool sensor_event_number(const struct sensor_event *event, unsigned param, int64_t *out);
/* With a default, where absence means that. */
int64_t sensor_event_number_or(const struct sensor_event *event, unsigned param, int64_t otherwise);

/* What the call returned: its first parameter, where that is an ERRNO, FD or PID (evt.rawres). */
bool sensor_event_result(const struct sensor_event *event, int64_t *out);

/* A number of 1, 2, 4 or 8 bytes, widened by its type's sign; false for other lengths. */
bool param_number(struct text bytes, enum param_form form, int64_t *out);
