/* SPDX-License-Identifier: Apache-2.0 */
/* fields_path.c — fs.path.* and evt.abspath: the files that a call is about, wherever its arguments
 * say so. */
#include "fields/fields_private.h"

/* The exits of calls that name files. `name` is what the call is about; where there are a source
 * and a target, those. PARAM_FD: it is named by a descriptor. */
static const struct path_row {
	uint16_t event;
	uint16_t name, source, target; /* enum sensor_param */
} rows[] = {
	{ EVENT_OPEN_X, PARAM_NAME, 0, 0 },
	{ EVENT_OPENAT_X, PARAM_NAME, 0, 0 },
	{ EVENT_OPENAT_2_X, PARAM_NAME, 0, 0 },
	{ EVENT_OPENAT2_X, PARAM_NAME, 0, 0 },
	{ EVENT_OPEN_BY_HANDLE_AT_X, PARAM_PATH, 0, 0 },
	{ EVENT_CREAT_X, PARAM_NAME, 0, 0 },
	{ EVENT_MKDIR_X, PARAM_PATH, 0, 0 },
	{ EVENT_MKDIR_2_X, PARAM_PATH, 0, 0 },
	{ EVENT_MKDIRAT_X, PARAM_PATH, 0, 0 },
	{ EVENT_RMDIR_X, PARAM_PATH, 0, 0 },
	{ EVENT_RMDIR_2_X, PARAM_PATH, 0, 0 },
	{ EVENT_UNLINK_X, PARAM_PATH, 0, 0 },
	{ EVENT_UNLINK_2_X, PARAM_PATH, 0, 0 },
	{ EVENT_UNLINKAT_X, PARAM_NAME, 0, 0 },
	{ EVENT_UNLINKAT_2_X, PARAM_NAME, 0, 0 },
	{ EVENT_CHMOD_X, PARAM_FILENAME, 0, 0 },
	{ EVENT_FCHMODAT_X, PARAM_FILENAME, 0, 0 },
	{ EVENT_FCHMOD_X, PARAM_FD, 0, 0 },
	{ EVENT_CHOWN_X, PARAM_PATH, 0, 0 },
	{ EVENT_LCHOWN_X, PARAM_PATH, 0, 0 },
	{ EVENT_FCHOWNAT_X, PARAM_PATHNAME, 0, 0 },
	{ EVENT_FCHOWN_X, PARAM_FD, 0, 0 },
	{ EVENT_QUOTACTL_X, PARAM_SPECIAL, 0, 0 },
	{ EVENT_UMOUNT_X, PARAM_NAME, 0, 0 },
	{ EVENT_UMOUNT_1_X, PARAM_NAME, 0, 0 },
	{ EVENT_UMOUNT2_X, PARAM_NAME, 0, 0 },
	{ EVENT_MKNOD_X, PARAM_PATH, 0, 0 },
	{ EVENT_MKNODAT_X, PARAM_PATH, 0, 0 },
	{ EVENT_NEWFSTATAT_X, PARAM_PATH, 0, 0 },
	{ EVENT_MOUNT_X, 0, PARAM_DEV, PARAM_DIR },
	{ EVENT_RENAME_X, 0, PARAM_OLDPATH, PARAM_NEWPATH },
	{ EVENT_RENAMEAT_X, 0, PARAM_OLDPATH, PARAM_NEWPATH },
	{ EVENT_RENAMEAT2_X, 0, PARAM_OLDPATH, PARAM_NEWPATH },
	{ EVENT_LINK_X, 0, PARAM_NEWPATH, PARAM_OLDPATH },
	{ EVENT_LINK_2_X, 0, PARAM_NEWPATH, PARAM_OLDPATH },
	{ EVENT_LINKAT_X, 0, PARAM_NEWPATH, PARAM_OLDPATH },
	{ EVENT_LINKAT_2_X, 0, PARAM_NEWPATH, PARAM_OLDPATH },
	{ EVENT_SYMLINK_X, 0, PARAM_LINKPATH, PARAM_TARGET },
	{ EVENT_SYMLINKAT_X, 0, PARAM_LINKPATH, PARAM_TARGET },
};

static unsigned param_asked(const struct sensor_event *event, unsigned what)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].event == event->type)
			return what == PATH_NAME     ? rows[i].name
			       : what == PATH_SOURCE ? rows[i].source
						     : rows[i].target;
	return PARAM_NONE;
}

/* Falco answers for calls that succeeded only: what did not happen is about no file. */
static bool failed(const struct sensor_event *event)
{
	int64_t result;

	return sensor_event_result(event, &result) && result < 0;
}

void field_path(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct sensor_event *event = fields->view->event;
	const unsigned param = param_asked(event, field_rows[use->id].what);
	const int place = sensor_event_place(sensor_event_info(event->type), param);

	if (param == PARAM_NONE || (use->id >= FIELD_FS_PATH_NAME && failed(event)))
		return;
	if (param == PARAM_FD)
		return answer_text(out, descriptor_full_name(fields));
	if (place >= 0)
		answer_text(out, param_path(&fields->arena, fields->view, (unsigned)place));
}

void field_raw_path(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct sensor_event *event = fields->view->event;
	const unsigned param = param_asked(event, field_rows[use->id].what);

	if (param == PARAM_NONE || failed(event))
		return;
	if (param == PARAM_FD)
		return answer_text(out, descriptor_full_name(fields));
	answer_text(out, sensor_event_text(event, param));
}
