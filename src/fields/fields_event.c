/* SPDX-License-Identifier: Apache-2.0 */
/* fields_event.c — evt.*: the event as such. Its arguments are in fields_argument.c. */
#include "fields/fields_private.h"

#include <stdio.h>
#include <time.h>

static const struct sensor_event *event_of(const struct fields *fields)
{
	return fields->view->event;
}

void field_event_number(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const uint64_t now = event_of(fields)->time_ns;

	switch (field_rows[use->id].what) {
	case EVENT_NUMBER:
		return answer_number(out, (int64_t)event_of(fields)->number);
	case EVENT_RAW_FRACTION:
		return answer_number(out, (int64_t)(now % NS_PER_SEC));
	case EVENT_RAW_SECONDS:
		return answer_number(out, (int64_t)(now / NS_PER_SEC));
	case EVENT_RAW:
		return answer_number(out, (int64_t)now);
	default:
		return;
	}
}

/* Since the first event, or the one before: whole, seconds, or what is left of a second. */
void field_event_time(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const bool since_first = field_rows[use->id].what == EVENT_SINCE_FIRST;
	const uint64_t from = since_first ? fields->first_ns : fields->previous_ns;
	const int64_t passed = (int64_t)(event_of(fields)->time_ns - from);

	switch (use->id) {
	case FIELD_EVT_RELTIME_S:
	case FIELD_EVT_DELTATIME_S:
		return answer_number(out, passed / (int64_t)NS_PER_SEC);
	case FIELD_EVT_RELTIME_NS:
	case FIELD_EVT_DELTATIME_NS:
		return answer_number(out, passed % (int64_t)NS_PER_SEC);
	default:
		return answer_number(out, passed);
	}
}

static const struct {
	const char *format; /* strftime */
	bool utc, fraction;
	const char *after;
} time_forms[] = {
	[EVENT_TIME] = { "%H:%M:%S", false, true, "" },
	[EVENT_TIME_SECONDS] = { "%H:%M:%S", false, false, "" },
	[EVENT_TIME_ISO] = { "%Y-%m-%dT%H:%M:%S", true, true, "+0000" },
	[EVENT_DATE] = { "%Y-%m-%d %H:%M:%S", false, true, "" },
	[EVENT_DATE_SECONDS] = { "%Y-%m-%d %H:%M:%S", false, false, "" },
};

void field_event_text(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const uint8_t what = field_rows[use->id].what;
	const time_t seconds = (time_t)(event_of(fields)->time_ns / NS_PER_SEC);
	char text[40] = "", fraction[16] = "";
	struct tm parts = { 0 };

	if (time_forms[what].utc)
		gmtime_r(&seconds, &parts);
	else
		localtime_r(&seconds, &parts);
	strftime(text, sizeof(text), time_forms[what].format, &parts);
	if (time_forms[what].fraction)
		snprintf(fraction, sizeof(fraction), ".%09u",
			 (unsigned)(event_of(fields)->time_ns % NS_PER_SEC));
	answer_text(out, text_of(arena_printf(&fields->arena, "%s%s%s", text, fraction,
					      time_forms[what].after)));
}

void field_event_hostname(struct fields *fields, const struct field_use *use,
			  struct field_value *out)
{
	(void)use;
	answer_text(out, text_of(fields->hostname));
}

void field_event_source(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	(void)fields, (void)use;
	answer_text(out, TEXT("syscall"));
}

void field_event_never(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	(void)fields, (void)use;
	answer_bool(out, false);
}

void field_event_cpu(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	(void)use;
	answer_number(out, event_of(fields)->cpu);
}

/* --- what it is -------------------------------------------------------------------------- */

static struct text type_name(const struct fields *fields)
{
	const struct sensor_event *event = event_of(fields);
	int64_t number;

	if (event->type <= EVENT_GENERIC_X && sensor_event_number(event, PARAM_SYSCALL, &number))
		return text_of(syscall_name((unsigned)number));
	return text_of(sensor_event_info(event->type)->name);
}

void field_event_type(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	(void)use;
	answer_text(out, type_name(fields));
}

static bool is_call(const struct sensor_event *event)
{
	const struct event_info *info = sensor_event_info(event->type);

	return info->category != EVENT_CATEGORY_INTERNAL
	       && info->category != EVENT_CATEGORY_SCHEDULER
	       && (sensor_event_is_exit(event)
		   || sensor_event_info(event->type + 1u)->param_count > 0);
}

void field_event_call(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	(void)use;
	if (is_call(event_of(fields)))
		answer_text(out, type_name(fields));
}

void field_event_type_is(struct fields *fields, const struct field_use *use,
			 struct field_value *out)
{
	answer_number(out, text_equal(use->key, type_name(fields)));
}

static const char *io_category(const struct descriptor *descriptor)
{
	if (descriptor == NULL)
		return "unknown";
	switch (descriptor->kind) {
	case DESCRIPTOR_FILE:
	case DESCRIPTOR_DIRECTORY:
		return "file";
	case DESCRIPTOR_IPV4:
	case DESCRIPTOR_IPV6:
	case DESCRIPTOR_IPV4_BOUND:
	case DESCRIPTOR_IPV6_BOUND:
		return "net";
	case DESCRIPTOR_PIPE:
	case DESCRIPTOR_UNIX:
	case DESCRIPTOR_EVENT:
		return "ipc";
	default:
		return "other";
	}
}

static bool category_is_io(unsigned category)
{
	return category == EVENT_CATEGORY_IO_READ || category == EVENT_CATEGORY_IO_WRITE
	       || category == EVENT_CATEGORY_IO_OTHER;
}

void field_event_category(struct fields *fields, const struct field_use *use,
			  struct field_value *out)
{
	const unsigned category = sensor_event_info(event_of(fields)->type)->category;

	(void)use;
	answer_text(out, text_of(category_is_io(category) ? io_category(fields->view->descriptor)
							  : sensor_category_name(category)));
}

void field_event_direction(struct fields *fields, const struct field_use *use,
			   struct field_value *out)
{
	(void)use;
	answer_text(out, sensor_event_is_exit(event_of(fields)) ? TEXT("<") : TEXT(">"));
}

void field_event_io(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const unsigned category = sensor_event_info(event_of(fields)->type)->category;
	const bool reads = category == EVENT_CATEGORY_IO_READ;
	const bool writes = category == EVENT_CATEGORY_IO_WRITE;

	switch (use->id) {
	case FIELD_EVT_IS_IO:
		return answer_bool(out, category_is_io(category));
	case FIELD_EVT_IS_IO_READ:
		return answer_bool(out, reads);
	case FIELD_EVT_IS_IO_WRITE:
		return answer_bool(out, writes);
	default: /* evt.io_dir */
		answer_text(out, reads ? TEXT("r") : writes ? TEXT("w") : (struct text){ 0 });
	}
}

void field_event_waits(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const unsigned category = sensor_event_info(event_of(fields)->type)->category;

	(void)use;
	answer_bool(out, category == EVENT_CATEGORY_WAIT || category == EVENT_CATEGORY_SLEEP);
}

void field_event_syslog(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const unsigned category = sensor_event_info(event_of(fields)->type)->category;
	const struct text name = descriptor_full_name(fields);

	(void)use;
	answer_bool(out,
		    category == EVENT_CATEGORY_IO_WRITE && text_ends_with(name, TEXT("/dev/log")));
}

/* --- how it ended ------------------------------------------------------------------------ */

void field_event_result(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	int64_t result;

	(void)use;
	if (!sensor_event_result(event_of(fields), &result))
		return;
	answer_text(out, result >= 0 ? TEXT("SUCCESS") : errno_text(result));
}

void field_event_raw_result(struct fields *fields, const struct field_use *use,
			    struct field_value *out)
{
	int64_t result;

	(void)use;
	if (sensor_event_result(event_of(fields), &result))
		answer_number(out, result);
}

void field_event_failed(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	int64_t result;

	(void)use;
	answer_bool(out, sensor_event_result(event_of(fields), &result) && result < 0);
}

/* evt.count and its like are one, or absent: they are there to be summed. */
void field_event_count(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct sensor_event *event = event_of(fields);
	const unsigned category = sensor_event_info(event->type)->category;
	int64_t result;
	const bool failed = sensor_event_result(event, &result) && result < 0;
	const bool file = category == EVENT_CATEGORY_FILE, net = category == EVENT_CATEGORY_NET;
	const bool memory = category == EVENT_CATEGORY_MEMORY;
	bool counts = false;

	switch (use->id) {
	case FIELD_EVT_COUNT:
		counts = true;
		break;
	case FIELD_EVT_COUNT_EXIT:
		counts = sensor_event_is_exit(event);
		break;
	case FIELD_EVT_COUNT_ERROR:
		counts = failed;
		break;
	case FIELD_EVT_COUNT_ERROR_FILE:
		counts = failed && file;
		break;
	case FIELD_EVT_COUNT_ERROR_NET:
		counts = failed && net;
		break;
	case FIELD_EVT_COUNT_ERROR_MEMORY:
		counts = failed && memory;
		break;
	case FIELD_EVT_COUNT_ERROR_OTHER:
		counts = failed && !file && !net && !memory;
		break;
	case FIELD_EVT_COUNT_PROCINFO:
		counts = event->type == EVENT_PROCINFO_E;
		break;
	default:
		break;
	}
	if (counts)
		answer_number(out, 1);
}
