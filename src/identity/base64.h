/* SPDX-License-Identifier: Apache-2.0 */
/* base64.h — RFC 4648: section 4 (padded) and section 5 (base64url, as JOSE writes it). */
#pragma once

#include "base/base.h"

void base64_add(struct buffer *out, struct text bytes);    /* with padding */
void base64url_add(struct buffer *out, struct text bytes); /* without */
/* Strict: no padding, no blanks, spare bits zero (RFC 7515, section 2). False otherwise. */
bool base64url_decode(struct buffer *out, struct text encoded);
