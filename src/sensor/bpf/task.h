/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* task.h — who acts: the part of a record that every event has. */
#pragma once

#include "sensor/bpf/pieces.h"

/* Its number in the innermost pid namespace that it is in. */
static __always_inline __u32 inner_number(struct pid *pid)
{
	const __u32 level = BPF_CORE_READ(pid, level);
	struct upid upid = { 0 };

	bpf_probe_read_kernel(&upid, bpf_core_type_size(struct upid),
			      (void *)pid + bpf_core_field_offset(struct pid, numbers)
				      + level * bpf_core_type_size(struct upid));
	return (__u32)upid.nr;
}

static __always_inline __u32 terminal_of(struct task_struct *task)
{
	struct tty_struct *tty = task->signal->tty;

	if (tty == NULL)
		return 0;
	return (__u32)(tty->driver->major << 20 | (tty->driver->minor_start + tty->index));
}

static __always_inline struct scratch *record_begin(__u16 kind, struct task_struct *task)
{
	const __u32 zero = 0;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);
	const struct cred *cred = task->cred;
	struct record *record;

	if (scratch == NULL)
		return NULL;
	scratch->used = 0;
	record = &scratch->record;
	record->time_ns = bpf_ktime_get_boot_ns();
	record->start_ns = task->start_boottime;
	record->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	record->cap_inheritable = cred->cap_inheritable.val;
	record->cap_permitted = cred->cap_permitted.val;
	record->cap_effective = cred->cap_effective.val;
	record->flags = 0;
	record->kind = kind;
	record->call = 0;
	record->cpu = (__u16)bpf_get_smp_processor_id();
	record->tid = (__u32)task->pid;
	record->pid = (__u32)task->tgid;
	record->parent_pid = (__u32)task->real_parent->tgid;
	record->vtid = inner_number(task->thread_pid);
	record->vpid = inner_number(task->signal->pids[PIDTYPE_TGID]);
	record->uid = cred->euid.val;
	record->gid = cred->egid.val;
	record->login_uid = task->loginuid.val;
	record->tty = terminal_of(task);
	BPF_CORE_READ_STR_INTO(&record->comm, task, comm);
	return scratch;
}

/* Waking is left to those records that find the sensor asleep: under load it is awake anyhow. */
static __always_inline __u64 wake_flag(void)
{
	if (!sleeping)
		return BPF_RB_NO_WAKEUP;
	sleeping = 0;
	return BPF_RB_FORCE_WAKEUP;
}

#define WINDOW_SHIFT  27 /* 134 ms */
#define PROCESS_SHARE 16 /* of a ring, in a window */
#define CGROUP_SHARE  4
#define SMALL_SHARE   256 /* who stays below it does not pay for others of its cgroup */

/* Bytes in this window, with these. Processors may overwrite each other's sums: it is a measure. */
static __always_inline __u64 spend(struct budget *budget, __u64 window, __u32 size)
{
	if (budget->window != window) {
		budget->window = window;
		budget->bytes = 0;
	}
	budget->bytes += size;
	return budget->bytes;
}

/* When a ring is half full, those who fill it wait for the next window; the rest goes on. */
static __always_inline bool is_flooding(const struct record *record, __u32 ring, void *map)
{
	const __u64 window = record->time_ns >> WINDOW_SHIFT;
	const __u32 in = ring & (RING_COUNT - 1);
	const __u64 by_process =
		spend(&process_budgets[in][(record->pid * 2654435761u >> 16) & (BUDGET_ROWS - 1)],
		      window, record->size);
	const __u64 by_cgroup = spend(
		&cgroup_budgets[in][(record->cgroup_id * 2654435761u >> 16) & (BUDGET_ROWS - 1)],
		window, record->size);
	const __u64 size = bpf_ringbuf_query(map, BPF_RB_RING_SIZE);

	if (bpf_ringbuf_query(map, BPF_RB_AVAIL_DATA) < size / 2)
		return false;
	return by_process > size / PROCESS_SHARE
	       || (by_cgroup > size / CGROUP_SHARE && by_process > size / SMALL_SHARE);
}

static __always_inline long write_record(const struct record *record, __u32 ring, void *map)
{
	if (is_flooding(record, ring, map))
		return -1;
	return bpf_ringbuf_output(map, (void *)record, record->size & RECORD_SIZE_MASK,
				  wake_flag());
}

static __noinline int record_end(struct scratch *scratch, __u32 ring)
{
	const struct record *record = &scratch->record;
	struct ring_count *count;
	long failed;

	scratch->record.size = (__u32)sizeof(struct record) + scratch->used;
	switch (ring) { /* the verifier wants each map by its name */
	case RING_PROCESS:
		failed = write_record(record, ring, &ring_process);
		break;
	case RING_RARE:
		failed = write_record(record, ring, &ring_rare);
		break;
	case RING_NETWORK:
		failed = write_record(record, ring, &ring_network);
		break;
	default:
		failed = write_record(record, RING_FILE, &ring_file);
	}
	count = &counts[record->cpu & (COUNT_ROWS - 1)][ring & (RING_COUNT - 1)];
	__sync_fetch_and_add(failed ? &count->dropped : &count->written, 1);
	return 0;
}
