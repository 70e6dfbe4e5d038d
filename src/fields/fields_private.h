/* SPDX-License-Identifier: Apache-2.0 */
/* fields_private.h — a row of the table of fields, and the functions in it. */
#pragma once

#include "fields/fields.h"

struct fields {
	struct rule_event event; /* first: get finds its way back */
	const struct sensor_view *view;
	struct users *users;
	struct host_names *hosts;
	const char *hostname;
	uint64_t first_ns, previous_ns;        /* times of the first event and of the one before */
	uint16_t rule_types[EVENT_TYPE_LIMIT]; /* sensor's types -> the rules' */
	struct arena arena;
};

/* Fills *out, which is NONE before. */
typedef void field_fn(struct fields *fields, const struct field_use *use, struct field_value *out);

/* Whose it is. */
enum field_of {
	OF_SELF,
	OF_PARENT,
	OF_ANCESTOR, /* by the index; without one all of them */
	OF_SESSION,
	OF_GROUP,
	OF_VIRTUAL_GROUP,
};

struct field_row {
	field_fn *get;
	uint8_t what; /* one of the answers that the function has */
	uint8_t of;   /* enum field_of */
};

extern const struct field_row field_rows[FIELD_COUNT];

/* --- answers ----------------------------------------------------------------------------- */

static inline void answer_text(struct field_value *out, struct text text)
{
	if (text.ptr != NULL)
		*out = field_value_text(text);
}

static inline void answer_number(struct field_value *out, int64_t number)
{
	*out = field_value_number(number);
}

static inline void answer_bool(struct field_value *out, bool yes)
{
	*out = field_value_bool(yes);
}

static inline const struct process *process_at_hand(const struct fields *fields)
{
	return fields->view->thread != NULL ? fields->view->thread->process : NULL;
}

/* --- the functions, by file -------------------------------------------------------------- */

enum event_what {
	EVENT_NUMBER,
	EVENT_TIME,
	EVENT_TIME_SECONDS,
	EVENT_TIME_ISO,
	EVENT_DATE,
	EVENT_DATE_SECONDS,
	EVENT_RAW,
	EVENT_RAW_SECONDS,
	EVENT_RAW_FRACTION,
	EVENT_SINCE_FIRST,
	EVENT_SINCE_PREVIOUS,
};
field_fn field_event_number, field_event_time, field_event_text, field_event_hostname,
	field_event_type, field_event_call, field_event_type_is, field_event_category,
	field_event_direction, field_event_result, field_event_raw_result, field_event_failed,
	field_event_count, field_event_cpu, field_event_io, field_event_waits, field_event_syslog,
	field_event_source, field_event_never;

field_fn field_arguments, field_argument, field_raw_argument, field_buffer, field_buffer_length;

enum open_what { OPENED_TO_READ, OPENED_TO_WRITE, OPENED_TO_RUN, OPENED_NEW };
field_fn field_open;

enum process_text_what {
	PROCESS_EXE,
	PROCESS_EXE_PATH,
	PROCESS_NAME,
	PROCESS_ARGS,
	PROCESS_COMMAND,
	PROCESS_EXE_LINE,
	PROCESS_CWD,
};
enum process_number_what {
	PROCESS_PID,
	PROCESS_VPID,
	PROCESS_SID,
	PROCESS_PGID,
	PROCESS_VPGID,
	PROCESS_TTY,
	PROCESS_STARTED,
	PROCESS_DURATION,
	PROCESS_ARG_COUNT,
	PROCESS_ARG_LENGTH,
	PROCESS_THREADS,
	PROCESS_CHILDREN,
	PROCESS_OPEN_COUNT,
	PROCESS_OPEN_LIMIT,
	PROCESS_OPEN_USAGE,
	PROCESS_VM_SIZE,
	PROCESS_VM_RSS,
	PROCESS_VM_SWAP,
	PROCESS_INODE,
	PROCESS_INODE_CTIME,
	PROCESS_INODE_MTIME,
	PROCESS_CTIME_TO_START,
	PROCESS_CTIME_TO_NAMESPACE,
	PROCESS_NAMESPACE_START,
	PROCESS_LOGIN_SHELL,
};
enum process_bool_what {
	PROCESS_EXE_WRITABLE,
	PROCESS_EXE_UPPER,
	PROCESS_EXE_LOWER,
	PROCESS_EXE_MEMFD,
	PROCESS_LEADS_SESSION,
	PROCESS_LEADS_GROUP,
	PROCESS_LEADS_VIRTUAL_GROUP,
};
enum standard_what { STANDARD_TYPE, STANDARD_NAME };
field_fn field_process_text, field_process_number, field_process_bool, field_process_env,
	field_process_args, field_standard;

enum thread_what { THREAD_TID, THREAD_VTID, THREAD_FAULTS_MAJOR, THREAD_FAULTS_MINOR };
enum capability_what { CAPABILITIES_PERMITTED, CAPABILITIES_INHERITABLE, CAPABILITIES_EFFECTIVE };
field_fn field_thread_number, field_thread_is_main, field_thread_cgroups, field_thread_cgroup,
	field_thread_capabilities;

enum user_what { USER_ID, USER_NAME, USER_HOME, USER_SHELL, USER_LOGIN_ID, USER_LOGIN_NAME };
field_fn field_user, field_group_id, field_group_name;

enum file_what {
	FILE_NAME,
	FILE_RAW_NAME,
	FILE_DIRECTORY,
	FILE_LAST_NAME,
	FILE_TYPE,
	FILE_TYPE_CHAR,
	FILE_IDENTITY,
};
enum file_number_what { FILE_NUMBER, FILE_DEVICE, FILE_MAJOR, FILE_MINOR, FILE_INODE };
enum file_bool_what { FILE_UPPER, FILE_LOWER, FILE_NAME_CHANGED, FILE_CONNECTED, FILE_IS_SERVER };
field_fn field_file_text, field_file_number, field_file_bool, field_file_types,
	field_file_container;

enum end_what { END_CLIENT, END_SERVER, END_LOCAL, END_REMOTE, END_EITHER };
field_fn field_address, field_port, field_port_name, field_host, field_socket_protocol,
	field_socket_family;

enum path_what { PATH_NAME, PATH_SOURCE, PATH_TARGET };
field_fn field_path, field_raw_path;

enum container_what {
	CONTAINER_SHORT_ID,
	CONTAINER_FULL_ID,
	CONTAINER_TYPE,
	CONTAINER_NAME,
	CONTAINER_IMAGE,
	CONTAINER_IMAGE_ID,
	CONTAINER_REPOSITORY,
	CONTAINER_TAG,
	CONTAINER_DIGEST,
	CONTAINER_IP,
	CONTAINER_POD,
	CONTAINER_POD_NAMESPACE,
	CONTAINER_POD_UID,
	CONTAINER_SANDBOX,
	CONTAINER_SHORT_SANDBOX,
};
enum container_bool_what {
	CONTAINER_IS_PRIVILEGED,
	CONTAINER_SHARES_PID,
	CONTAINER_SHARES_NETWORK,
	CONTAINER_SHARES_IPC,
};
enum container_time_what { CONTAINER_STARTED, CONTAINER_AGE };
enum mount_what {
	MOUNT_WHOLE,
	MOUNT_SOURCE,
	MOUNT_DESTINATION,
	MOUNT_MODE,
	MOUNT_WRITABLE,
	MOUNT_PROPAGATION,
};
field_fn field_container_identity, field_container_text, field_container_bool, field_container_time,
	field_container_label, field_container_labels, field_container_mounts,
	field_container_mount;

/* --- shared ------------------------------------------------------------------------------ */

/* Texts that each end with a NUL, with blanks between. */
struct text texts_joined(struct arena *arena, struct text before, struct text texts);
/* The name as in fd.name; absent where the event is about no descriptor. */
struct text descriptor_full_name(struct fields *fields);
