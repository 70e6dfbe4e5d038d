/* SPDX-License-Identifier: Apache-2.0 */
/* decode_parts.h — what the files of the decoder share. */
#pragma once

#include "sensor/decode.h"
#include "sensor/native_flags.h"

/* Room in the decoder's storage until the next record; NULL where there is none left. */
char *decoder_take(struct decoder *decoder, size_t len);
void record_set_number(struct decoder *decoder, struct sensor_event *event, unsigned param,
		       uint64_t value, size_t width);
/* A device number of the kernel's, as stat(2) tells it. */
uint32_t record_device(uint32_t kernel);
void record_set_text(struct sensor_event *event, unsigned param,
		     struct text text); /* with its NUL */

/* decode_exec.c: a program was started (RECORD_EXEC), or could not be (CALL_execve). */
void record_exec_event(struct decoder *decoder, const struct record_facts *facts, unsigned type,
		       struct sensor_event *event);
/* decode_call.c: any system call, by its row in call_table.h. */
void record_call_event(struct decoder *decoder, const struct record_facts *facts,
		       struct sensor_event *event);
/* decode_socket.c: the bytes of a SOCKADDR and a SOCKTUPLE. */
struct text record_address(struct decoder *decoder, struct text native);
struct text record_tuple(struct decoder *decoder, const struct record_facts *facts);
