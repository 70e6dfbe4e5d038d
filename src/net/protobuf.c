/* SPDX-License-Identifier: Apache-2.0 */
#include "net/protobuf.h"

void protobuf_pack(struct buffer *out, const ProtobufCMessage *message)
{
	const size_t len = protobuf_c_message_get_packed_size(message);

	protobuf_c_message_pack(message, (uint8_t *)buffer_reserve(out, len));
	out->len += len;
	out->data[out->len] = '\0';
}

static void *allocate(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void leave_to_arena(void *arena, void *memory)
{
	(void)arena, (void)memory;
}

void *protobuf_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
		      struct text bytes)
{
	ProtobufCAllocator allocator = { .alloc = allocate,
					 .free = leave_to_arena,
					 .allocator_data = arena };

	return protobuf_c_message_unpack(descriptor, &allocator, bytes.len,
					 (const uint8_t *)bytes.ptr);
}
