/* SPDX-License-Identifier: Apache-2.0 */
/* container_id.c — the directories that engines make for their containers' cgroups. */
#include "sensor/container.h"

static const char *const engine_names[CONTAINER_ENGINE_COUNT] = {
	"host", "docker", "podman", "containerd", "cri-o", "lxc",
};

const char *container_engine_name(unsigned engine)
{
	return engine_names[engine < CONTAINER_ENGINE_COUNT ? engine : CONTAINER_ENGINE_NONE];
}

/* "docker-<id>.scope", or "libpod-<id>" below whatever. */
static const struct {
	struct text before, after;
	enum container_engine engine;
} wrappings[] = {
	{ TEXT("docker-"), TEXT(".scope"), CONTAINER_ENGINE_DOCKER },
	{ TEXT("cri-containerd-"), TEXT(".scope"), CONTAINER_ENGINE_CONTAINERD },
	{ TEXT("nerdctl-"), TEXT(".scope"), CONTAINER_ENGINE_CONTAINERD },
	{ TEXT("crio-"), TEXT(".scope"), CONTAINER_ENGINE_CRIO },
	{ TEXT("crio-"), TEXT(""), CONTAINER_ENGINE_CRIO },
	{ TEXT("libpod-"), TEXT(".scope"), CONTAINER_ENGINE_PODMAN },
	{ TEXT("libpod-"), TEXT(""), CONTAINER_ENGINE_PODMAN },
};

/* The id alone, in a directory that tells whose it is. */
static const struct {
	struct text parent; /* how its name begins */
	bool whole;         /* and ends */
	enum container_engine engine;
} parents[] = {
	{ TEXT("docker"), true, CONTAINER_ENGINE_DOCKER },
	{ TEXT("actions_job"), true, CONTAINER_ENGINE_DOCKER },
	{ TEXT("libpod_parent"), true, CONTAINER_ENGINE_PODMAN },
	{ TEXT("pod"), false, CONTAINER_ENGINE_CONTAINERD }, /* kubelet's pod<uid> */
	{ TEXT("kubepods"), false, CONTAINER_ENGINE_CONTAINERD },
};

static bool is_id(struct text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!char_is_digit(text.ptr[i]) && (text.ptr[i] < 'a' || text.ptr[i] > 'f'))
			return false;
	return text.len == CONTAINER_ID_MAX;
}

static struct text unwrap(struct text name, struct text before, struct text after)
{
	if (name.len < before.len + after.len || !text_starts_with(name, before)
	    || !text_ends_with(name, after))
		return (struct text){ 0 };
	return text_until(text_from(name, before.len), name.len - before.len - after.len);
}

static bool match_wrapped(struct text name, enum container_engine *engine, struct text *id)
{
	for (size_t i = 0; i < COUNT_OF(wrappings); i++) {
		const struct text inside = unwrap(name, wrappings[i].before, wrappings[i].after);

		if (!is_id(inside))
			continue;
		*engine = wrappings[i].engine;
		*id = inside;
		return true;
	}
	return false;
}

static bool match_bare(struct text parent, struct text above, struct text name,
		       enum container_engine *engine, struct text *id)
{
	enum container_engine whose = CONTAINER_ENGINE_NONE;

	if (!is_id(name))
		return false;
	for (size_t i = 0; i < COUNT_OF(parents); i++)
		if (parents[i].whole ? text_equal(parent, parents[i].parent)
				     : text_starts_with(parent, parents[i].parent))
			whose = parents[i].engine;
	if (text_is(above, "ecs") || text_is(parent, "ecs")) /* /ecs/<task>/<id> */
		whose = CONTAINER_ENGINE_DOCKER;
	if (whose == CONTAINER_ENGINE_NONE)
		return false;
	*engine = whose;
	*id = name;
	return true;
}

/* "kubepods-burstable-pod<uid>.slice:cri-containerd:<id>": one name where systemd is not asked. */
static bool match_colons(struct text name, enum container_engine *engine, struct text *id)
{
	const size_t last = text_find_last_char(name, ':');
	struct text before;

	if (last == TEXT_NONE || !is_id(text_from(name, last + 1)))
		return false;
	before = text_until(name, last);
	if (!text_ends_with(before, TEXT(":cri-containerd"))
	    && !text_ends_with(before, TEXT(":crio")))
		return false;
	*engine = text_ends_with(before, TEXT(":crio")) ? CONTAINER_ENGINE_CRIO
							: CONTAINER_ENGINE_CONTAINERD;
	*id = text_from(name, last + 1);
	return true;
}

/* "/lxc/<name>", "/lxc.payload.<name>", "/lxc.payload/<name>": names instead of digits. */
static bool match_lxc(struct text parent, struct text name, enum container_engine *engine,
		      struct text *id)
{
	const struct text prefix = TEXT("lxc.payload.");
	struct text found = { 0 };

	if (text_is(parent, "lxc") || text_is(parent, "lxc.payload"))
		found = name;
	else if (text_starts_with(name, prefix))
		found = text_from(name, prefix.len);
	if (found.len == 0 || found.len > CONTAINER_ID_MAX)
		return false;
	*engine = CONTAINER_ENGINE_LXC;
	*id = found;
	return true;
}

/* The innermost match counts: a container may run an engine of its own. */
bool container_of_cgroup(struct text path, enum container_engine *engine, struct text *id)
{
	struct text parent = { 0 }, above = { 0 };
	bool found = false;

	while (path.ptr != NULL) {
		const struct text name = text_split(&path, '/');

		found |= match_wrapped(name, engine, id)
			 || match_bare(parent, above, name, engine, id)
			 || match_colons(name, engine, id) || match_lxc(parent, name, engine, id);
		above = parent;
		parent = name;
	}
	return found;
}
