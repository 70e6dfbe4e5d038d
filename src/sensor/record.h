/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* record.h — what the eBPF programs write into their rings and the decoder reads.
 *
 * A record carries all that its event needs: who acted, with which rights and from which directory,
 * as it was in the kernel at that moment. So events stay right where earlier ones were lost, and
 *the state needs no call watched for its own sake.
 *
 *	struct record | piece | piece | ...      a piece: struct piece, then `len` bytes, no padding
 *
 * Both sides are compiled together; no record outlives the program that made it. Numbers are in
 *host order, ports too, addresses in network order. Shared with C: only fixed-width types. */
#pragma once

#include <linux/types.h>

#define RECORD_AREA      8192 /* of pieces; a piece that would begin behind it is left out */
#define RECORD_TEXT_MAX  4096
#define RECORD_SIZE_MAX  (sizeof(struct record) + RECORD_AREA + RECORD_TEXT_MAX)
#define RECORD_DATA_MAX  80 /* bytes kept of what was sent or received, as Falco's snaplen */
#define RECORD_DEPTH_MAX 64 /* a power of two above the next */
#define RECORD_DEPTH     40 /* directories in a path of the kernel's */

enum record_kind {
	RECORD_CALL = 1, /* a system call returned */
	RECORD_EXEC,     /* a program was started: after success, in the new program's place */
	RECORD_FORK,     /* args: child's tid, pid, clone flags, vtid, vpid, start (ns) */
	RECORD_EXIT,     /* args: status, who inherits the children (0: none) */
};

enum record_flag {
	RECORD_COMPAT = 1 << 0,    /* a 32-bit call */
	RECORD_TRUNCATED = 1 << 1, /* something did not fit */
	RECORD_EXE_WRITABLE = 1 << 2,
	RECORD_EXE_UPPER = 1 << 3, /* in the upper layer of an overlay file system */
	RECORD_EXE_LOWER = 1 << 4,
	RECORD_EXE_MEMFD = 1 << 5,
};

struct record {
	__u64 time_ns;   /* since boot */
	__u64 start_ns;  /* of the thread, since boot */
	__u64 cgroup_id; /* of the unified hierarchy */
	__u64 cap_inheritable, cap_permitted, cap_effective;
	__s64 result;
	__u64 args[6];
	__u32 size; /* of all */
	__u32 flags;
	__u16 kind, call; /* call: the number of its row in the table of calls */
	__u16 cpu, argument_count;
	__u32 tid, pid, parent_pid, vtid, vpid;
	__u32 uid, gid, login_uid;
	__u32 tty; /* device number, 0: none */
	__u32 pad;
	char comm[16];
};

enum piece_kind {
	PIECE_TEXT = 1,    /* of the caller's memory, with its NUL */
	PIECE_BASE,        /* the directory that the relative path in this argument starts from */
	PIECE_BYTES,       /* the caller's bytes */
	PIECE_ADDRESS,     /* the caller's struct sockaddr */
	PIECE_SOCKET,      /* struct piece_socket: a descriptor's */
	PIECE_SOCKET_PATH, /* of a unix socket: own name; as in sun_path */
	PIECE_FILE,        /* struct piece_file: a descriptor's */
	PIECE_FILE_PATH,   /* and its path */
	PIECE_ARGUMENTS,   /* texts, each with its NUL */
	PIECE_ENVIRONMENT,
	PIECE_EXE, /* path of the executable */
	PIECE_CWD,
	PIECE_CGROUP,  /* path in the unified hierarchy; arg 1: in the one of the cpu controller */
	PIECE_PROCESS, /* struct piece_process */
};
/* BASE, FILE_PATH, EXE, CWD and CGROUP are paths as the kernel walks them: names from the last to
 * the first, each with its NUL, no slashes. */

#define PIECE_RESULT 6 /* in place of an argument: the descriptor that the call returned */

struct piece {
	__u8 kind, arg;
	__u16 len;
};

struct piece_socket {
	__u16 family, type, protocol;
	__u16 local_port, remote_port;
	__u16 state;
	__u8 local[16], remote[16]; /* 4 or 16 bytes, by family; unix: addresses of the sockets */
};

struct piece_file {
	__u64 inode;
	__u32 device; /* as the kernel encodes it: major << 20 | minor */
	__u32 mode;
	__u32 flags; /* as given to open(2) */
	__u32 pad;
};

struct piece_process { /* what changes little between two starts of programs */
	__u64 exe_inode, exe_ctime_ns, exe_mtime_ns;
	__u64 pidns_start_ns; /* when the first process of the pid namespace began, since boot */
	__u64 descriptor_limit;
	__u32 vm_size_kb, vm_rss_kb;
	__u32 sid, pgid, vpgid, pad;
};

_Static_assert(sizeof(struct record) == 176, "no holes, and both sides agree");
_Static_assert(sizeof(struct piece_socket) == 44, "no holes");
_Static_assert(sizeof(struct piece_process) == 64, "no holes");

/* --- what the programs are told ---------------------------------------------------------- */

enum ring_class { RING_PROCESS, RING_RARE, RING_NETWORK, RING_FILE, RING_COUNT };

enum capture {
	CAPTURE_NONE,
	CAPTURE_TEXT,
	CAPTURE_PATH,    /* relative to the working directory */
	CAPTURE_PATH_AT, /* relative to the descriptor in the argument before */
	CAPTURE_DESCRIPTOR,
	CAPTURE_ADDRESS,  /* its length is the next argument */
	CAPTURE_MESSAGE,  /* struct msghdr: address and first bytes */
	CAPTURE_SENT,     /* bytes; their number is the next argument */
	CAPTURE_RECEIVED, /* bytes; their number is the result */
	CAPTURE_PAIR,     /* two descriptors (int[2]) */
	CAPTURE_HOW,      /* struct open_how */
};

#define CALL_LIMIT   128 /* rows */
#define CALL_NUMBERS 512 /* system call numbers */
#define WANT_SUCCESS 1
#define WANT_FAILURE 2

struct call_plan {
	__u8 ring;
	__u8 want;           /* WANT_SUCCESS | WANT_FAILURE */
	__u8 capture[6];     /* per argument */
	__u8 capture_result; /* CAPTURE_DESCRIPTOR or nothing */
	__u8 pad;
};

/* --- what may be dropped ----------------------------------------------------------------- */

/* The rules' conditions as far as the kernel can test them: up to 64 clauses, one bit each. An
 * event may matter while one clause of its call is left after each of its properties has struck out
 * those that want another. */
enum outcome { OUTCOME_FAILED, OUTCOME_STANDARD /* 0, 1, 2 */, OUTCOME_OTHER, OUTCOME_COUNT };
enum family { FAMILY_OTHER, FAMILY_UNIX, FAMILY_INET, FAMILY_INET6, FAMILY_COUNT };
enum transport { TRANSPORT_OTHER, TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_COUNT };

enum access_source {
	ACCESS_NOWHERE,
	ACCESS_ARGUMENT_1,
	ACCESS_ARGUMENT_2,
	ACCESS_HOW,
	ACCESS_CREAT,
};

struct call_filter { /* the clauses that are left, by each property */
	__u64 outcomes[OUTCOME_COUNT];
	__u64 access_modes[4]; /* O_RDONLY, O_WRONLY, O_RDWR, 3: of calls that open */
	__u64 families[FAMILY_COUNT];
	__u64 transports[TRANSPORT_COUNT];
	__u64 any_path; /* those that say nothing of the path */
	/* Where a property is found, if anything can be struck out by it; else 0. */
	__u8 access; /* enum access_source */
	__u8 path;   /* the number of the argument, plus 1 */
	__u8 socket; /* the same; PIECE_RESULT + 1: the result */
	__u8 pad[5];
};

#define PATH_STATES   8192
#define PATH_CLASSES  64
#define PATH_WALK_MAX 256 /* a longer path may be any */

struct path_automaton {           /* automaton.h */
	__u64 marks[PATH_STATES]; /* clauses whose patterns fit a path that ends in this state */
	__u16 next[PATH_STATES * PATH_CLASSES];
	__u8 classes[256];
	__u16 start_absolute, start_relative, pad[2];
};

struct budget {
	__u64 window, bytes;
};

#define COUNT_ROWS 256 /* a power of two; processors beyond it share rows */

struct ring_count {
	__u64 written, dropped;
};
