/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* process.h — threads begin, start programs, and end. These hooks cost other system calls nothing.
 */
#pragma once

#include "sensor/bpf/task.h"

#define OVERLAYFS_MAGIC 0x794c7630
#define PF_KTHREAD      0x00200000
#define CLONE_THREAD    0x00010000
#define NANOSECONDS     0x7fffffff /* the bit above says that somebody looked (multigrain times) */
#define ANCESTORS_MAX   32         /* looked at; beyond them init is told */
#define PAGE_KB_SHIFT   2          /* pages of 4 KB */

static __always_inline __u64 time_of(__s64 seconds, __u64 nanoseconds)
{
	return (__u64)seconds * 1000000000ull + nanoseconds;
}

static __always_inline void read_times(struct inode *inode, struct piece_process *out)
{
	struct inode___split *split = (void *)inode;
	struct inode___dunder *dunder = (void *)inode;
	struct inode___timespec *plain = (void *)inode;

	if (bpf_core_field_exists(split->i_ctime_sec)) {
		out->exe_ctime_ns = time_of(BPF_CORE_READ(split, i_ctime_sec),
					    BPF_CORE_READ(split, i_ctime_nsec) & NANOSECONDS);
		out->exe_mtime_ns = time_of(BPF_CORE_READ(split, i_mtime_sec),
					    BPF_CORE_READ(split, i_mtime_nsec));
	} else if (bpf_core_field_exists(dunder->__i_ctime)) {
		out->exe_ctime_ns = time_of(BPF_CORE_READ(dunder, __i_ctime.tv_sec),
					    (__u64)BPF_CORE_READ(dunder, __i_ctime.tv_nsec));
		out->exe_mtime_ns = time_of(BPF_CORE_READ(dunder, __i_mtime.tv_sec),
					    (__u64)BPF_CORE_READ(dunder, __i_mtime.tv_nsec));
	} else {
		out->exe_ctime_ns = time_of(BPF_CORE_READ(plain, i_ctime.tv_sec),
					    (__u64)BPF_CORE_READ(plain, i_ctime.tv_nsec));
		out->exe_mtime_ns = time_of(BPF_CORE_READ(plain, i_mtime.tv_sec),
					    (__u64)BPF_CORE_READ(plain, i_mtime.tv_nsec));
	}
}

/* An overlay keeps the upper layer's dentry right behind its inode. */
static __always_inline __u32 layer_of(struct inode *inode)
{
	void *upper = NULL;

	if (BPF_CORE_READ(inode, i_sb, s_magic) != OVERLAYFS_MAGIC)
		return 0;
	bpf_probe_read_kernel(&upper, sizeof(upper),
			      (void *)inode + bpf_core_type_size(struct inode));
	return upper != NULL ? RECORD_EXE_UPPER : RECORD_EXE_LOWER;
}

static __always_inline __u32 may_write(struct inode *inode, const struct cred *cred)
{
	const __u16 mode = BPF_CORE_READ(inode, i_mode);

	if (BPF_CORE_READ(inode, i_uid.val) == cred->fsuid.val)
		return mode & 0200 ? RECORD_EXE_WRITABLE : 0;
	if (BPF_CORE_READ(inode, i_gid.val) == cred->fsgid.val)
		return mode & 0020 ? RECORD_EXE_WRITABLE : 0;
	return mode & 0002 ? RECORD_EXE_WRITABLE : 0;
}

/* /memfd:NAME (deleted): made by memfd_create, in no directory. */
static __always_inline __u32 is_memfd(struct dentry *dentry)
{
	char name[8] = { 0 };

	bpf_probe_read_kernel(name, sizeof(name) - 1, BPF_CORE_READ(dentry, d_name.name));
	return BPF_CORE_READ(dentry, d_parent) == dentry && name[0] == 'm' && name[1] == 'e'
			       && name[2] == 'm' && name[3] == 'f' && name[4] == 'd'
			       && name[5] == ':'
		       ? RECORD_EXE_MEMFD
		       : 0;
}

static __always_inline __u32 number_of(struct task_struct *task, enum pid_type type, bool inner)
{
	struct pid *pid = task->signal->pids[type];

	if (inner)
		return inner_number(pid);
	return (__u32)BPF_CORE_READ(pid, numbers[0].nr);
}

/* The first process of the task's pid namespace. */
static __always_inline struct task_struct *namespace_init(struct task_struct *task)
{
	struct pid *pid = task->thread_pid;
	const __u32 level = BPF_CORE_READ(pid, level);
	struct upid upid = { 0 };

	bpf_probe_read_kernel(&upid, bpf_core_type_size(struct upid),
			      (void *)pid + bpf_core_field_offset(struct pid, numbers)
				      + level * bpf_core_type_size(struct upid));
	return BPF_CORE_READ(upid.ns, child_reaper);
}

static __always_inline __u64 namespace_start(struct task_struct *task)
{
	return BPF_CORE_READ(namespace_init(task), start_boottime);
}

static __noinline int add_process(struct scratch *scratch, struct task_struct *task,
				  struct file *exe)
{
	struct piece_process piece = { 0 };
	const __u32 at = scratch->used;

	if (!piece_has_room(scratch))
		return 0;
	if (exe != NULL) {
		struct inode *inode = BPF_CORE_READ(exe, f_inode);

		piece.exe_inode = BPF_CORE_READ(inode, i_ino);
		read_times(inode, &piece);
	}
	piece.pidns_start_ns = namespace_start(task);
	piece.descriptor_limit = task->signal->rlim[7].rlim_cur; /* RLIMIT_NOFILE */
	if (task->mm != NULL)
		piece.vm_size_kb = (__u32)(task->mm->total_vm << PAGE_KB_SHIFT);
	piece.sid = number_of(task, PIDTYPE_SID, false);
	piece.pgid = number_of(task, PIDTYPE_PGID, false);
	piece.vpgid = number_of(task, PIDTYPE_PGID, true);
	piece_head(scratch, at, PIECE_PROCESS, 0, sizeof(piece));
	__builtin_memcpy(piece_body(scratch, at), &piece, sizeof(piece));
	scratch->used = at + sizeof(struct piece) + sizeof(piece);
	return 0;
}

static __always_inline void add_cgroups(struct scratch *scratch, struct task_struct *task)
{
	struct css_set *set = task->cgroups;
	struct cgroup_subsys_state *cpu = NULL;
	const __u64 place = bpf_core_enum_value_exists(enum cgroup_subsys_id, cpu_cgrp_id)
				    ? bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id)
				    : 0;

	add_cgroup(0, (__u64)BPF_CORE_READ(set, dfl_cgrp));
	bpf_probe_read_kernel(&cpu, sizeof(cpu),
			      (void *)set + bpf_core_field_offset(struct css_set, subsys)
				      + place * sizeof(void *));
	add_cgroup(1, (__u64)BPF_CORE_READ(cpu, cgroup));
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	struct scratch *scratch;
	struct mm_struct *mm = task->mm;
	struct file *exe;
	struct dentry *dentry;

	if (mm == NULL || (__u32)task->tgid == own_pid)
		return 0;
	scratch = record_begin(RECORD_EXEC, task);
	if (scratch == NULL)
		return 0;
	exe = mm->exe_file;
	dentry = BPF_CORE_READ(exe, f_path.dentry);
	scratch->record.result = 0;
	scratch->record.flags |= layer_of(BPF_CORE_READ(exe, f_inode))
				 | may_write(BPF_CORE_READ(exe, f_inode), task->cred)
				 | is_memfd(dentry);
	add_process(scratch, task, exe);
	add_path(PIECE_EXE, 0, (__u64)BPF_CORE_READ(exe, f_path.mnt), (__u64)dentry);
	add_path(PIECE_CWD, 0, (__u64)BPF_CORE_READ(task, fs, pwd.mnt),
		 (__u64)BPF_CORE_READ(task, fs, pwd.dentry));
	add_cgroups(scratch, task);
	add_user_bytes(scratch, PIECE_ARGUMENTS, 0, mm->arg_start, mm->arg_end - mm->arg_start);
	add_user_bytes(scratch, PIECE_ENVIRONMENT, 0, mm->env_start, mm->env_end - mm->env_start);
	return record_end(scratch, RING_PROCESS);
}

/* In the parent, before the child runs: whatever the child does comes later. */
SEC("tp_btf/task_newtask")
int BPF_PROG(on_fork, struct task_struct *child, unsigned long clone_flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch *scratch;
	struct record *record;

	if (child->flags & PF_KTHREAD || (__u32)task->tgid == own_pid)
		return 0;
	scratch = record_begin(RECORD_FORK, task);
	if (scratch == NULL)
		return 0;
	record = &scratch->record;
	record->result = child->pid;
	record->args[0] = (__u64)child->pid;
	record->args[1] = (__u64)child->tgid;
	record->args[2] = clone_flags;
	record->args[3] = inner_number(child->thread_pid);
	record->args[4] = clone_flags & CLONE_THREAD ? record->vpid : record->args[3];
	record->args[5] = child->start_boottime;
	return record_end(scratch, RING_PROCESS);
}

/* Who inherits the children, as the kernel is about to decide (find_new_reaper): a thread of the
 * same process (told as the process), the nearest subreaper above, or the namespace's init. 0: no
 * children. */
static __always_inline __u64 reaper_of(struct task_struct *task)
{
	struct list_head *first = task->children.next;
	struct task_struct *init, *above = task;

	if (first == &task->children)
		return 0;
	if (task->signal->live.counter > 0)
		return (__u64)task->tgid;
	init = namespace_init(task);
	for (int i = 0; i < ANCESTORS_MAX; i++) {
		struct signal_struct *signal;

		above = BPF_CORE_READ(above, real_parent);
		if (above == init || above == NULL)
			break;
		signal = BPF_CORE_READ(above, signal);
		if (BPF_CORE_READ_BITFIELD_PROBED(signal, is_child_subreaper)
		    && BPF_CORE_READ(signal, live.counter) > 0)
			return (__u64)BPF_CORE_READ(above, tgid);
	}
	return (__u64)BPF_CORE_READ(init, pid);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct scratch *scratch;

	if (task->flags & PF_KTHREAD || (__u32)task->tgid == own_pid)
		return 0;
	scratch = record_begin(RECORD_EXIT, task);
	if (scratch == NULL)
		return 0;
	scratch->record.result = 0;
	scratch->record.args[0] = (__u64)task->exit_code;
	scratch->record.args[1] = reaper_of(task);
	return record_end(scratch, RING_PROCESS);
}
