/* SPDX-License-Identifier: Apache-2.0 */
/* der.h — the little of DER (X.690) that certificate extensions need to be written. */
#pragma once

#include "base/base.h"

enum der_tag {
	DER_OCTETS = 0x04,
	DER_SEQUENCE = 0x30,
	DER_CONTEXT_0 = 0x80,     /* [0] IMPLICIT, primitive */
	DER_CONTEXT_0_SET = 0xa0, /* [0], constructed */
	DER_URI = 0x86,           /* GeneralName [6] */
};

/* Appends tag, length and contents. Contents have at most 65,535 bytes. */
void der_add(struct buffer *out, enum der_tag tag, struct text contents);
/* What the buffer holds becomes the contents of one such element. */
void der_wrap(struct buffer *buffer, enum der_tag tag);
