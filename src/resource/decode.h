/* SPDX-License-Identifier: Apache-2.0 */
/* decode.h — what the files of the decoder share. Inside the room. */
#pragma once

#include "resource/lines.h"
#include "resource/schema.h"

#define FIELDS_MAX 80 /* of one schema */

/* Reads a value, which is not null, into the member that the field says. */
void decode_value(struct decoder *decoder, const struct field *field, const struct value *value,
		  void *member);

void decode_wrong_type(struct decoder *decoder, const struct field *field,
		       const struct value *value, const char *expected);

/* A copy in the set's arena. */
struct text decode_keep(struct decoder *decoder, struct text text);
/* The value as the text that the field's format asks for; false, and told, where it is none. */
bool decode_text_item(struct decoder *decoder, const struct field *field, const struct value *value,
		      struct text *out);

/* decode_list.c */
void decode_text_list(struct decoder *, const struct field *, const struct value *, void *member);
void decode_scalar_list(struct decoder *, const struct field *, const struct value *, void *member);
void decode_number_list(struct decoder *, const struct field *, const struct value *, void *member);
void decode_text_map(struct decoder *, const struct field *, const struct value *, void *member);
void decode_message_list(struct decoder *, const struct field *, const struct value *,
			 void *member);
void decode_message_map(struct decoder *, const struct field *, const struct value *, void *member);
void decode_scalar_map(struct decoder *, const struct field *, const struct value *, void *member);

bool decode_number(struct decoder *decoder, const struct field *field, const struct value *value,
		   int64_t least, int64_t most, int64_t *out);
