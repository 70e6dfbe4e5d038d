/* SPDX-License-Identifier: Apache-2.0 */
#include "net/socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 4096 /* the kernel caps it at net.core.somaxconn */

static void set_option(int fd, int level, int option)
{
	const int on = 1;

	setsockopt(fd, level, option, &on, sizeof(on));
}

static int open_stream(const struct address *address)
{
	const int fd =
		socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (address->any.sa_family != AF_UNIX)
		set_option(fd, IPPROTO_TCP, TCP_NODELAY);
	return fd;
}

/* Removes a socket file that nobody serves any more; a live one stays and bind fails. */
static void remove_stale(const struct address *address)
{
	AUTO_FD int fd = open_stream(address);
	struct stat what;

	if (fd >= 0 && lstat(address->local.sun_path, &what) == 0 && S_ISSOCK(what.st_mode)
	    && connect(fd, &address->any, address->len) < 0 && errno == ECONNREFUSED)
		unlink(address->local.sun_path);
}

static int bind_address(int fd, const struct address *address, mode_t mode)
{
	if (address->any.sa_family != AF_UNIX) {
		set_option(fd, SOL_SOCKET, SO_REUSEADDR);
		set_option(fd, SOL_SOCKET, SO_REUSEPORT);
		if (address->any.sa_family == AF_INET6)
			set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
		return bind(fd, &address->any, address->len) < 0 ? -errno : 0;
	}
	remove_stale(address);
	if (bind(fd, &address->any, address->len) < 0)
		return -errno;
	return chmod(address->local.sun_path, mode) < 0 ? -errno : 0;
}

static int fail_to_listen(int code, const struct address *address, struct error *err)
{
	char text[ADDRESS_TEXT_MAX];

	address_format(address, text);
	if (code == -EADDRINUSE)
		return error_set(err, code, "%s is in use by another program", text);
	return error_set(err, code, "cannot listen on %s: %s", text, strerror(-code));
}

int socket_check_free(const struct address *address, struct error *err)
{
	if (address->any.sa_family == AF_UNIX)
		return 0; /* a path cannot be shared: socket_listen says it */

	AUTO_FD int fd = open_stream(address);

	if (fd < 0)
		return fail_to_listen(fd, address, err);
	set_option(fd, SOL_SOCKET, SO_REUSEADDR);
	if (bind(fd, &address->any, address->len) < 0)
		return fail_to_listen(-errno, address, err);
	return 0;
}

int socket_listen(const struct address *address, mode_t mode, struct error *err)
{
	const int fd = open_stream(address);
	int code = fd < 0 ? fd : bind_address(fd, address, mode);

	if (code == 0 && listen(fd, BACKLOG) < 0)
		code = -errno;
	if (code == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return fail_to_listen(code, address, err);
}

int socket_connect(const struct address *address, struct error *err)
{
	char text[ADDRESS_TEXT_MAX];
	int fd = open_stream(address);

	if (fd >= 0
	    && (connect(fd, &address->any, address->len) == 0 || errno == EINPROGRESS
		|| errno == EAGAIN))
		return fd;

	const int code = fd < 0 ? fd : -errno;

	if (fd >= 0)
		close(fd);
	address_format(address, text);
	return error_set(err, code, "cannot connect to %s: %s", text, strerror(-code));
}

int socket_accept(int listener, struct address *peer)
{
	*peer = (struct address){ .len = sizeof(struct sockaddr_un) };

	const int fd = accept4(listener, &peer->any, &peer->len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (peer->any.sa_family != AF_UNIX)
		set_option(fd, IPPROTO_TCP, TCP_NODELAY);
	return fd;
}

void socket_keep_alive(int fd, uint32_t idle_s, uint32_t interval_s, uint32_t probes)
{
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

int socket_error(int fd)
{
	int code = 0;
	socklen_t len = sizeof(code);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
		return -errno;
	return -code;
}

void socket_local_address(int fd, struct address *out)
{
	*out = (struct address){ .len = sizeof(struct sockaddr_un) };
	getsockname(fd, &out->any, &out->len);
}
