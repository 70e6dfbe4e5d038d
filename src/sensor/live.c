/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/live.h"

#include "sensor/programs.h"
#include "sensor/rights.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#define RING_BYTES_DEFAULT ((size_t)1 << 20)
/* While events come we look again after this time by ourselves: to wake another processor costs the
 * program that makes the event tens of microseconds. */
#define COLLECT_NS 1000000L

_Static_assert(LIVE_RINGS == (int)RING_COUNT, "each ring has its counts");

struct live {
	struct programs *programs; /* owned */
	struct ring rings[RING_COUNT];
	int last;       /* the ring whose record is being used; -1: none */
	uint64_t until; /* this round ends there, ns since boot; 0: no round has begun */
	unsigned in_round;
	uint64_t number; /* of the event last delivered */
	struct decoder decoder;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void choose_calls(const struct live_options *options, struct programs_options *out)
{
	for (unsigned call = CALL_NONE + 1; call < CALL_COUNT; call++) {
		const char *name = sensor_event_info(call_info(call)->event)->name;
		const bool is_exec = call == CALL_execve || call == CALL_execveat;

		if (!options->wants(options->context, name))
			continue;
		/* A program that did start is told by a hook of its own. */
		out->plans[call] =
			call_plan(call, is_exec ? WANT_FAILURE : WANT_FAILURE | WANT_SUCCESS);
	}
}

int live_open(const struct live_options *options, struct live **out, struct error *err)
{
	const size_t bytes = options->ring_bytes != 0 ? options->ring_bytes : RING_BYTES_DEFAULT;
	struct programs_options programs = {
		.ring_bytes = {
			[RING_PROCESS] = 4 * bytes,
			[RING_RARE] = bytes,
			[RING_NETWORK] = bytes,
			[RING_FILE] = 4 * bytes,
		},
		.filter = options->filter,
	};
	AUTO(live_close) struct live *live = NULL;
	int result = rights_check(err);

	if (result != 0)
		return result;
	choose_calls(options, &programs);
	live = MEM_NEW(struct live);
	live->last = -1;
	result = programs_load(&programs, &live->programs, err);
	for (unsigned i = 0; result == 0 && i < RING_COUNT; i++)
		result = programs_open_ring(live->programs, i, &live->rings[i], err);
	if (result != 0)
		return result;
	*out = TAKE(live);
	return 0;
}

void live_close(struct live *live)
{
	if (live == NULL)
		return;
	for (unsigned i = 0; i < RING_COUNT; i++)
		ring_close(&live->rings[i]);
	programs_free(live->programs);
	mem_free(live);
}

static void begin_round(struct live *live)
{
	live->until = clock_ns(CLOCK_BOOTTIME);
	live->decoder.boot_offset_ns = (int64_t)(clock_ns(CLOCK_REALTIME) - live->until);
	live->in_round = 0;
	for (unsigned i = 0; i < RING_COUNT; i++)
		ring_look(&live->rings[i]);
}

/* The ring whose next record is the oldest of this round, or -1. */
static int oldest(struct live *live, const void **bytes, size_t *len)
{
	uint64_t oldest_ns = UINT64_MAX;
	int found = -1;

	for (unsigned i = 0; i < RING_COUNT; i++) {
		size_t this_len;
		const struct record *record = ring_peek(&live->rings[i], &this_len);

		if (record == NULL || this_len < sizeof(*record) || record->time_ns > live->until
		    || record->time_ns >= oldest_ns)
			continue;
		oldest_ns = record->time_ns;
		found = (int)i;
		*bytes = record;
		*len = this_len;
	}
	return found;
}

bool live_next(struct live *live, struct sensor_event *event, struct record_facts *facts)
{
	if (live->last >= 0)
		ring_take(&live->rings[live->last]);
	if (live->until == 0)
		begin_round(live);
	for (;;) {
		const void *bytes;
		size_t len;

		live->last = oldest(live, &bytes, &len);
		if (live->last < 0)
			break;
		live->in_round++;
		if (decode_record(&live->decoder, bytes, len, event, facts)) {
			event->number = ++live->number;
			return true;
		}
		ring_take(&live->rings[live->last]);
	}
	live->until = 0;
	return false;
}

struct decoder *live_decoder(struct live *live)
{
	return &live->decoder;
}

int live_wait(struct live *live, int timeout_ms, const sigset_t *signals)
{
	const bool collect = live->in_round > 0;
	const struct timespec time = {
		.tv_sec = collect ? 0 : timeout_ms / 1000,
		.tv_nsec = collect ? COLLECT_NS : (long)(timeout_ms % 1000) * 1000000L,
	};
	struct pollfd polled[RING_COUNT];

	for (unsigned i = 0; i < RING_COUNT; i++)
		polled[i] = (struct pollfd){ programs_ring_fd(live->programs, i), POLLIN, 0 };
	live->in_round = 0;
	if (!collect)
		programs_arm(live->programs);
	if (ppoll(polled, collect ? 0 : RING_COUNT, &time, signals) < 0)
		return -errno;
	return 0;
}

void live_counts(const struct live *live, struct live_count counts[LIVE_RINGS])
{
	static const char *const names[] = { "process", "rare", "network", "file" };
	struct ring_count found[RING_COUNT];

	programs_counts(live->programs, found);
	for (unsigned i = 0; i < RING_COUNT; i++)
		counts[i] = (struct live_count){ names[i], found[i].written, found[i].dropped };
}
