/* SPDX-License-Identifier: Apache-2.0 */
/* base.h — what every other room stands on: memory, errors, text, collections, time, files, log.
 *
 * Uses nothing of ours. Nothing here starts a thread, opens a socket or knows what a mesh is.
 * Everything is safe to call from any thread on its own objects; what is shared says so. */
#pragma once

#include "base/alloc.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/ip.h"
#include "base/json_write.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/ownership.h"
#include "base/random.h"
#include "base/text.h"
