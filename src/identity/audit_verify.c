/* SPDX-License-Identifier: Apache-2.0 */
/* audit_verify.c — reads the record from its first line to its last and checks that nothing was
 * touched. */
#include "identity/audit_line.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

struct reading {
	const char *expected;
	audit_line_fn line;
	void *owner;
	uint64_t next_seq;
	struct audit_summary *out;
};

static int is_full_entry(const struct dirent *entry)
{
	return audit_is_full_file(entry->d_name);
}

/* What is wrong with a record, or NULL. */
static const char *find_fault(const struct reading *reading, const struct audit_line *line)
{
	if (!line->hash_fits)
		return "this record was changed: its hash does not fit";
	if (line->seq != reading->next_seq)
		return line->seq > reading->next_seq ? "records before this one were removed"
						     : "this record stands in the wrong place";
	if (strcmp(line->prev, reading->out->head) != 0)
		return "the record before this one was replaced, or this one was added";
	return NULL;
}

static int check_line(struct reading *reading, struct text text, struct source_pos at,
		      struct error *err)
{
	struct audit_line line;
	const char *fault =
		audit_line_parse(text, &line) ? find_fault(reading, &line) : "this is no record";

	if (fault != NULL)
		return error_at(err, -EBADMSG, at, "%s", fault);
	reading->next_seq++;
	reading->out->records++;
	memcpy(reading->out->head, line.hash, sizeof(line.hash));
	if (reading->expected != NULL && strcmp(line.hash, reading->expected) == 0)
		reading->out->found_expected = true;
	if (reading->line != NULL)
		reading->line(reading->owner, text);
	return 0;
}

static int check_file(struct reading *reading, const char *path, struct error *err)
{
	struct source_pos at = { .file = path, .line = 1, .column = 1 };
	char *bytes = NULL;
	size_t capacity = 0;
	ssize_t len;
	int result = 0;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return errno == ENOENT ? 0
				       : error_set(err, -errno, "cannot read %s: %s", path,
						   strerror(errno));
	for (; result == 0 && (len = getline(&bytes, &capacity, file)) > 0; at.line++) {
		if (bytes[len - 1] == '\n')
			len--;
		else
			result = error_at(err, -EBADMSG, at,
					  "the last record is torn: a crash, or a cut");
		if (result == 0)
			result = check_line(reading, (struct text){ bytes, (size_t)len }, at, err);
	}
	free(bytes); /* getline's */
	fclose(file);
	if (result < 0 && err != NULL && err->at.file != NULL) {
		/* the path is the caller's, and gone when the error is read */
		err->at.file = NULL;
		error_prefix(err, "%s:%u", path, at.line - 1);
	}
	return result;
}

int audit_verify(const char *directory, const char *expected, audit_line_fn line, void *owner,
		 struct audit_summary *out, struct error *err)
{
	struct reading reading = { expected, line, owner, 1, out };
	AUTO(mem_free_text) char *last = mem_printf("%s/%s", directory, AUDIT_FILE);
	struct dirent **entries = NULL;
	const int count = scandir(directory, &entries, is_full_entry, alphasort);
	int result = 0;

	*out = (struct audit_summary){ 0 };
	memset(out->head, '0', AUDIT_HASH_TEXT - 1);
	if (count < 0)
		return error_set(err, -errno, "cannot read %s: %s", directory, strerror(errno));
	for (int i = 0; i < count; i++) {
		AUTO(mem_free_text)
		char *path = mem_printf("%s/%s", directory, entries[i]->d_name);

		if (result == 0)
			result = check_file(&reading, path, err);
		free(entries[i]); /* scandir's */
	}
	free(entries);
	if (result == 0)
		result = check_file(&reading, last, err);
	if (result == 0 && expected != NULL && !out->found_expected)
		result = error_set(err, -EBADMSG, "the record ends before %s, or was written anew",
				   expected);
	return result;
}
