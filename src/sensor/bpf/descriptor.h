/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* descriptor.h — what a descriptor of the current process stands for, read from the kernel's own
 * objects: no program can make these say something else. */
#pragma once

#include "sensor/bpf/pieces.h"

#include <bpf/bpf_endian.h>

#define S_IFMT        0170000
#define S_IFSOCK      0140000
#define AF_UNIX       1
#define AF_INET       2
#define AF_INET6      10
#define UNIX_PATH_MAX 108

static __always_inline struct file *file_of(struct task_struct *task, __u64 number)
{
	struct fdtable *table = task->files->fdt;
	struct file *file = NULL;

	if (number >= table->max_fds)
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), &table->fd[number]);
	return file;
}

static __always_inline void add_unix(struct scratch *scratch, __u8 arg, struct sock *sock)
{
	struct unix_sock *here = (void *)sock;
	struct unix_address *address = BPF_CORE_READ(here, addr);
	const __u32 at = scratch->used;
	long len;

	if (!piece_has_room(scratch))
		return;
	if (address == NULL) { /* a client seldom has a name of its own */
		struct unix_sock *there = (void *)BPF_CORE_READ(here, peer);

		address = BPF_CORE_READ(there, addr);
	}
	if (address == NULL)
		return;
	len = bpf_probe_read_kernel_str(
		piece_body(scratch, at), UNIX_PATH_MAX,
		(void *)address + bpf_core_field_offset(struct unix_address, name) + sizeof(__u16));
	if (len <= 0)
		return;
	piece_head(scratch, at, PIECE_SOCKET_PATH, arg, (__u32)len);
	scratch->used = at + sizeof(struct piece) + (__u32)len;
}

static __noinline int add_socket(struct scratch *scratch, __u8 arg, __u64 socket_address)
{
	struct socket *socket = (void *)socket_address;
	struct sock *sock = BPF_CORE_READ(socket, sk);
	const __u32 at = scratch->used;
	struct piece_socket piece = { 0 };

	if (!piece_has_room(scratch))
		return 0;
	piece.family = BPF_CORE_READ(sock, __sk_common.skc_family);
	piece.type = (__u16)BPF_CORE_READ(socket, type);
	piece.protocol = BPF_CORE_READ(sock, sk_protocol);
	piece.state = BPF_CORE_READ(sock, __sk_common.skc_state);
	piece.local_port = BPF_CORE_READ(sock, __sk_common.skc_num);
	piece.remote_port = bpf_ntohs(BPF_CORE_READ(sock, __sk_common.skc_dport));
	if (piece.family == AF_INET) {
		const __u32 remote = BPF_CORE_READ(sock, __sk_common.skc_daddr);
		__u32 local = BPF_CORE_READ(sock, __sk_common.skc_rcv_saddr);

		if (local == 0)
			local = BPF_CORE_READ((struct inet_sock *)sock, inet_saddr);
		__builtin_memcpy(piece.local, &local, sizeof(local));
		__builtin_memcpy(piece.remote, &remote, sizeof(remote));
	} else if (piece.family == AF_INET6) {
		BPF_CORE_READ_INTO(&piece.local, sock, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&piece.remote, sock, __sk_common.skc_v6_daddr);
	} else if (piece.family == AF_UNIX) {
		struct sock *peer = BPF_CORE_READ((struct unix_sock *)sock, peer);

		__builtin_memcpy(piece.local, &sock, sizeof(sock));
		__builtin_memcpy(piece.remote, &peer, sizeof(peer));
	}
	piece_head(scratch, at, PIECE_SOCKET, arg, sizeof(piece));
	__builtin_memcpy(piece_body(scratch, at), &piece, sizeof(piece));
	scratch->used = at + sizeof(struct piece) + sizeof(piece);
	if (piece.family == AF_UNIX)
		add_unix(scratch, arg, sock);
	return 0;
}

static __noinline int add_file(struct scratch *scratch, __u8 arg, __u64 file_address,
			       bool with_path)
{
	struct file *file = (void *)file_address;
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	const __u32 at = scratch->used;
	struct piece_file piece = { 0 };

	if (!piece_has_room(scratch))
		return 0;
	piece.inode = BPF_CORE_READ(inode, i_ino);
	piece.device = BPF_CORE_READ(inode, i_sb, s_dev);
	piece.mode = BPF_CORE_READ(inode, i_mode);
	piece.flags = BPF_CORE_READ(file, f_flags);
	piece_head(scratch, at, PIECE_FILE, arg, sizeof(piece));
	__builtin_memcpy(piece_body(scratch, at), &piece, sizeof(piece));
	scratch->used = at + sizeof(struct piece) + sizeof(piece);
	if (with_path)
		add_path(PIECE_FILE_PATH, arg, (__u64)BPF_CORE_READ(file, f_path.mnt),
			 (__u64)BPF_CORE_READ(file, f_path.dentry));
	return 0;
}

static __noinline int add_descriptor(struct scratch *scratch, __u8 arg, __s32 number)
{
	struct file *file;

	if (number < 0)
		return 0;
	file = file_of(bpf_get_current_task_btf(), (__u32)number);
	if (file == NULL)
		return 0;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFSOCK)
		return add_socket(scratch, arg, (__u64)BPF_CORE_READ(file, private_data));
	return add_file(scratch, arg, (__u64)file, true);
}
