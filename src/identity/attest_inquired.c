/* SPDX-License-Identifier: Apache-2.0 */
/* attest_inquired.c — the properties that take long to find out: sha256 and docker. */
#include "identity/attest_private.h"

#include "identity/cgroup.h"

#include <errno.h>
#include <jansson.h>

DEFINE_AUTO(json_t, json_decref)

static int not_asked(struct error *err)
{
	return error_set(err, -ENOTSUP, "nobody is there to find it out");
}

/* ---- sha256 ---- */

static int read_digest(struct attestation *process, char out[DIGEST_DIGITS + 1], struct error *err)
{
	if (process->inquiries == NULL)
		return not_asked(err);

	const int result = inquire_digest(process->inquiries, process->caller, out, err);

	process->is_pending |= result == -EAGAIN;
	return result;
}

bool attest_holds_sha256(const struct workload_process *entry, struct attestation *process)
{
	char digest[DIGEST_DIGITS + 1];

	return read_digest(process, digest, NULL) == 0
	       && text_equal_nocase(entry->sha256, text_of(digest));
}

bool attest_found_sha256(struct attestation *process, struct buffer *out)
{
	char digest[DIGEST_DIGITS + 1];
	struct error err = { 0 };
	const int result = read_digest(process, digest, &err);

	buffer_add_text(out, result == 0 ? digest : err.text);
	return result == 0;
}

/* ---- docker ---- */

/* Docker's words on the container that the caller is in; owned by the asker. */
static int read_container(struct attestation *process, json_t **out, struct error *err)
{
	AUTO_BUFFER struct buffer cgroup = { 0 };
	struct text id, words;

	if (process->inquiries == NULL)
		return not_asked(err);
	if (!attest_read_cgroup(process->caller, &cgroup))
		return error_set(err, -ESRCH, "its cgroup cannot be read: the process has gone");
	id = cgroup_container(buffer_text(&cgroup));
	if (id.ptr == NULL)
		return error_set(err, -ENOENT, "it is in no container");

	const int result = inquire_container(process->inquiries, id, &words, err);

	process->is_pending |= result == -EAGAIN;
	if (result < 0)
		return result;
	*out = json_loadb(words.ptr, words.len, 0, NULL);
	return *out != NULL ? 0 : error_set(err, -EPROTO, "Docker's answer cannot be read");
}

static struct text member(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return (struct text){ json_string_value(value), json_string_length(value) };
}

/* "name:*" stands for any tag; "sha256:…" for the very image, whatever its name is now. */
static bool is_image(struct text wanted, const json_t *container)
{
	const struct text name = member(container, "image");

	if (text_ends_with(wanted, TEXT("*")))
		return text_starts_with(name, text_until(wanted, wanted.len - 1));
	return text_equal(wanted, name) || text_equal(wanted, member(container, "id"));
}

static bool has_labels(const struct text_map *wanted, const json_t *container)
{
	const json_t *labels = json_object_get(container, "labels");

	for (size_t i = 0; i < wanted->count; i++) {
		const struct text value = member(labels, wanted->items[i].key.ptr);

		if (value.ptr == NULL || !text_equal(value, wanted->items[i].value))
			return false;
	}
	return true;
}

bool attest_holds_docker(const struct workload_process *entry, struct attestation *process)
{
	const struct workload_docker *wanted = entry->docker;
	AUTO(json_decref) json_t *container = NULL;

	return read_container(process, &container, NULL) == 0
	       && (wanted->image.ptr == NULL || is_image(wanted->image, container))
	       && has_labels(&wanted->labels, container);
}

void attest_wanted_docker(const struct workload_process *entry, struct buffer *out)
{
	const struct workload_docker *wanted = entry->docker;

	buffer_printf(out, "image %.*s",
		      TEXT_ARGS(wanted->image.ptr != NULL ? wanted->image : TEXT("*")));
	for (size_t i = 0; i < wanted->labels.count; i++)
		buffer_printf(out, ", %.*s=%.*s", TEXT_ARGS(wanted->labels.items[i].key),
			      TEXT_ARGS(wanted->labels.items[i].value));
}

bool attest_found_docker(struct attestation *process, struct buffer *out)
{
	AUTO(json_decref) json_t *container = NULL;
	struct error err = { 0 };
	const char *key;
	json_t *value;

	if (read_container(process, &container, &err) < 0) {
		buffer_add_text(out, err.text);
		return false;
	}
	buffer_printf(out, "image %.*s", TEXT_ARGS(member(container, "image")));
	json_object_foreach(json_object_get(container, "labels"), key, value)
	{
		if (json_is_string(value))
			buffer_printf(out, ", %s=%s", key, json_string_value(value));
	}
	return true;
}
