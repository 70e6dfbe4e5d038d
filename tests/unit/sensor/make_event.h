/* SPDX-License-Identifier: Apache-2.0 */
/* make_event.h — events for tests, as short as they can be said:
 *
 *	make_event(&made, EVENT_OPENAT_2_X, 100, NUMBER(FD, 3), TEXT_PARAM(NAME, "x"), END);
 *
 * The bytes lie in the struct; one thread writes them, one at a time. */
#pragma once

#include "sensor/sensor.h"

#include <stdarg.h>
#include <string.h>

struct made_event {
	struct sensor_event event;
	char bytes[8192];
	size_t used;
};

enum made_kind { MADE_END, MADE_NUMBER, MADE_TEXT, MADE_BYTES };

#define NUMBER(param, value)     MADE_NUMBER, PARAM_##param, (long long)(value)
#define TEXT_PARAM(param, value) MADE_TEXT, PARAM_##param, (value)
#define BYTES(param, value)      MADE_BYTES, PARAM_##param, (value), sizeof(value) - 1
#define END                      MADE_END

static inline size_t made_width(unsigned form)
{
	switch (form) {
	case FORM_U8:
	case FORM_ENUM8:
	case FORM_FLAGS8:
	case FORM_SIGNAL:
		return 1;
	case FORM_I16:
	case FORM_U16:
	case FORM_ENUM16:
	case FORM_FLAGS16:
	case FORM_SYSCALL:
		return 2;
	case FORM_I64:
	case FORM_U64:
	case FORM_HEX64:
	case FORM_ERRNO:
	case FORM_FD:
	case FORM_PID:
	case FORM_DURATION:
	case FORM_TIME:
		return 8;
	default:
		return 4;
	}
}

static inline void made_add(struct made_event *made, unsigned param, const void *bytes, size_t len)
{
	memcpy(made->bytes + made->used, bytes, len);
	sensor_event_set(&made->event, param, made->bytes + made->used, len);
	made->used += len;
}

static inline const struct sensor_event *make_event(struct made_event *made, unsigned type,
						    int64_t tid, ...)
{
	const struct event_info *info = sensor_event_info(type);
	static uint64_t time_ns = UINT64_C(1700000000) * NS_PER_SEC;
	va_list args;

	made->used = 0;
	sensor_event_init(&made->event, type);
	made->event.tid = tid;
	made->event.time_ns = time_ns += NS_PER_MS;
	va_start(args, tid);
	for (int kind = va_arg(args, int); kind != MADE_END; kind = va_arg(args, int)) {
		const unsigned param = (unsigned)va_arg(args, int);
		const int place = sensor_event_place(info, param);

		if (kind == MADE_NUMBER) {
			const long long number = va_arg(args, long long);

			made_add(made, param, &number, made_width(info->params[place].form));
		} else {
			const char *bytes = va_arg(args, const char *);

			made_add(made, param, bytes,
				 kind == MADE_TEXT ? strlen(bytes) + 1 : va_arg(args, size_t));
		}
	}
	va_end(args);
	return &made->event;
}
