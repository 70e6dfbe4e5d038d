/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/der.h"

#include <assert.h>

void der_add(struct buffer *out, enum der_tag tag, struct text contents)
{
	assert(contents.len <= UINT16_MAX);
	buffer_add_char(out, (char)tag);
	if (contents.len >= 0x100) {
		buffer_add_char(out, (char)0x82);
		buffer_add_char(out, (char)(contents.len >> 8));
	} else if (contents.len >= 0x80) {
		buffer_add_char(out, (char)0x81);
	}
	buffer_add_char(out, (char)(contents.len & 0xff));
	buffer_add(out, contents.ptr, contents.len);
}

void der_wrap(struct buffer *buffer, enum der_tag tag)
{
	AUTO_BUFFER struct buffer contents = *buffer;

	*buffer = (struct buffer){ 0 };
	der_add(buffer, tag, buffer_text(&contents));
}
