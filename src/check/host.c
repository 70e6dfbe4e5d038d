/* SPDX-License-Identifier: Apache-2.0 */
#include "check/host.h"

#include "check/catalog.h"
#include "check/examination.h"
#include "check/examine.h"
#include "check/host_report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_LIMIT   ((size_t)16 << 20)
#define ANSWER_SECONDS 10

void host_report(struct host *host, const char *id, const char *object, const char *fmt, ...)
{
	const struct examination exam = { .options = host->options_of_run };
	const struct check *check = check_find(text_of(id));
	struct arena *arena = &host->run->findings.arena;
	struct finding *finding;
	char message[512];
	va_list args;

	if (!exam_wants(&exam, check))
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	finding = findings_add(&host->run->findings);
	*finding = (struct finding){ .check = check,
				     .severity = check->severity,
				     .file = arena_strdup(arena, object),
				     .at = { 1, 1, 1, 1 },
				     .message = arena_strdup(arena, message),
				     .source = "" };
}

void host_problem(struct host *host, const char *what, int code)
{
	struct error err = { 0 };

	error_set(&err, -code, "%s could not be looked at: %s", what, strerror(code));
	check_run_add_problem(host->run, what, &err);
	host->blind = true;
}

static int connect_daemon(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = ANSWER_SECONDS };
	AUTO_FD int fd = -1;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0
	    || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	return file_take(&fd);
}

/* HTTP/1.0: the answer ends with the connection and comes in one piece. */
static int read_answer(int fd, struct buffer *answer)
{
	for (;;) {
		char *room = buffer_reserve(answer, 16384);
		const ssize_t got = read(fd, room, 16384);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			return 0;
		answer->len += (size_t)got;
		if (answer->len > ANSWER_LIMIT) {
			errno = EFBIG;
			return -1;
		}
	}
}

static const struct value *parse_answer(struct host *host, struct text answer, const char *path)
{
	const char *body = answer.len > 0 ? memmem(answer.ptr, answer.len, "\r\n\r\n", 4) : NULL;
	struct value_source source = { .file = path, .is_json = true };
	const struct value *documents = NULL;

	if (body == NULL || answer.len < 12 || memcmp(answer.ptr + 9, "200", 3) != 0)
		return NULL;
	source.bytes = text_from(answer, (size_t)(body - answer.ptr) + 4);
	if (value_parse(&host->arena, &source, NULL, NULL, &documents, NULL) != 0)
		return NULL;
	return documents;
}

static const struct value *ask(struct host *host, const char *path, bool quietly)
{
	AUTO_FD int fd = connect_daemon(host->options->socket);
	AUTO_BUFFER struct buffer request = { 0 }, answer = { 0 };
	const struct value *value;

	buffer_printf(&request, "GET %s HTTP/1.0\r\nHost: docker\r\n\r\n", path);
	if (fd < 0 || send(fd, request.data, request.len, MSG_NOSIGNAL) != (ssize_t)request.len
	    || read_answer(fd, &answer) != 0) {
		if (!quietly)
			host_problem(host, host->options->socket, errno);
		return NULL;
	}
	value = parse_answer(host, buffer_text(&answer), path);
	if (value == NULL && !quietly)
		host_problem(host, path, EPROTO);
	return value;
}

const struct value *host_ask(struct host *host, const char *path)
{
	return ask(host, path, false);
}

const struct value *host_ask_quietly(struct host *host, const char *path)
{
	return ask(host, path, true);
}

int check_docker_host(struct check_run *run, const struct check_options *options,
		      const struct host_options *host_options, struct error *err)
{
	struct host host = { .run = run, .options_of_run = options, .options = host_options };

	arena_init(&host.arena, 65536);
	host_check_audit(&host);
	host_check_files(&host);
	if (host_check_daemon(&host))
		host_check_containers(&host);
	arena_done(&host.arena);
	findings_sort(&run->findings);
	if (!host.blind)
		return 0;
	return error_set(err, -EACCES, "not everything could be looked at; root sees more");
}
