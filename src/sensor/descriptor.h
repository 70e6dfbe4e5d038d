/* SPDX-License-Identifier: Apache-2.0 */
/* descriptor.h — open files, and the tables of descriptors that processes have.
 *
 *	process -> descriptor_table -> descriptor_slots -> descriptor
 *
 * A descriptor is what the kernel calls an open file description: dup and fork share it, so that a
 * connect through one number is seen through the others. A table belongs to one process, or to
 * several where clone was asked to share it (CLONE_FILES). Its slots are shared from fork on until
 * either side changes something, so that fork costs the same however much is open. */
#pragma once

#include "sensor/id_map.h"
#include "sensor/shared_text.h"
#include "sensor/socket.h"

enum descriptor_kind {
	DESCRIPTOR_UNKNOWN,
	DESCRIPTOR_FILE,
	DESCRIPTOR_DIRECTORY,
	DESCRIPTOR_IPV4,
	DESCRIPTOR_IPV4_BOUND, /* has only the end it is bound to */
	DESCRIPTOR_IPV6,
	DESCRIPTOR_IPV6_BOUND,
	DESCRIPTOR_UNIX,
	DESCRIPTOR_NETLINK,
	DESCRIPTOR_SOCKET, /* of a family we do not look into */
	DESCRIPTOR_PIPE,
	DESCRIPTOR_EVENT,
	DESCRIPTOR_SIGNAL,
	DESCRIPTOR_EPOLL,
	DESCRIPTOR_INOTIFY,
	DESCRIPTOR_TIMER,
	DESCRIPTOR_BPF,
	DESCRIPTOR_USERFAULT,
	DESCRIPTOR_IO_URING,
	DESCRIPTOR_MEMFD,
	DESCRIPTOR_PIDFD,
	DESCRIPTOR_KIND_COUNT,
};

enum socket_role { SOCKET_ROLE_NONE, SOCKET_ROLE_CLIENT, SOCKET_ROLE_SERVER };

enum descriptor_state {
	DESCRIPTOR_STATE_NONE,
	DESCRIPTOR_STATE_CONNECTING, /* EINPROGRESS */
	DESCRIPTOR_STATE_CONNECTED,
	DESCRIPTOR_STATE_FAILED,
};

struct descriptor {
	uint32_t references;
	uint8_t kind;                  /* enum descriptor_kind */
	uint8_t role;                  /* enum socket_role */
	uint8_t state;                 /* enum descriptor_state */
	uint8_t protocol;              /* IPPROTO_TCP and so on, 0 unknown; for sockets */
	uint16_t family;               /* AF_*, for sockets */
	bool upper_layer, lower_layer; /* the file lies in an overlay's upper or lower layer */
	uint32_t flags;                /* O_* in Falco's numbering */
	uint32_t device;
	uint64_t inode;
	struct shared_text *name;           /* path, or what stands for one; NULL: none */
	struct shared_text *raw_name;       /* as the program wrote it; NULL: as name */
	struct socket_end client, server;   /* of what is only bound: server */
	uint64_t source_id, destination_id; /* AF_UNIX */
};

struct descriptor *descriptor_new(enum descriptor_kind kind);   /* one reference */
void descriptor_unref(struct descriptor *descriptor);           /* NULL is fine */
const char *descriptor_kind_name(unsigned kind);                /* "ipv4", as in fd.type */
char descriptor_kind_char(unsigned kind);                       /* '4', as in fd.typechar */
bool descriptor_is_socket(const struct descriptor *descriptor); /* IPv4 or IPv6 */

/* Its name as in fd.name: a path, or the ends of a connection written into `out`. */
struct text descriptor_name(const struct descriptor *descriptor, char out[SOCKET_TEXT_MAX]);

/* --- tables ------------------------------------------------------------------------------ */

#define DESCRIPTORS_MAX 65536 /* in one table; what is opened beyond is not known and counted */

struct descriptor_table;

struct descriptor_table *descriptor_table_new(void); /* one reference */
struct descriptor_table *descriptor_table_ref(struct descriptor_table *table);
void descriptor_table_unref(struct descriptor_table *table); /* NULL is fine */
struct descriptor_table *descriptor_table_fork(struct descriptor_table *table);

struct descriptor *descriptor_table_get(const struct descriptor_table *table, int64_t number);
/* Takes the reference; what was there before is let go. False, and nothing is added, where the
 * table is full. */
bool descriptor_table_put(struct descriptor_table *table, int64_t number,
			  struct descriptor *descriptor, bool close_on_exec);
void descriptor_table_remove(struct descriptor_table *table, int64_t number);
/* Numbers first..last: closed, or marked close-on-exec. */
void descriptor_table_close_range(struct descriptor_table *table, int64_t first, int64_t last);
bool descriptor_table_close_on_exec(const struct descriptor_table *table, int64_t number);
void descriptor_table_set_close_on_exec(struct descriptor_table *table, int64_t number, bool yes);
void descriptor_table_exec(struct descriptor_table *table); /* closes what is close-on-exec */
size_t descriptor_table_count(const struct descriptor_table *table);
bool descriptor_table_is_shared(const struct descriptor_table *table);
