/* SPDX-License-Identifier: Apache-2.0 */
/* alert_sink_socket.c — alerts to programs of this machine: lines on a unix stream socket, and
 * syslog's datagrams (RFC 3164, as the C library writes them). */
#include "cmd/alert_output.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static int check_path(struct sink *sink, struct error *err)
{
	const size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	return strlen(sink->target) <= max
		       ? 0
		       : error_set(err, -ENAMETOOLONG, "%s: a socket's path has at most %zu bytes",
				   sink->target, max);
}

/* -EAGAIN whatever the reason: who listens may start later. */
static int connect_to(struct sink *sink, int type, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (sink->fd >= 0)
		return 0;
	memcpy(address.sun_path, sink->target, strlen(sink->target));
	sink->fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sink->fd >= 0 && connect(sink->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	error_set(err, -EAGAIN, "%s: %s", sink->target, strerror(errno));
	sink_close_fd(sink);
	return -EAGAIN;
}

/* A connection that broke takes the alert with it: it is sent again on the next. */
static int send_bytes(struct sink *sink, struct text bytes, struct error *err)
{
	while (bytes.len > 0) {
		const ssize_t sent = send(sink->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

		if (sent > 0)
			bytes = text_from(bytes, (size_t)sent);
		else if (errno == EMSGSIZE)
			return error_set(err, -EMSGSIZE, "too long for a datagram");
		else if (errno == EINTR)
			continue;
		else if (errno != EAGAIN || !alert_output_wait(sink->output, sink->fd, POLLOUT)) {
			error_set(err, -EAGAIN, "%s: %s", sink->target, strerror(errno));
			sink_close_fd(sink);
			return -EAGAIN;
		}
	}
	return 0;
}

static int write_unix(struct sink *sink, const struct alert *alert, struct error *err)
{
	AUTO_BUFFER struct buffer line = { 0 };

	if (connect_to(sink, SOCK_STREAM, err) != 0)
		return -EAGAIN;
	buffer_add(&line, alert->line.ptr, alert->line.len);
	buffer_add_char(&line, '\n');
	return send_bytes(sink, buffer_text(&line), err);
}

/* Falco's priorities are syslog's severities. */
static int write_syslog(struct sink *sink, const struct alert *alert, struct error *err)
{
	AUTO_BUFFER struct buffer message = { 0 };
	const time_t now = time(NULL);
	char text[32];
	struct tm tm;

	if (connect_to(sink, SOCK_DGRAM, err) != 0)
		return -EAGAIN;
	strftime(text, sizeof(text), "%b %e %H:%M:%S", localtime_r(&now, &tm));
	buffer_printf(&message, "<%d>%s mangrove[%d]: ", LOG_USER | (int)alert->priority, text,
		      (int)getpid());
	buffer_add(&message, alert->line.ptr, alert->line.len);
	return send_bytes(sink, buffer_text(&message), err);
}

const struct sink_ops unix_sink = {
	.kind = "unix",
	.target = "PATH",
	.open = check_path,
	.write = write_unix,
	.close = sink_close_fd,
};

const struct sink_ops syslog_sink = {
	.kind = "syslog",
	.target = "SOCKET",
	.usual = "/dev/log",
	.open = check_path,
	.write = write_syslog,
	.close = sink_close_fd,
};
