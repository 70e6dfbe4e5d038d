/* SPDX-License-Identifier: Apache-2.0 */
/* handover_packet.h — what both ends of a handover say: short texts, some with descriptors. */
#pragma once

#include "base/base.h"

#include <sys/socket.h>
#include <sys/un.h>

#define HANDOVER_HELLO    TEXT("mangrove-handover 1")
#define HANDOVER_LISTENER TEXT("listener ")
#define HANDOVER_END      TEXT("end")
#define HANDOVER_READY    TEXT("ready")

#define HANDOVER_TEXT_MAX 512
#define HANDOVER_FDS_MAX  253 /* the kernel's limit for one packet (SCM_MAX_FD) */

struct handover_packet {
	char text[HANDOVER_TEXT_MAX];
	size_t len;
	int fds[HANDOVER_FDS_MAX]; /* the receiver's */
	size_t fd_count;
};

/* A socket of packets, close-on-exec, and the address for it. */
int handover_socket(const char *path, struct sockaddr_un *address, struct error *err);
int handover_send(int fd, struct text text, const int *fds, size_t fd_count);
/* flags: MSG_DONTWAIT or 0. 0, or -Exxx: -ECONNRESET at the end. */
int handover_receive(int fd, int flags, struct handover_packet *out);
void handover_close_fds(struct handover_packet *packet);
