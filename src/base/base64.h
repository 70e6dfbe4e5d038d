/* SPDX-License-Identifier: Apache-2.0 */
/* base64.h — RFC 4648, strictly: one encoding for each sequence of bytes. */
#pragma once

#include "base/buffer.h"
#include "base/text.h"

enum base64_alphabet {
	BASE64_STANDARD, /* "+/", padded */
	BASE64_URL,      /* "-_", never padded: JOSE's form */
};

/* Room for what `len` characters can decode to. */
#define BASE64_DECODED_MAX(len) ((len) / 4 * 3 + 3)

/* False where the text is not what an encoder would have written. */
bool base64_decode(struct text text, enum base64_alphabet alphabet, void *out, size_t *out_len);

void base64_encode(struct buffer *out, struct text bytes, enum base64_alphabet alphabet);
