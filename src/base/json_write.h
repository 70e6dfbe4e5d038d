/* SPDX-License-Identifier: Apache-2.0 */
/* json_write.h — JSON as it is written: straight into a buffer, commas and escapes looked after.
 *
 *	struct json_writer json = { .out = &buffer };
 *	json_begin_object(&json);
 *	json_key(&json, "status"); json_number(&json, 200);
 *	json_end_object(&json);
 *
 * The names keep clear of jansson's, which many files use beside this.
 *
 * Bytes that are no valid UTF-8 are written as U+FFFD, so the output always is. Reading is
 *jansson's. */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

struct json_writer {
	struct buffer *out;
	bool needs_comma;
};

void json_begin_object(struct json_writer *json);
void json_end_object(struct json_writer *json);
void json_begin_array(struct json_writer *json);
void json_end_array(struct json_writer *json);
void json_key(struct json_writer *json, const char *key);
void json_text(struct json_writer *json, struct text text);      /* absent text: null */
void json_cstring(struct json_writer *json, const char *string); /* NULL: null */
void json_number(struct json_writer *json, int64_t number);
void json_double(struct json_writer *json, double number); /* not finite: null */
void json_bool(struct json_writer *json, bool value);
void json_nothing(struct json_writer *json);

/* Only the escaped text, without quotes, for writers that build their own lines. */
void json_escape(struct buffer *out, struct text text);
