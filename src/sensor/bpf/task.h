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

static __noinline int record_end(struct scratch *scratch, __u32 ring)
{
	struct ring_count *count;
	__u32 size = scratch->used + sizeof(struct record);
	long failed;

	if (size > RECORD_SIZE_MAX)
		size = RECORD_SIZE_MAX;
	scratch->record.size = size;
	switch (ring) { /* the verifier wants each map by its name */
	case RING_PROCESS:
		failed = bpf_ringbuf_output(&ring_process, &scratch->record, size, wake_flag());
		break;
	case RING_RARE:
		failed = bpf_ringbuf_output(&ring_rare, &scratch->record, size, wake_flag());
		break;
	case RING_NETWORK:
		failed = bpf_ringbuf_output(&ring_network, &scratch->record, size, wake_flag());
		break;
	default:
		ring = RING_FILE;
		failed = bpf_ringbuf_output(&ring_file, &scratch->record, size, wake_flag());
	}
	count = bpf_map_lookup_elem(&ring_counts, &ring);
	if (count == NULL)
		return 0;
	if (failed)
		count->dropped++;
	else
		count->written++;
	return 0;
}
