/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pieces.h — appending to the record under construction: texts, bytes, paths as the kernel has
 * them.
 *
 * The verifier must see that every write stays inside the scratch area: a piece begins below
 * RECORD_AREA (the mask says so) and takes at most RECORD_TEXT_MAX after its head.
 *
 * Functions that are not static are verified once, whoever calls them: those with loops are, or
 * loading would take seconds. They may be given numbers only, and find the scratch area themselves.
 */
#pragma once

#include "sensor/bpf/maps.h"

static __always_inline struct scratch *own_scratch(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

static __always_inline bool piece_has_room(struct scratch *scratch)
{
	if (scratch->used < RECORD_AREA)
		return true;
	scratch->record.flags |= RECORD_TRUNCATED;
	return false;
}

static __always_inline void piece_head(struct scratch *scratch, __u32 at, __u8 kind, __u8 arg,
				       __u32 len)
{
	const struct piece piece = { .kind = kind, .arg = arg, .len = (__u16)len };

	__builtin_memcpy(&scratch->pieces[at & (RECORD_AREA - 1)], &piece, sizeof(piece));
}

static __always_inline char *piece_body(struct scratch *scratch, __u32 at)
{
	return &scratch->pieces[(at & (RECORD_AREA - 1)) + sizeof(struct piece)];
}

/* A text in the caller's memory. One that cannot be read becomes an empty piece. */
static __noinline int add_text(struct scratch *scratch, __u8 arg, __u64 address)
{
	const __u32 at = scratch->used;
	long len;

	if (!piece_has_room(scratch))
		return 0;
	len = bpf_probe_read_user_str(piece_body(scratch, at), RECORD_TEXT_MAX, (void *)address);
	if (len < 0)
		len = 0;
	if (len == RECORD_TEXT_MAX)
		scratch->record.flags |= RECORD_TRUNCATED;
	piece_head(scratch, at, PIECE_TEXT, arg, (__u32)len);
	scratch->used = at + sizeof(struct piece) + (__u32)len;
	return 0;
}

static __noinline int add_user_bytes(struct scratch *scratch, __u8 kind, __u8 arg, __u64 address,
				     __u64 len)
{
	const __u32 at = scratch->used;

	if (!piece_has_room(scratch) || len == 0)
		return 0;
	if (len > RECORD_TEXT_MAX - 1) {
		len = RECORD_TEXT_MAX - 1;
		scratch->record.flags |= RECORD_TRUNCATED;
	}
	if (bpf_probe_read_user(piece_body(scratch, at), (__u32)len & (RECORD_TEXT_MAX - 1),
				(void *)address)
	    != 0)
		return 0;
	piece_head(scratch, at, kind, arg, (__u32)len);
	scratch->used = at + sizeof(struct piece) + (__u32)len;
	return 0;
}

/* One name of a path, behind what the piece has already. */
static __always_inline bool add_name(struct scratch *scratch, const void *name)
{
	long len;

	if (scratch->used >= RECORD_AREA)
		return false;
	len = bpf_probe_read_kernel_str(&scratch->pieces[scratch->used & (RECORD_AREA - 1)], 256,
					name);
	if (len <= 0)
		return false;
	scratch->used += (__u32)len;
	return true;
}

static __always_inline void finish_path(struct scratch *scratch, __u32 at, __u8 kind, __u8 arg)
{
	piece_head(scratch, at, kind, arg, scratch->used - at - (__u32)sizeof(struct piece));
}

/* From a dentry up to the root of the thread's file system, across mounts: what d_path does, which
 * these programs may not call. */
__noinline int add_path(__u8 kind, __u8 arg, __u64 mount_address, __u64 dentry_address)
{
	struct scratch *scratch = own_scratch();
	struct task_struct *task = bpf_get_current_task_btf();
	struct vfsmount *const root_mount = BPF_CORE_READ(task, fs, root.mnt);
	struct dentry *const root = BPF_CORE_READ(task, fs, root.dentry);
	struct vfsmount *vfsmount = (void *)mount_address;
	struct dentry *dentry = (void *)dentry_address;
	__u32 at;

	if (scratch == NULL || !piece_has_room(scratch))
		return 0;
	at = scratch->used;
	scratch->used = at + sizeof(struct piece);
	scratch->depth = 0;
	for (int depth = 0; depth < RECORD_DEPTH; depth++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (dentry == root && vfsmount == root_mount)
			break;
		if (dentry == BPF_CORE_READ(vfsmount, mnt_root)) {
			struct mount *mount =
				(void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (above == mount) /* the topmost mount; or one that is nowhere */
				break;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			vfsmount = (void *)above + bpf_core_field_offset(struct mount, mnt);
			continue;
		}
		scratch->names[scratch->depth & (RECORD_DEPTH_MAX - 1)] = (__u16)scratch->used;
		scratch->depth++;
		if (!add_name(scratch, BPF_CORE_READ(dentry, d_name.name)))
			break;
		if (parent == dentry) /* in no directory: memfd, pipe, socket */
			break;
		dentry = parent;
	}
	finish_path(scratch, at, kind, arg);
	return 0;
}

__noinline int add_cgroup(__u8 arg, __u64 cgroup_address)
{
	struct scratch *scratch = own_scratch();
	struct cgroup *cgroup = (void *)cgroup_address;
	struct kernfs_node *node = BPF_CORE_READ(cgroup, kn);
	__u32 at;

	if (scratch == NULL || !piece_has_room(scratch))
		return 0;
	at = scratch->used;
	scratch->used = at + sizeof(struct piece);
	for (int depth = 0; depth < RECORD_DEPTH; depth++) {
		struct kernfs_node___rcu *newer = (void *)node;
		struct kernfs_node *parent;

		if (bpf_core_field_exists(newer->__parent))
			parent = BPF_CORE_READ(newer, __parent);
		else
			parent = BPF_CORE_READ(node, parent);
		if (parent == NULL || !add_name(scratch, BPF_CORE_READ(node, name)))
			break;
		node = parent;
	}
	finish_path(scratch, at, PIECE_CGROUP, arg);
	return 0;
}
