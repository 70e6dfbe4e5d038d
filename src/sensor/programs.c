/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "sensor_programs.skel.h"

struct programs {
	struct sensor_programs *skeleton;
	size_t ring_bytes[RING_COUNT];
};

/* What libbpf says is for those who look for it: our own errors tell what to do. */
static int on_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[512];

	if (level == LIBBPF_DEBUG || log_level() < LOG_LEVEL_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), fmt, args);
	log_debug("%.*s", (int)strcspn(line, "\n"), line);
	return 0;
}

static struct bpf_map *ring_map(const struct programs *programs, enum ring_class ring)
{
	switch (ring) {
	case RING_PROCESS:
		return programs->skeleton->maps.ring_process;
	case RING_RARE:
		return programs->skeleton->maps.ring_rare;
	case RING_NETWORK:
		return programs->skeleton->maps.ring_network;
	default:
		return programs->skeleton->maps.ring_file;
	}
}

static bool is_wanted(const struct programs_options *options)
{
	for (unsigned call = 0; call < CALL_COUNT; call++)
		if (options->plans[call].want != 0)
			return true;
	return false;
}

static void fill_numbers(uint8_t rows[CALL_NUMBERS], const struct call_number *numbers,
			 size_t count, const struct programs_options *options)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i].number >= 0 && numbers[i].number < CALL_NUMBERS
		    && options->plans[numbers[i].call].want != 0)
			rows[numbers[i].number] = (uint8_t)numbers[i].call;
}

static void tell_what_is_wanted(struct programs *programs, const struct programs_options *options)
{
	struct sensor_programs__bss *shared = programs->skeleton->bss;
	size_t count;
	const struct call_number *numbers = call_native_numbers(&count);

	memcpy(shared->plans, options->plans, sizeof(options->plans));
	fill_numbers(shared->native_calls, numbers, count, options);
	numbers = call_compat_numbers(&count);
	fill_numbers(shared->compat_calls, numbers, count, options);
	for (unsigned i = 0; i < CALL_NUMBERS; i++)
		shared->wanted_numbers[i] = shared->native_calls[i] | shared->compat_calls[i];
	shared->own_pid = (uint32_t)getpid();
	if (options->filter == NULL)
		return;
	memcpy(shared->filters, options->filter->calls, sizeof(options->filter->calls));
	memcpy(&shared->automaton, options->filter->automaton, sizeof(shared->automaton));
	shared->filtering = true;
}

static int load(struct programs *programs, const struct programs_options *options,
		struct error *err)
{
	int result;

	programs->skeleton = sensor_programs__open();
	if (programs->skeleton == NULL)
		return error_set(err, -errno, "the eBPF programs cannot be read: %m");
	for (unsigned ring = 0; ring < RING_COUNT; ring++) {
		programs->ring_bytes[ring] = options->ring_bytes[ring];
		bpf_map__set_max_entries(ring_map(programs, ring),
					 (uint32_t)options->ring_bytes[ring]);
	}
	bpf_program__set_autoload(programs->skeleton->progs.on_call, is_wanted(options));
	result = sensor_programs__load(programs->skeleton);
	if (result != 0)
		return error_set(err, result,
				 "the kernel does not take the eBPF programs: %s; 'mangrove watch "
				 "--log-level debug' shows its reasons",
				 strerror(-result));
	tell_what_is_wanted(programs, options);
	result = sensor_programs__attach(programs->skeleton);
	if (result != 0)
		return error_set(err, result, "the eBPF programs cannot be attached: %s",
				 strerror(-result));
	return 0;
}

int programs_load(const struct programs_options *options, struct programs **out, struct error *err)
{
	AUTO(programs_free) struct programs *programs = MEM_NEW(struct programs);
	int result;

	libbpf_set_print(on_libbpf);
	result = load(programs, options, err);
	if (result != 0)
		return result;
	*out = TAKE(programs);
	return 0;
}

void programs_free(struct programs *programs)
{
	if (programs == NULL)
		return;
	sensor_programs__destroy(programs->skeleton);
	mem_free(programs);
}

int programs_ring_fd(const struct programs *programs, enum ring_class ring)
{
	return bpf_map__fd(ring_map(programs, ring));
}

int programs_open_ring(const struct programs *programs, enum ring_class ring, struct ring *out,
		       struct error *err)
{
	return ring_open(programs_ring_fd(programs, ring), programs->ring_bytes[ring], out, err);
}

void programs_counts(const struct programs *programs, struct ring_count counts[RING_COUNT])
{
	const struct sensor_programs__bss *shared = programs->skeleton->bss;

	memset(counts, 0, RING_COUNT * sizeof(counts[0]));
	for (unsigned row = 0; row < COUNT_ROWS; row++)
		for (unsigned ring = 0; ring < RING_COUNT; ring++) {
			counts[ring].written += shared->counts[row][ring].written;
			counts[ring].dropped += shared->counts[row][ring].dropped;
		}
}

void programs_arm(struct programs *programs)
{
	__atomic_store_n(&programs->skeleton->bss->sleeping, 1, __ATOMIC_SEQ_CST);
}
