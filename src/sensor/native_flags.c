/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/native_flags.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ptrace.h>

struct bit {
	uint32_t native, falco;
};

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ull
#endif

static const struct bit open_bits[] = {
	{ O_CREAT, 0x4 },    { O_APPEND, 0x8 },      { O_DSYNC, 0x10 },
	{ O_EXCL, 0x20 },    { O_NONBLOCK, 0x40 },   { O_TRUNC, 0x100 },
	{ O_DIRECT, 0x200 }, { O_DIRECTORY, 0x400 }, { O_CLOEXEC, 0x1000 },
};

static const struct bit clone_bits[] = {
	{ CLONE_FILES, 0x1 },
	{ CLONE_FS, 0x2 },
	{ CLONE_IO, 0x4 },
	{ CLONE_NEWIPC, 0x8 },
	{ CLONE_NEWNET, 0x10 },
	{ CLONE_NEWNS, 0x20 },
	{ CLONE_NEWPID, 0x40 },
	{ CLONE_NEWUTS, 0x80 },
	{ CLONE_PARENT, 0x100 },
	{ CLONE_PARENT_SETTID, 0x200 },
	{ CLONE_PTRACE, 0x400 },
	{ CLONE_SIGHAND, 0x800 },
	{ CLONE_SYSVSEM, 0x1000 },
	{ CLONE_THREAD, 0x2000 },
	{ CLONE_UNTRACED, 0x4000 },
	{ CLONE_VM, 0x8000 },
	{ CLONE_NEWUSER, 0x100000 },
	{ CLONE_CHILD_CLEARTID, 0x800000 },
	{ CLONE_CHILD_SETTID, 0x1000000 },
	{ CLONE_SETTLS, 0x2000000 },
	{ CLONE_VFORK, 0x8000000 },
	{ CLONE_NEWCGROUP, 0x10000000 },
};

static const struct bit execveat_bits[] = { { AT_EMPTY_PATH, 0x1 }, { AT_SYMLINK_NOFOLLOW, 0x2 } };
static const struct bit fchownat_bits[] = { { AT_SYMLINK_NOFOLLOW, 0x400 },
					    { AT_EMPTY_PATH, 0x1000 } };
static const struct bit module_bits[] = { { O_TRUNC, 0x1 }, { O_NONBLOCK, 0x2 } };
static const struct bit resolve_bits[] = {
	{ 0x08, 0x1 },  /* RESOLVE_BENEATH */
	{ 0x10, 0x2 },  /* RESOLVE_IN_ROOT */
	{ 0x02, 0x4 },  /* RESOLVE_NO_MAGICLINKS */
	{ 0x04, 0x8 },  /* RESOLVE_NO_SYMLINKS */
	{ 0x01, 0x10 }, /* RESOLVE_NO_XDEV */
	{ 0x20, 0x20 }, /* RESOLVE_CACHED */
};

static const struct bit ptrace_requests[] = {
	/* values, not bits */
	{ PTRACE_TRACEME, 1 },     { PTRACE_PEEKTEXT, 2 },     { PTRACE_PEEKDATA, 3 },
	{ PTRACE_PEEKUSER, 4 },    { PTRACE_POKETEXT, 5 },     { PTRACE_POKEDATA, 6 },
	{ PTRACE_POKEUSER, 7 },    { PTRACE_CONT, 8 },         { PTRACE_KILL, 9 },
	{ PTRACE_SINGLESTEP, 10 }, { PTRACE_ATTACH, 11 },      { PTRACE_DETACH, 12 },
	{ PTRACE_SYSCALL, 13 },    { PTRACE_SETOPTIONS, 14 },  { PTRACE_GETEVENTMSG, 15 },
	{ PTRACE_GETSIGINFO, 16 }, { PTRACE_SETSIGINFO, 17 },  { PTRACE_GETREGSET, 18 },
	{ PTRACE_SETREGSET, 19 },  { PTRACE_SEIZE, 20 },       { PTRACE_INTERRUPT, 21 },
	{ PTRACE_LISTEN, 22 },     { PTRACE_PEEKSIGINFO, 23 }, { PTRACE_GETSIGMASK, 24 },
	{ PTRACE_SETSIGMASK, 25 },
#ifdef __x86_64__
	{ PTRACE_GETREGS, 26 },    { PTRACE_SETREGS, 27 },     { PTRACE_GETFPREGS, 28 },
	{ PTRACE_SETFPREGS, 29 },  { PTRACE_SINGLEBLOCK, 38 },
#endif
};

static const struct bit fcntl_commands[] = {
	{ F_DUPFD, 1 },          { F_GETFD, 2 },      { F_SETFD, 3 },       { F_GETFL, 4 },
	{ F_SETFL, 5 },          { F_GETLK, 6 },      { F_SETLK, 8 },       { F_SETLKW, 9 },
	{ F_SETOWN, 10 },        { F_GETOWN, 12 },    { F_SETSIG, 13 },     { F_GETSIG, 15 },
	{ F_SETOWN_EX, 21 },     { F_GETOWN_EX, 22 }, { F_SETLEASE, 23 },   { F_GETLEASE, 24 },
	{ F_DUPFD_CLOEXEC, 26 }, { F_NOTIFY, 27 },    { F_SETPIPE_SZ, 28 }, { F_GETPIPE_SZ, 29 },
	{ F_OFD_GETLK, 30 },     { F_OFD_SETLK, 31 }, { F_OFD_SETLKW, 32 },
};

static uint32_t translate_bits(const struct bit *bits, size_t count, uint64_t native)
{
	uint32_t falco = 0;

	for (size_t i = 0; i < count; i++)
		if ((native & bits[i].native) != 0)
			falco |= bits[i].falco;
	return falco;
}

static uint32_t translate_value(const struct bit *values, size_t count, uint64_t native)
{
	for (size_t i = 0; i < count; i++)
		if (values[i].native == native)
			return values[i].falco;
	return 0;
}

/* Two bits and three groups of bits that are named as one. */
static uint32_t open_flags(uint64_t native)
{
	static const uint32_t access[] = { 0x1, 0x2, 0x3, 0x3 };
	uint32_t falco = access[native & O_ACCMODE];

	falco |= translate_bits(open_bits, COUNT_OF(open_bits), native);
	if ((native & O_SYNC) == O_SYNC)
		falco |= 0x80;
	if ((native & O_TMPFILE) == O_TMPFILE)
		falco |= 0x2000;
	if ((native & 0100000) != 0) /* O_LARGEFILE, which 64-bit headers hide as 0 */
		falco |= 0x800;
	return falco;
}

uint32_t native_flags(enum flag_table table, uint64_t native)
{
	switch (table) {
	case FLAGS_FILE:
		return open_flags(native);
	case FLAGS_CLONE:
		return translate_bits(clone_bits, COUNT_OF(clone_bits), native);
	case FLAGS_EXECVEAT:
		return translate_bits(execveat_bits, COUNT_OF(execveat_bits), native);
	case FLAGS_FCHOWNAT:
		return translate_bits(fchownat_bits, COUNT_OF(fchownat_bits), native);
	case FLAGS_MODULE_DELETE:
		return translate_bits(module_bits, COUNT_OF(module_bits), native);
	case FLAGS_RESOLVE:
		return translate_bits(resolve_bits, COUNT_OF(resolve_bits), native);
	case FLAGS_PIDFD:
		return (native & O_NONBLOCK) != 0 ? 1 : 0;
	case FLAGS_PTRACE:
		return translate_value(ptrace_requests, COUNT_OF(ptrace_requests), native);
	case FLAGS_FCNTL:
		return translate_value(fcntl_commands, COUNT_OF(fcntl_commands), native);
	case FLAGS_CHMOD:
		return (uint32_t)(native & 07777);
	default:
		return (uint32_t)native;
	}
}
