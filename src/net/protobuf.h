/* SPDX-License-Identifier: Apache-2.0 */
/* protobuf.h — protobuf-c's messages in our memory. */
#pragma once

#include "base/base.h"

#include <protobuf-c/protobuf-c.h>

void protobuf_pack(struct buffer *out, const ProtobufCMessage *message); /* appends */
/* Into the arena, so there is nothing to free; NULL where the bytes are malformed. */
void *protobuf_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
		      struct text bytes);
