/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/access_log.h"

#include "proxy/access_log_line.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define CHUNK_SIZE (64 * 1024)
#define CHUNKS_MAX 64 /* 4 MiB may wait for the file; beyond that lines are dropped */
#define FLUSH_NS   (50 * NS_PER_MS)

struct access_log_chunk {
	struct access_log_chunk *next;
	size_t len, lines;
	char bytes[CHUNK_SIZE];
};

struct access_log {
	char *path, *new_path; /* owned; the second to be opened, or NULL */
	int fd;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wakeup;
	struct access_log_chunk *full_first, **full_last, *free;
	size_t chunk_count;
	uint64_t dropped, dropped_told;
	bool is_closing, is_reopening;
};

/* ---- the log's thread ---- */

static int open_file(const char *path)
{
	if (strcmp(path, "-") == 0)
		return dup(STDOUT_FILENO);
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

static void write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		const ssize_t done = write(fd, bytes, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return; /* a full disk loses lines, not requests */
		bytes += done;
		len -= (size_t)done;
	}
}

static void reopen_file(struct access_log *log)
{
	AUTO(mem_free_text) char *path = TAKE(log->new_path);
	const int fd = open_file(path != NULL ? path : log->path);

	if (fd < 0) {
		log_error("cannot open the access log %s: %s; it goes on where it was",
			  path != NULL ? path : log->path, strerror(errno));
		return;
	}
	close(log->fd);
	log->fd = fd;
	if (path != NULL) {
		mem_free(log->path);
		log->path = TAKE(path);
	}
}

static void tell_dropped(struct access_log *log)
{
	char line[128];
	const uint64_t lost = log->dropped - log->dropped_told;

	if (lost == 0)
		return;
	log->dropped_told = log->dropped;

	const int len = snprintf(line, sizeof(line), "{\"access_log_lines_dropped\":%llu}\n",
				 (unsigned long long)lost);

	write_all(log->fd, line, (size_t)len);
}

static void *run(void *arg)
{
	struct access_log *log = arg;

	pthread_mutex_lock(&log->lock);
	for (;;) {
		while (log->full_first == NULL && !log->is_closing && !log->is_reopening)
			pthread_cond_wait(&log->wakeup, &log->lock);
		if (log->is_reopening) {
			log->is_reopening = false;
			reopen_file(log);
		}

		struct access_log_chunk *chunk = log->full_first;

		if (chunk == NULL && log->is_closing)
			break;
		if (chunk == NULL)
			continue;
		log->full_first = chunk->next;
		if (log->full_first == NULL)
			log->full_last = &log->full_first;
		tell_dropped(log);
		pthread_mutex_unlock(&log->lock);
		write_all(log->fd, chunk->bytes, chunk->len);
		pthread_mutex_lock(&log->lock);
		chunk->next = log->free;
		log->free = chunk;
	}
	pthread_mutex_unlock(&log->lock);
	return NULL;
}

int access_log_open(const char *path, struct access_log **out, struct error *err)
{
	*out = NULL;
	if (path == NULL)
		return 0;

	const int fd = open_file(path);

	if (fd < 0)
		return error_set(err, -errno, "cannot open the access log %s: %s", path,
				 strerror(errno));

	struct access_log *log = MEM_NEW(struct access_log);

	log->path = mem_strdup(path);
	log->fd = fd;
	log->full_last = &log->full_first;
	pthread_mutex_init(&log->lock, NULL);
	pthread_cond_init(&log->wakeup, NULL);
	if (pthread_create(&log->thread, NULL, run, log) != 0)
		abort(); /* no thread can be had at start */
	*out = log;
	return 0;
}

static void free_chunks(struct access_log_chunk *chunk)
{
	while (chunk != NULL) {
		struct access_log_chunk *next = chunk->next;

		mem_free(chunk);
		chunk = next;
	}
}

void access_log_close(struct access_log *log)
{
	if (log == NULL)
		return;
	pthread_mutex_lock(&log->lock);
	log->is_closing = true;
	pthread_cond_signal(&log->wakeup);
	pthread_mutex_unlock(&log->lock);
	pthread_join(log->thread, NULL);
	free_chunks(log->free);
	close(log->fd);
	pthread_mutex_destroy(&log->lock);
	pthread_cond_destroy(&log->wakeup);
	mem_free(log->new_path);
	mem_free(log->path);
	mem_free(log);
}

void access_log_reopen(struct access_log *log, const char *path)
{
	if (log == NULL)
		return;
	pthread_mutex_lock(&log->lock);
	log->is_reopening |= path == NULL || strcmp(path, log->path) != 0;
	if (path != NULL && log->is_reopening) {
		mem_free(log->new_path);
		log->new_path = mem_strdup(path);
	}
	pthread_cond_signal(&log->wakeup);
	pthread_mutex_unlock(&log->lock);
}

uint64_t access_log_dropped(struct access_log *log)
{
	if (log == NULL)
		return 0;
	pthread_mutex_lock(&log->lock);
	const uint64_t dropped = log->dropped;

	pthread_mutex_unlock(&log->lock);
	return dropped;
}

/* ---- a worker's side ---- */

/* Hands the current chunk over and takes an empty one; without one, what was in it is lost. */
static void swap_chunk(struct access_log_buffer *buffer)
{
	struct access_log *log = buffer->log;
	struct access_log_chunk *chunk = buffer->current, *fresh = NULL;

	pthread_mutex_lock(&log->lock);
	if (log->free != NULL) {
		fresh = log->free;
		log->free = fresh->next;
	} else if (log->chunk_count < CHUNKS_MAX) {
		log->chunk_count++;
		fresh = mem_realloc(NULL, sizeof(*fresh));
	}
	if (fresh != NULL && chunk != NULL) {
		chunk->next = NULL;
		*log->full_last = chunk;
		log->full_last = &chunk->next;
		pthread_cond_signal(&log->wakeup);
	} else if (fresh == NULL) {
		log->dropped += chunk->lines;
		fresh = chunk;
	}
	pthread_mutex_unlock(&log->lock);
	fresh->next = NULL;
	fresh->len = fresh->lines = 0;
	buffer->current = fresh;
}

static void on_flush(struct timer *timer)
{
	struct access_log_buffer *buffer = CONTAINER_OF(timer, struct access_log_buffer, timer);

	if (buffer->current->len > 0)
		swap_chunk(buffer);
}

void access_log_buffer_init(struct access_log_buffer *buffer, struct access_log *log,
			    struct loop *loop)
{
	*buffer = (struct access_log_buffer){ .log = log, .loop = loop, .timer.fire = on_flush };
	if (log != NULL)
		swap_chunk(buffer);
}

void access_log_buffer_done(struct access_log_buffer *buffer)
{
	struct access_log *log = buffer->log;

	if (log == NULL)
		return;
	timer_cancel(buffer->loop, &buffer->timer);
	pthread_mutex_lock(&log->lock);
	buffer->current->next = NULL;
	*log->full_last = buffer->current; /* empty or not: the thread takes it back */
	log->full_last = &buffer->current->next;
	pthread_cond_signal(&log->wakeup);
	pthread_mutex_unlock(&log->lock);
	buffer->log = NULL;
}

/* Room for one line; it is as long as `written` says afterwards. */
static char *line_room(struct access_log_buffer *buffer)
{
	if (CHUNK_SIZE - buffer->current->len < ACCESS_LOG_LINE_MAX)
		swap_chunk(buffer);
	return buffer->current->bytes + buffer->current->len;
}

static void line_written(struct access_log_buffer *buffer, size_t len)
{
	buffer->current->len += len;
	buffer->current->lines++;
	if (!timer_is_set(&buffer->timer))
		timer_set(buffer->loop, &buffer->timer, loop_now(buffer->loop) + FLUSH_NS);
}

void access_log_exchange(struct access_log_buffer *buffer, const struct exchange *exchange)
{
	if (buffer->log != NULL)
		line_written(buffer, access_log_line(line_room(buffer), exchange));
}

void access_log_refused_connection(struct access_log_buffer *buffer,
				   const struct downstream *downstream, const char *stage,
				   const char *reason)
{
	if (buffer->log != NULL)
		line_written(buffer,
			     access_log_refusal_line(line_room(buffer), downstream, stage, reason));
}
