/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/audit.h"

#include "identity/audit_line.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE_MAX (64 << 20)

struct audit {
	char *directory, *path; /* owned */
	int fd;                 /* locked: one writer */
	uint64_t next_seq, first_seq /* of this file */, size;
	char head[AUDIT_HASH_TEXT];
	bool is_synced;
};

/* ---- starting where the last record ended ---- */

/* The last `AUDIT_LINE_MAX` bytes of the file. */
static int read_tail(int fd, uint64_t size, struct buffer *out, struct error *err)
{
	const uint64_t from = size > AUDIT_LINE_MAX ? size - AUDIT_LINE_MAX : 0;
	const size_t len = (size_t)(size - from);
	const ssize_t got = pread(fd, buffer_reserve(out, len), len, (off_t)from);

	if (got < 0 || (size_t)got != len)
		return error_set(err, -EIO, "cannot read the audit record: %s", strerror(errno));
	out->len = len;
	return 0;
}

/* The last whole line of a tail; *torn: bytes behind it. */
static struct text last_line(struct text tail, size_t *torn)
{
	const size_t end = text_find_last_char(tail, '\n');

	*torn = end == TEXT_NONE ? tail.len : tail.len - end - 1;
	if (end == TEXT_NONE)
		return (struct text){ 0 };

	const struct text before = text_until(tail, end);
	const size_t start = text_find_last_char(before, '\n');

	return start == TEXT_NONE ? before : text_from(before, start + 1);
}

static int first_of_file(int fd, struct audit_line *out)
{
	AUTO_BUFFER struct buffer start = { 0 };
	const ssize_t got = pread(fd, buffer_reserve(&start, AUDIT_LINE_MAX), AUDIT_LINE_MAX, 0);
	struct text rest = { start.data, got > 0 ? (size_t)got : 0 };

	return audit_line_parse(text_split(&rest, '\n'), out) ? 0 : -EBADMSG;
}

static int resume(struct audit *audit, struct error *err)
{
	AUTO_BUFFER struct buffer tail = { 0 };
	struct audit_line last = { 0 }, first = { 0 };
	struct stat status;
	size_t torn = 0;
	int result;

	if (fstat(audit->fd, &status) < 0)
		return error_set(err, -errno, "%s: %s", audit->path, strerror(errno));
	audit->size = (uint64_t)status.st_size;
	if (audit->size == 0)
		return 0;
	result = read_tail(audit->fd, audit->size, &tail, err);
	if (result < 0)
		return result;

	const struct text line = last_line(buffer_text(&tail), &torn);

	if (!text_is_empty(line)
	    && (!audit_line_parse(line, &last) || !last.hash_fits
		|| first_of_file(audit->fd, &first) < 0))
		return error_set(err, -EBADMSG,
				 "the last record of %s was changed; 'mangrove id audit --verify' "
				 "says more. Move the folder aside to start a new record",
				 audit->path);
	if (!text_is_empty(line)) {
		audit->next_seq = last.seq + 1;
		audit->first_seq = first.seq;
		snprintf(audit->head, sizeof(audit->head), "%s", last.hash);
	}
	if (torn == 0)
		return 0;

	char bytes[32];

	snprintf(bytes, sizeof(bytes), "%zu", torn);
	if (ftruncate(audit->fd, status.st_size - (off_t)torn) < 0)
		return error_set(err, -errno, "%s: %s", audit->path, strerror(errno));
	audit->size -= torn;
	log_warn("%s ended with a torn record of %s bytes, which a crash left; it is cut off",
		 audit->path, bytes);
	return AUDIT_WRITE(audit, "recovered", err, { "torn_bytes", bytes });
}

static int open_file(struct audit *audit, struct error *err)
{
	audit->fd = open(audit->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (audit->fd < 0)
		return error_set(err, -errno, "cannot open %s: %s", audit->path, strerror(errno));
	if (flock(audit->fd, LOCK_EX | LOCK_NB) < 0)
		return error_set(err, -EBUSY, "another process runs the authority: it writes %s",
				 audit->path);
	return 0;
}

int audit_open(const char *directory, struct audit **out, struct error *err)
{
	AUTO(audit_close) struct audit *audit = MEM_NEW(struct audit);
	int result = file_make_directory(directory, 0700, err);

	audit->fd = -1;
	audit->next_seq = audit->first_seq = 1;
	audit->is_synced = true;
	memset(audit->head, '0', AUDIT_HASH_TEXT - 1);
	audit->directory = mem_strdup(directory);
	audit->path = mem_printf("%s/%s", directory, AUDIT_FILE);
	if (result == 0)
		result = open_file(audit, err);
	if (result == 0)
		result = resume(audit, err);
	if (result < 0)
		return result;
	log_info("audit record %s: %llu records, head %s", audit->path,
		 (unsigned long long)(audit->next_seq - 1), audit->head);
	*out = TAKE(audit);
	return 0;
}

void audit_close(struct audit *audit)
{
	if (audit == NULL)
		return;
	audit_sync(audit, NULL);
	file_close(&audit->fd);
	mem_free(audit->directory);
	mem_free(audit->path);
	mem_free(audit);
}

/* ---- writing ---- */

/* What is full becomes audit-FIRST.jsonl; the lock goes with it, and the new file has its own. */
static int start_next_file(struct audit *audit, struct error *err)
{
	AUTO(mem_free_text)
	char *full = mem_printf("%s/audit-%012llu.jsonl", audit->directory,
				(unsigned long long)audit->first_seq);
	int result = audit_sync(audit, err);

	if (result < 0)
		return result;
	if (rename(audit->path, full) < 0)
		return error_set(err, -errno, "cannot rename %s: %s", audit->path, strerror(errno));
	file_close(&audit->fd);
	result = open_file(audit, err);
	audit->size = 0;
	audit->first_seq = audit->next_seq;
	return result;
}

static void write_line(const struct audit *audit, const char *event,
		       const struct audit_field *fields, size_t count, struct buffer *out,
		       char hash[AUDIT_HASH_TEXT])
{
	struct json_writer json = { .out = out };
	char now[CLOCK_TEXT_MAX];

	clock_format_utc(now, clock_wall_ns());
	json_begin_object(&json);
	json_key(&json, "seq");
	json_number(&json, (int64_t)audit->next_seq);
	json_key(&json, "time");
	json_cstring(&json, now);
	json_key(&json, "event");
	json_cstring(&json, event);
	for (size_t i = 0; i < count; i++) {
		if (fields[i].value == NULL)
			continue;
		json_key(&json, fields[i].name);
		json_cstring(&json, fields[i].value);
	}
	json_key(&json, "prev");
	json_cstring(&json, audit->head);
	audit_hash(buffer_text(out), hash);
	json_key(&json, "hash");
	json_cstring(&json, hash);
	json_end_object(&json);
	buffer_add_char(out, '\n');
}

int audit_write(struct audit *audit, const char *event, const struct audit_field *fields,
		size_t count, struct error *err)
{
	AUTO_BUFFER struct buffer line = { 0 };
	char hash[AUDIT_HASH_TEXT];
	ssize_t written;

	if (audit == NULL)
		return 0;
	if (audit->size > FILE_SIZE_MAX) {
		const int result = start_next_file(audit, err);

		if (result < 0)
			return result;
	}
	write_line(audit, event, fields, count, &line, hash);
	written = write(audit->fd, line.data, line.len);
	if (written < 0 || (size_t)written != line.len) {
		const int code = written < 0 ? -errno : -ENOSPC;

		/* half a line would break the chain */
		if (written > 0 && ftruncate(audit->fd, (off_t)audit->size) < 0)
			log_error("%s has a torn record: %s", audit->path, strerror(errno));
		return error_set(err, code, "cannot write %s: %s", audit->path, strerror(-code));
	}
	audit->size += line.len;
	audit->next_seq++;
	audit->is_synced = false;
	memcpy(audit->head, hash, sizeof(hash));
	return 0;
}

int audit_sync(struct audit *audit, struct error *err)
{
	if (audit == NULL || audit->is_synced)
		return 0;
	if (fdatasync(audit->fd) < 0)
		return error_set(err, -errno, "cannot sync %s: %s", audit->path, strerror(errno));
	audit->is_synced = true;
	return 0;
}

/* ---- recalling ---- */

static void read_lines(const char *path, audit_line_fn line, void *owner)
{
	FILE *file = fopen(path, "re");
	char *bytes = NULL;
	size_t capacity = 0;
	ssize_t len;

	while (file != NULL && (len = getline(&bytes, &capacity, file)) > 0)
		line(owner, (struct text){ bytes, (size_t)len - (bytes[len - 1] == '\n') });
	free(bytes); /* getline's */
	if (file != NULL)
		fclose(file);
}

static int is_full_entry(const struct dirent *entry)
{
	return audit_is_full_file(entry->d_name);
}

void audit_recent(const struct audit *audit, audit_line_fn line, void *owner)
{
	struct dirent **entries = NULL;
	const int count =
		audit != NULL ? scandir(audit->directory, &entries, is_full_entry, alphasort) : -1;

	for (int i = 0; i < count; i++) {
		AUTO(mem_free_text)
		char *path = mem_printf("%s/%s", audit->directory, entries[i]->d_name);

		if (i == count - 1)
			read_lines(path, line, owner);
		free(entries[i]); /* scandir's */
	}
	free(entries);
	if (audit != NULL)
		read_lines(audit->path, line, owner);
}
