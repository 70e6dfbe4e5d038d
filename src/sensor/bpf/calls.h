/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* calls.h — system calls that returned.
 *
 * One hook for all of them, at the return: there the kernel's own objects (the file that was
 * opened, the socket that was connected) tell what happened, whatever the program wrote over its
 * arguments meanwhile; and 32-bit calls, which tracepoints for single calls do not see, cannot
 * hide. What to copy for each call stands in its plan. */
#pragma once

#include "sensor/bpf/descriptor.h"
#include "sensor/bpf/task.h"

#define AT_FDCWD      (-100)
#define SOCK_STREAM   1
#define SOCK_DGRAM    2
#define TS_COMPAT     2
#define SOCKADDR_MAX  128
#define OPEN_HOW_SIZE 24

static __always_inline bool is_compat(struct task_struct *task)
{
#ifdef __TARGET_ARCH_x86
	return task->thread_info.status & TS_COMPAT;
#else
	return task->thread_info.flags & (1ul << 22); /* TIF_32BIT */
#endif
}

static __always_inline __u32 call_number(struct pt_regs *regs)
{
#ifdef __TARGET_ARCH_x86
	return (__u32)regs->orig_ax;
#else
	return (__u32)regs->syscallno;
#endif
}

static __always_inline void read_arguments(struct pt_regs *regs, bool compat, __u64 *args)
{
#ifdef __TARGET_ARCH_x86
	if (compat) {
		args[0] = (__u32)regs->bx;
		args[1] = (__u32)regs->cx;
		args[2] = (__u32)regs->dx;
		args[3] = (__u32)regs->si;
		args[4] = (__u32)regs->di;
		args[5] = (__u32)regs->bp;
		return;
	}
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->r10;
	args[4] = regs->r8;
	args[5] = regs->r9;
#else
	const __u64 mask = compat ? 0xffffffff : ~0ull;

	args[0] = regs->orig_x0 & mask;
	args[1] = regs->regs[1] & mask;
	args[2] = regs->regs[2] & mask;
	args[3] = regs->regs[3] & mask;
	args[4] = regs->regs[4] & mask;
	args[5] = regs->regs[5] & mask;
#endif
}

/* Where a relative path starts. */
static __noinline int add_base(struct scratch *scratch, __u8 arg, __s32 descriptor)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *file;

	if (descriptor == AT_FDCWD)
		return add_path(PIECE_BASE, arg, (__u64)BPF_CORE_READ(task, fs, pwd.mnt),
				(__u64)BPF_CORE_READ(task, fs, pwd.dentry));
	if (descriptor < 0)
		return 0;
	file = file_of(task, (__u32)descriptor);
	if (file == NULL)
		return 0;
	return add_path(PIECE_BASE, arg, (__u64)BPF_CORE_READ(file, f_path.mnt),
			(__u64)BPF_CORE_READ(file, f_path.dentry));
}

static __always_inline void add_path_argument(struct scratch *scratch, __u8 arg, __u64 address,
					      __s32 descriptor)
{
	const __u32 at = scratch->used;
	char first;

	add_text(scratch, arg, address);
	if (at >= RECORD_AREA || scratch->used == at)
		return;
	first = *piece_body(scratch, at);
	if (first != '/')
		add_base(scratch, arg, descriptor);
}

static __noinline int add_message(struct scratch *scratch, __u8 arg, __u64 address, __s64 sent)
{
	/* struct msghdr: name, length of name, vectors, their number; and the first of these */
	__u64 name = 0, start = 0, size = 0;
	__u32 name_length = 0;

	if (scratch->record.flags & RECORD_COMPAT) {
		__u32 head[4] = { 0 }, vector[2] = { 0 };

		bpf_probe_read_user(head, sizeof(head), (void *)address);
		bpf_probe_read_user(vector, sizeof(vector), (void *)(__u64)head[2]);
		name = head[0];
		name_length = head[1];
		start = vector[0];
		size = vector[1];
	} else {
		__u64 head[4] = { 0 }, vector[2] = { 0 };

		bpf_probe_read_user(head, sizeof(head), (void *)address);
		bpf_probe_read_user(vector, sizeof(vector), (void *)head[2]);
		name = head[0];
		name_length = (__u32)head[1];
		start = vector[0];
		size = vector[1];
	}
	if (name != 0)
		add_user_bytes(scratch, PIECE_ADDRESS, arg, name,
			       name_length < SOCKADDR_MAX ? name_length : SOCKADDR_MAX);
	if (sent <= 0)
		return 0;
	if (size > (__u64)sent)
		size = (__u64)sent;
	add_user_bytes(scratch, PIECE_BYTES, arg, start,
		       size < RECORD_DATA_MAX ? size : RECORD_DATA_MAX);
	return 0;
}

static __always_inline __u64 at_most(__u64 number, __u64 limit)
{
	return number < limit ? number : limit;
}

__noinline int add_argument(__u8 capture, __u32 arg)
{
	struct scratch *scratch = own_scratch();
	struct record *record;
	__u64 value, next, before;

	if (scratch == NULL || arg >= 6)
		return 0;
	record = &scratch->record;
	value = record->args[arg];
	next = arg < 5 ? record->args[arg + 1] : 0;
	before = arg > 0 ? record->args[arg - 1] : 0;

	switch (capture) {
	case CAPTURE_TEXT:
		return add_text(scratch, (__u8)arg, value);
	case CAPTURE_PATH:
		add_path_argument(scratch, (__u8)arg, value, AT_FDCWD);
		return 0;
	case CAPTURE_PATH_AT:
		add_path_argument(scratch, (__u8)arg, value, (__s32)before);
		return 0;
	case CAPTURE_DESCRIPTOR:
		return add_descriptor(scratch, (__u8)arg, (__s32)value);
	case CAPTURE_ADDRESS:
		return add_user_bytes(scratch, PIECE_ADDRESS, (__u8)arg, value,
				      at_most((__u32)next, SOCKADDR_MAX));
	case CAPTURE_MESSAGE:
		return add_message(scratch, (__u8)arg, value, record->result);
	case CAPTURE_SENT:
		return add_user_bytes(scratch, PIECE_BYTES, (__u8)arg, value,
				      at_most(next, RECORD_DATA_MAX));
	case CAPTURE_RECEIVED:
		if (record->result <= 0)
			return 0;
		return add_user_bytes(scratch, PIECE_BYTES, (__u8)arg, value,
				      at_most((__u64)record->result, RECORD_DATA_MAX));
	case CAPTURE_PAIR:
		return add_user_bytes(scratch, PIECE_BYTES, (__u8)arg, value, 2 * sizeof(int));
	case CAPTURE_HOW:
		return add_user_bytes(scratch, PIECE_BYTES, (__u8)arg, value, OPEN_HOW_SIZE);
	default:
		return 0;
	}
}

static __always_inline __u32 outcome_of(__s64 result)
{
	return result < 0 ? OUTCOME_FAILED : result <= 2 ? OUTCOME_STANDARD : OUTCOME_OTHER;
}

static __always_inline __u32 access_of(const struct record *record, __u8 source)
{
	__u64 flags = 0;

	if (source == ACCESS_ARGUMENT_1)
		return record->args[1] & 3;
	if (source == ACCESS_ARGUMENT_2)
		return record->args[2] & 3;
	if (source == ACCESS_CREAT)
		return 1; /* O_WRONLY */
	bpf_probe_read_user(&flags, sizeof(flags), (void *)record->args[2]);
	return flags & 3;
}

static __noinline __u64 left_by_socket(struct task_struct *task, const struct call_filter *filter,
				       __s32 descriptor)
{
	struct file *file = descriptor >= 0 ? file_of(task, (__u32)descriptor) : NULL;
	struct socket *socket;
	struct sock *sock;
	__u16 family, type;

	if (file == NULL || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return filter->families[FAMILY_OTHER] & filter->transports[TRANSPORT_OTHER];
	socket = BPF_CORE_READ(file, private_data);
	sock = BPF_CORE_READ(socket, sk);
	family = BPF_CORE_READ(sock, __sk_common.skc_family);
	type = (__u16)BPF_CORE_READ(socket, type);
	return filter->families[family == AF_UNIX    ? FAMILY_UNIX
				: family == AF_INET  ? FAMILY_INET
				: family == AF_INET6 ? FAMILY_INET6
						     : FAMILY_OTHER]
	       & filter->transports[type == SOCK_STREAM  ? TRANSPORT_TCP
				    : type == SOCK_DGRAM ? TRANSPORT_UDP
							 : TRANSPORT_OTHER];
}

/* What cannot be read, or is too long, may be any path. */
__noinline __u64 left_by_path(__u64 address)
{
	struct scratch *scratch = own_scratch();
	__u32 state;
	long len;

	if (scratch == NULL)
		return ~0ull;
	len = bpf_probe_read_user_str(scratch->path, PATH_WALK_MAX, (void *)address);
	if (len <= 1 || len == PATH_WALK_MAX)
		return ~0ull;
	state = scratch->path[0] == '/' ? automaton.start_absolute : automaton.start_relative;
	for (int i = 0; i < PATH_WALK_MAX; i++) {
		const __u8 byte = (__u8)scratch->path[i];

		if (byte == 0)
			break;
		state = automaton.next[(state * PATH_CLASSES + automaton.classes[byte])
				       & (PATH_STATES * PATH_CLASSES - 1)];
	}
	return automaton.marks[state & (PATH_STATES - 1)];
}

static __always_inline __u32 next_state(__u32 state, __u8 byte)
{
	return automaton.next[(state * PATH_CLASSES + automaton.classes[byte])
			      & (PATH_STATES * PATH_CLASSES - 1)];
}

/* The names that add_path left behind, from the root on, each after a slash. */
__noinline __u64 walk_names(void)
{
	struct scratch *scratch = own_scratch();
	__u32 state = next_state(automaton.start_absolute, '/');

	if (scratch == NULL || scratch->depth == 0)
		return ~0ull;
	scratch->depth--;
	scratch->at = scratch->names[scratch->depth & (RECORD_DEPTH_MAX - 1)];
	for (int i = 0; i < PATH_WALK_MAX * 2; i++) {
		const __u8 byte = (__u8)scratch->pieces[scratch->at & (RECORD_AREA - 1)];

		if (byte != 0) {
			state = next_state(state, byte);
			scratch->at++;
			continue;
		}
		if (scratch->depth == 0)
			break;
		state = next_state(state, '/');
		scratch->depth--;
		scratch->at = scratch->names[scratch->depth & (RECORD_DEPTH_MAX - 1)];
	}
	return automaton.marks[state & (PATH_STATES - 1)];
}

/* A symbolic link, or another thread that changed the path meanwhile, may have made the program's
 * path lead elsewhere: what was opened is looked at as well. */
static __noinline __u64 left_by_file(struct scratch *scratch, struct task_struct *task,
				     __s32 descriptor)
{
	struct file *file = file_of(task, (__u32)descriptor);
	struct dentry *dentry;
	struct file_key key = { 0 };
	__u64 marks, *known;

	if (file == NULL)
		return 0;
	dentry = BPF_CORE_READ(file, f_path.dentry);
	key.dentry = (__u64)dentry;
	key.parent = (__u64)BPF_CORE_READ(dentry, d_parent);
	key.grandparent = (__u64)BPF_CORE_READ(dentry, d_parent, d_parent);
	key.name_hash = BPF_CORE_READ(dentry, d_name.hash_len);
	known = bpf_map_lookup_elem(&known_files, &key);
	if (known != NULL)
		return *known;
	scratch->used = 0;
	add_path(0, 0, (__u64)BPF_CORE_READ(file, f_path.mnt), (__u64)dentry);
	if (scratch->used <= sizeof(struct piece))
		return 0;
	if (scratch->used >= PATH_WALK_MAX * 2)
		return ~0ull;
	marks = walk_names();
	bpf_map_update_elem(&known_files, &key, &marks, BPF_ANY);
	return marks;
}

/* Is a clause left for which a rule could match? */
static __always_inline bool may_matter(struct scratch *scratch, struct task_struct *task, __u8 row)
{
	const struct call_filter *filter = &filters[row & (CALL_LIMIT - 1)];
	const struct record *record = &scratch->record;
	__u64 left = filter->outcomes[outcome_of(record->result)], by_path;

	if (left != 0 && filter->access != ACCESS_NOWHERE)
		left &= filter->access_modes[access_of(record, filter->access)];
	if (left != 0 && filter->socket != 0)
		left &= left_by_socket(task, filter,
				       filter->socket == PIECE_RESULT + 1 ? (__s32)record->result
									  : (__s32)record->args[0]);
	if ((left & ~filter->any_path) == 0 || filter->path == 0)
		return left != 0;
	by_path = left_by_path(filter->path == 1 ? record->args[0] : record->args[1]);
	if ((left & (filter->any_path | by_path)) != 0)
		return true;
	return record->result >= 0
	       && (left & left_by_file(scratch, task, (__s32)record->result)) != 0;
}

static __always_inline int record_call(struct task_struct *task, struct pt_regs *regs, __s64 result,
				       __u8 row, bool compat)
{
	const struct call_plan *plan = &plans[row & (CALL_LIMIT - 1)];
	const __u32 zero = 0;
	struct scratch *scratch;

	if (!(plan->want & (result < 0 ? WANT_FAILURE : WANT_SUCCESS))
	    || (__u32)task->tgid == own_pid)
		return 0;
	scratch = bpf_map_lookup_elem(&scratches, &zero);
	if (scratch == NULL)
		return 0;
	scratch->record.result = result;
	read_arguments(regs, compat, scratch->record.args);
	if (filtering && !may_matter(scratch, task, row))
		return 0;
	scratch = record_begin(RECORD_CALL, task);
	if (scratch == NULL)
		return 0;
	scratch->record.call = row;
	if (compat)
		scratch->record.flags |= RECORD_COMPAT;
	for (__u32 i = 0; i < 6; i++)
		if (plan->capture[i] != CAPTURE_NONE)
			add_argument(plan->capture[i], i);
	if (plan->capture_result != CAPTURE_NONE && result >= 0)
		add_descriptor(scratch, PIECE_RESULT, (__s32)result);
	return record_end(scratch, plan->ring);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_call, struct pt_regs *regs, long result)
{
	const __u32 number = call_number(regs);
	struct task_struct *task;
	bool compat;
	__u8 row;

	if (number >= CALL_NUMBERS || !wanted_numbers[number])
		return 0;
	task = bpf_get_current_task_btf();
	compat = is_compat(task);
	row = compat ? compat_calls[number] : native_calls[number];
	if (row == 0)
		return 0;
	return record_call(task, regs, compat ? (__s32)result : result, row, compat);
}
