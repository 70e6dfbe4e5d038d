/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/cgroup.h"

/* The first part of the path that is no slice. */
static struct text unit_of_path(struct text path)
{
	while (path.ptr != NULL) {
		const struct text part = text_split(&path, '/');

		if (!text_is_empty(part) && !text_ends_with(part, TEXT(".slice")))
			return part;
	}
	return (struct text){ 0 };
}

/* Of the unified hierarchy ("0::/…") or of systemd's own in version 1 ("1:name=systemd:/…"); a
 * hybrid host has both, and they agree (cgroups(7)). */
struct text cgroup_unit(struct text cgroup)
{
	while (cgroup.ptr != NULL) {
		struct text line = text_split(&cgroup, '\n');

		text_split(&line, ':'); /* the hierarchy's number */

		const struct text controllers = text_split(&line, ':');

		if (line.ptr != NULL && text_starts_with(line, TEXT("/"))
		    && (text_is_empty(controllers) || text_is(controllers, "name=systemd"))) {
			const struct text unit = unit_of_path(line);

			if (!text_is_empty(unit))
				return unit;
		}
	}
	return (struct text){ 0 };
}

/* ---- containers ---- */

#define ID_DIGITS 64

/* "docker-<id>.scope" where systemd makes the groups. */
static const struct text scope_prefixes[] = {
	TEXT("docker-"), TEXT("cri-containerd-"), TEXT("nerdctl-"), TEXT("crio-"), TEXT("libpod-"),
};

/* Directories that an engine or the kubelet makes itself, with bare ids below. */
static const char *const engine_directories[] = {
	"docker", "kubepods", "burstable", "besteffort", "libpod_parent",
};

static bool is_id(struct text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!char_is_digit(text.ptr[i]) && (text.ptr[i] < 'a' || text.ptr[i] > 'f'))
			return false;
	return text.len == ID_DIGITS;
}

static bool is_engine_directory(struct text part)
{
	for (size_t i = 0; i < COUNT_OF(engine_directories); i++)
		if (text_is(part, engine_directories[i]))
			return true;
	return false;
}

static struct text id_of_scope(struct text part)
{
	const struct text scope = TEXT(".scope");

	for (size_t i = 0; i < COUNT_OF(scope_prefixes); i++) {
		const struct text prefix = scope_prefixes[i];

		if (part.len == prefix.len + ID_DIGITS + scope.len && text_starts_with(part, prefix)
		    && text_ends_with(part, scope)
		    && is_id(text_until(text_from(part, prefix.len), ID_DIGITS)))
			return text_until(text_from(part, prefix.len), ID_DIGITS);
	}
	return (struct text){ 0 };
}

/* Walks down as long as only root can have made the directory. The first that is anything else ends
 * the walk: below a user's manager, a service or a container anybody may make groups of any name.
 */
static struct text container_of_path(struct text path)
{
	bool is_below_engine = false;

	while (path.ptr != NULL) {
		const struct text part = text_split(&path, '/');

		if (text_is_empty(part) || text_ends_with(part, TEXT(".slice")))
			continue;
		if (is_below_engine && is_id(part))
			return part;
		if (!is_engine_directory(part)
		    && !(is_below_engine && text_starts_with(part, TEXT("pod"))))
			return id_of_scope(part);
		is_below_engine = true;
	}
	return (struct text){ 0 };
}

struct text cgroup_container(struct text cgroup)
{
	struct text id = { 0 };

	while (cgroup.ptr != NULL) {
		struct text line = text_split(&cgroup, '\n');

		text_split(&line, ':'); /* the hierarchy's number */
		text_split(&line, ':'); /* its controllers */
		if (line.ptr == NULL || !text_starts_with(line, TEXT("/")))
			continue;

		const struct text found = container_of_path(line);

		if (found.ptr != NULL && id.ptr != NULL && !text_equal(found, id))
			return (struct text){ 0 };
		if (found.ptr != NULL)
			id = found;
	}
	return id;
}
