/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/calls.h"

#include <sys/syscall.h>

/* aarch64 came late and has only the newer form of these. */
#ifndef __NR_open
#define __NR_open    -1
#define __NR_creat   -1
#define __NR_unlink  -1
#define __NR_rmdir   -1
#define __NR_mkdir   -1
#define __NR_rename  -1
#define __NR_link    -1
#define __NR_symlink -1
#define __NR_chmod   -1
#define __NR_chown   -1
#define __NR_lchown  -1
#define __NR_mknod   -1
#define __NR_dup2    -1
#endif
#ifndef __NR_renameat
#define __NR_renameat -1
#endif

static const struct call_info calls[CALL_COUNT] = {
#define CALL(name, event, ring, captures, sources)                                                 \
	[CALL_##name] = { #name, EVENT_##event##_X, RING_##ring, captures, sources },
#include "sensor/call_table.h"
#undef CALL
};

/* The letters of call_table.h, as the kernel is told. */
static const uint8_t captures[128] = {
	['T'] = CAPTURE_TEXT,       ['P'] = CAPTURE_PATH,     ['A'] = CAPTURE_PATH_AT,
	['D'] = CAPTURE_DESCRIPTOR, ['S'] = CAPTURE_ADDRESS,  ['M'] = CAPTURE_MESSAGE,
	['O'] = CAPTURE_SENT,       ['I'] = CAPTURE_RECEIVED, ['2'] = CAPTURE_PAIR,
	['H'] = CAPTURE_HOW,
};

static const struct call_number native_numbers[] = {
#define CALL(name, event, ring, captures, sources) { CALL_##name, __NR_##name },
#include "sensor/call_table.h"
#undef CALL
};

const struct call_info *call_info(unsigned call)
{
	return &calls[call];
}

const struct call_number *call_native_numbers(size_t *count)
{
	*count = COUNT_OF(native_numbers);
	return native_numbers;
}

struct call_plan call_plan(unsigned call, uint8_t want)
{
	struct call_plan plan = { .ring = calls[call].ring, .want = want };
	const char *letters = calls[call].captures;

	for (size_t i = 0; letters[i] != '\0'; i++) {
		uint8_t *capture =
			i < COUNT_OF(plan.capture) ? &plan.capture[i] : &plan.capture_result;

		*capture = captures[(unsigned char)letters[i] & 127];
	}
	return plan;
}
