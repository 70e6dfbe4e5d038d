/* SPDX-License-Identifier: Apache-2.0 */
/* procfs_private.h — the reader of /proc's memory, and what its files call of each other. */
#pragma once

#include "sensor/path.h"
#include "sensor/procfs.h"

#define PROCFS_PATH_MAX 256
#define PROCFS_TEXT_MAX 4096

struct procfs {
	struct state_source source;
	const char *root;
	uint64_t tick_ns, boot_time_ns; /* of a tick; since 1970 */
	struct buffer scratch;          /* of the file read last */
	bool wants_sockets;
	unsigned depth;           /* of ancestors looked up one for the other */
	struct id_map sockets;    /* inode -> struct descriptor, a reference, of namespaces read */
	struct id_map namespaces; /* inode of those -> not NULL */
};

bool procfs_add_thread(struct state_source *source, struct sensor_state *state, int64_t tid);
bool procfs_is_alive(struct state_source *source, int64_t tid, uint64_t start);

void procfs_path(const struct procfs *procfs, char out[PROCFS_PATH_MAX], int64_t pid,
		 const char *file);
/* A view of scratch; absent where it cannot be read. */
struct text procfs_read(struct procfs *procfs, int64_t pid, const char *file, size_t limit);
struct text procfs_link(const struct procfs *procfs, int64_t pid, const char *file,
			char out[PATH_TEXT_MAX]);

/* procfs_files.c */
void procfs_add_descriptors(struct procfs *procfs, struct sensor_state *state, int64_t pid);

/* procfs_sockets.c: the socket of that inode as the process's network namespace has it, a new
 * reference; NULL where it is not listed there. */
struct descriptor *procfs_socket(struct procfs *procfs, int64_t pid, uint64_t inode);
void procfs_forget_sockets(struct procfs *procfs);
