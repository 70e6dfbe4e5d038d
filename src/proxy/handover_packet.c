/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/handover_packet.h"

#include <errno.h>
#include <unistd.h>

int handover_socket(const char *path, struct sockaddr_un *address, struct error *err)
{
	const size_t len = strlen(path);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (len >= sizeof(address->sun_path))
		return error_set(err, -ENAMETOOLONG, "%s: a socket's path has at most %zu bytes",
				 path, sizeof(address->sun_path) - 1);
	memcpy(address->sun_path, path, len);

	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	return fd >= 0 ? fd : error_set(err, -errno, "socket: %s", strerror(errno));
}

union control_room { /* aligned as cmsghdr wants it */
	struct cmsghdr header;
	char bytes[CMSG_SPACE(HANDOVER_FDS_MAX * sizeof(int))];
};

int handover_send(int fd, struct text text, const int *fds, size_t fd_count)
{
	struct iovec bytes = { .iov_base = (void *)text.ptr, .iov_len = text.len };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };
	union control_room room = { 0 };

	if (fd_count > HANDOVER_FDS_MAX)
		return -E2BIG;
	if (fd_count > 0) {
		message.msg_control = &room;
		message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		room.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(fd_count * sizeof(int)),
						.cmsg_level = SOL_SOCKET,
						.cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&room.header), fds, fd_count * sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int handover_receive(int fd, int flags, struct handover_packet *out)
{
	struct iovec bytes = { .iov_base = out->text, .iov_len = sizeof(out->text) };
	union control_room room = { 0 };
	struct msghdr message = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = &room,
		.msg_controllen = sizeof(room),
	};
	const ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | flags);

	out->fd_count = 0;
	if (got < 0)
		return -errno;
	for (struct cmsghdr *item = CMSG_FIRSTHDR(&message); item != NULL;
	     item = CMSG_NXTHDR(&message, item)) {
		if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS)
			continue;
		out->fd_count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(out->fds, CMSG_DATA(item), out->fd_count * sizeof(int));
	}
	out->len = (size_t)got;
	if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		handover_close_fds(out);
		return -EMSGSIZE;
	}
	return got == 0 ? -ECONNRESET : 0;
}

void handover_close_fds(struct handover_packet *packet)
{
	for (size_t i = 0; i < packet->fd_count; i++)
		close(packet->fds[i]);
	packet->fd_count = 0;
}
