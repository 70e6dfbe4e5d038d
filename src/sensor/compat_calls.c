/* SPDX-License-Identifier: Apache-2.0 */
/* compat_calls.c — the numbers of the same calls as 32-bit programs make them: i386 beside x86_64,
 * ARM EABI beside aarch64. On x86 any program can make them (int 0x80). */
#include "sensor/calls.h"

#if defined(__x86_64__)
#include <asm/unistd_32.h>
#elif defined(__aarch64__)
#define __NR_open              5
#define __NR_creat             8
#define __NR_link              9
#define __NR_unlink            10
#define __NR_execve            11
#define __NR_chdir             12
#define __NR_mknod             14
#define __NR_chmod             15
#define __NR_lchown            16
#define __NR_mount             21
#define __NR_setuid            23
#define __NR_ptrace            26
#define __NR_kill              37
#define __NR_rename            38
#define __NR_mkdir             39
#define __NR_rmdir             40
#define __NR_dup               41
#define __NR_setgid            46
#define __NR_umount2           52
#define __NR_fcntl             55
#define __NR_setpgid           57
#define __NR_chroot            61
#define __NR_dup2              63
#define __NR_setsid            66
#define __NR_symlink           83
#define __NR_fchmod            94
#define __NR_fchown            95
#define __NR_mprotect          125
#define __NR_init_module       128
#define __NR_delete_module     129
#define __NR_fchdir            133
#define __NR_setresuid         164
#define __NR_setresgid         170
#define __NR_prctl             172
#define __NR_chown             182
#define __NR_capset            185
#define __NR_lchown32          198
#define __NR_fchown32          207
#define __NR_setresuid32       208
#define __NR_setresgid32       210
#define __NR_chown32           212
#define __NR_setuid32          213
#define __NR_setgid32          214
#define __NR_fcntl64           221
#define __NR_tkill             238
#define __NR_tgkill            268
#define __NR_socket            281
#define __NR_bind              282
#define __NR_connect           283
#define __NR_listen            284
#define __NR_accept            285
#define __NR_socketpair        288
#define __NR_sendto            290
#define __NR_recvfrom          292
#define __NR_shutdown          293
#define __NR_sendmsg           296
#define __NR_recvmsg           297
#define __NR_openat            322
#define __NR_mkdirat           323
#define __NR_mknodat           324
#define __NR_fchownat          325
#define __NR_unlinkat          328
#define __NR_renameat          329
#define __NR_linkat            330
#define __NR_symlinkat         331
#define __NR_fchmodat          333
#define __NR_unshare           337
#define __NR_dup3              358
#define __NR_accept4           366
#define __NR_open_by_handle_at 371
#define __NR_setns             375
#define __NR_process_vm_readv  376
#define __NR_process_vm_writev 377
#define __NR_finit_module      379
#define __NR_renameat2         382
#define __NR_seccomp           383
#define __NR_memfd_create      385
#define __NR_bpf               386
#define __NR_execveat          387
#define __NR_userfaultfd       388
#define __NR_io_uring_setup    425
#define __NR_pidfd_open        434
#define __NR_openat2           437
#define __NR_pidfd_getfd       438
#else
#error "compat_calls.c has no table for this architecture"
#endif
#ifndef __NR_accept /* i386: accept is part of socketcall alone */
#define __NR_accept -1
#endif

static const struct call_number compat_numbers[] = {
#define CALL(name, event, ring, captures, sources) { CALL_##name, __NR_##name },
#include "sensor/call_table.h"
#undef CALL
	/* The first form of these has user numbers of 16 bits, or small offsets. */
	{ CALL_setuid, __NR_setuid32 },       { CALL_setgid, __NR_setgid32 },
	{ CALL_setresuid, __NR_setresuid32 }, { CALL_setresgid, __NR_setresgid32 },
	{ CALL_chown, __NR_chown32 },         { CALL_lchown, __NR_lchown32 },
	{ CALL_fchown, __NR_fchown32 },       { CALL_fcntl, __NR_fcntl64 },
};

const struct call_number *call_compat_numbers(size_t *count)
{
	*count = COUNT_OF(compat_numbers);
	return compat_numbers;
}
