/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/container_info.h"

#include <jansson.h>

#define LABELS_MAX 256
#define MOUNTS_MAX 256

struct container_info *container_info_new(void)
{
	struct container_info *info = MEM_NEW(struct container_info);

	arena_init(&info->arena, 1024);
	return info;
}

void container_info_free(struct container_info *info)
{
	if (info == NULL)
		return;
	arena_done(&info->arena);
	mem_free(info);
}

struct text container_info_label(const struct container_info *info, struct text key)
{
	for (size_t i = 0; i < info->label_count; i++)
		if (text_equal(info->labels[i].key, key))
			return info->labels[i].value;
	return (struct text){ 0 };
}

/* --- out of JSON ------------------------------------------------------------------------- */

/* The text at a path of keys; absent where there is none. */
static struct text keep(struct container_info *info, const json_t *json)
{
	if (!json_is_string(json))
		return (struct text){ 0 };
	return (struct text){ arena_strndup(&info->arena, json_string_value(json),
					    json_string_length(json)),
			      json_string_length(json) };
}

static const json_t *member(const json_t *json, const char *outer, const char *inner)
{
	return json_object_get(json_object_get(json, outer), inner);
}

static bool is(const json_t *json, const char *value)
{
	return json_is_string(json) && strcmp(json_string_value(json), value) == 0;
}

static struct text without_prefix(struct text text, struct text prefix)
{
	return text_starts_with(text, prefix) ? text_from(text, prefix.len) : text;
}

/* "registry:5000/team/app:1.2@sha256:...": the tag's colon is behind the last slash. */
static void split_image(struct container_info *info)
{
	struct text rest = info->image;
	const size_t at = text_find_char(rest, '@');
	size_t slash, colon;

	if (rest.ptr == NULL)
		return;
	if (at != TEXT_NONE) {
		info->digest = text_from(rest, at + 1);
		rest = text_until(rest, at);
	}
	slash = text_find_last_char(rest, '/');
	colon = text_find_last_char(rest, ':');
	if (colon != TEXT_NONE && (slash == TEXT_NONE || colon > slash)) {
		info->tag = text_from(rest, colon + 1);
		rest = text_until(rest, colon);
	}
	info->repository = rest;
}

static void take_labels(struct container_info *info, json_t *labels)
{
	const size_t count = MIN_OF(json_object_size(labels), (size_t)LABELS_MAX);
	const char *key;
	json_t *value;

	info->labels = ARENA_ARRAY(&info->arena, count + 1, struct container_label);
	json_object_foreach(labels, key, value)
	{
		if (info->label_count == count)
			break;
		if (json_is_string(value))
			info->labels[info->label_count++] =
				(struct container_label){ text_of(arena_strdup(&info->arena, key)),
							  keep(info, value) };
	}
}

static void take_pod(struct container_info *info)
{
	info->pod = container_info_label(info, TEXT("io.kubernetes.pod.name"));
	info->pod_namespace = container_info_label(info, TEXT("io.kubernetes.pod.namespace"));
	info->pod_uid = container_info_label(info, TEXT("io.kubernetes.pod.uid"));
	info->sandbox = container_info_label(info, TEXT("io.kubernetes.sandbox.id"));
}

static void take_docker_mounts(struct container_info *info, const json_t *mounts)
{
	const size_t count = MIN_OF(json_array_size(mounts), (size_t)MOUNTS_MAX);

	info->mounts = ARENA_ARRAY(&info->arena, count + 1, struct container_mount);
	for (size_t i = 0; i < count; i++) {
		const json_t *mount = json_array_get(mounts, i);

		info->mounts[info->mount_count++] = (struct container_mount){
			.source = keep(info, json_object_get(mount, "Source")),
			.destination = keep(info, json_object_get(mount, "Destination")),
			.mode = keep(info, json_object_get(mount, "Mode")),
			.propagation = keep(info, json_object_get(mount, "Propagation")),
			.writable = json_is_true(json_object_get(mount, "RW")),
		};
	}
}

struct container_info *container_info_of_docker(struct text json)
{
	json_t *root = json_loadb(json.ptr, json.len, 0, NULL);
	struct container_info *info;

	if (!json_is_object(root)) {
		json_decref(root);
		return NULL;
	}
	info = container_info_new();
	info->name = without_prefix(keep(info, json_object_get(root, "Name")), TEXT("/"));
	info->image = keep(info, member(root, "Config", "Image"));
	info->image_id =
		without_prefix(keep(info, json_object_get(root, "Image")), TEXT("sha256:"));
	info->ip = keep(info, member(root, "NetworkSettings", "IPAddress"));
	info->privileged = json_is_true(member(root, "HostConfig", "Privileged"));
	info->host_pid = is(member(root, "HostConfig", "PidMode"), "host");
	info->host_network = is(member(root, "HostConfig", "NetworkMode"), "host");
	info->host_ipc = is(member(root, "HostConfig", "IpcMode"), "host");
	clock_parse_utc(keep(info, member(root, "State", "StartedAt")), &info->started_ns);
	take_labels(info, json_object_get(json_object_get(root, "Config"), "Labels"));
	take_docker_mounts(info, json_object_get(root, "Mounts"));
	take_pod(info);
	split_image(info);
	json_decref(root);
	return info;
}

/* --- bundles ----------------------------------------------------------------------------- */

/* Under which annotation containerd and cri-o say the same thing. */
static const struct {
	const char *annotation;
	size_t member;
} annotations[] = {
	{ "io.kubernetes.cri.container-name", offsetof(struct container_info, name) },
	{ "io.kubernetes.cri.image-name", offsetof(struct container_info, image) },
	{ "io.kubernetes.cri.sandbox-name", offsetof(struct container_info, pod) },
	{ "io.kubernetes.cri.sandbox-namespace", offsetof(struct container_info, pod_namespace) },
	{ "io.kubernetes.cri.sandbox-uid", offsetof(struct container_info, pod_uid) },
	{ "io.kubernetes.cri.sandbox-id", offsetof(struct container_info, sandbox) },
	{ "io.kubernetes.container.name", offsetof(struct container_info, name) },
	{ "io.kubernetes.cri-o.ImageName", offsetof(struct container_info, image) },
	{ "io.kubernetes.cri-o.ImageRef", offsetof(struct container_info, image_id) },
	{ "io.kubernetes.cri-o.SandboxID", offsetof(struct container_info, sandbox) },
	{ "io.kubernetes.pod.name", offsetof(struct container_info, pod) },
	{ "io.kubernetes.pod.namespace", offsetof(struct container_info, pod_namespace) },
	{ "io.kubernetes.pod.uid", offsetof(struct container_info, pod_uid) },
	{ "nerdctl/name", offsetof(struct container_info, name) },
};

static bool array_has(const json_t *array, const char *value)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (is(json_array_get(array, i), value))
			return true;
	return false;
}

/* A namespace that is not made anew, and not joined by its path, is the host's. */
static bool shares_with_host(const json_t *root, const char *type)
{
	const json_t *namespaces = member(root, "linux", "namespaces");

	for (size_t i = 0; i < json_array_size(namespaces); i++)
		if (is(json_object_get(json_array_get(namespaces, i), "type"), type))
			return false;
	return json_is_array(namespaces);
}

static void take_bundle_mounts(struct container_info *info, const json_t *mounts)
{
	const size_t count = MIN_OF(json_array_size(mounts), (size_t)MOUNTS_MAX);

	info->mounts = ARENA_ARRAY(&info->arena, count + 1, struct container_mount);
	for (size_t i = 0; i < count; i++) {
		const json_t *mount = json_array_get(mounts, i);
		const json_t *options = json_object_get(mount, "options");

		if (!is(json_object_get(mount, "type"), "bind"))
			continue;
		info->mounts[info->mount_count++] = (struct container_mount){
			.source = keep(info, json_object_get(mount, "source")),
			.destination = keep(info, json_object_get(mount, "destination")),
			.mode = TEXT(""),
			.propagation = array_has(options, "rshared")  ? TEXT("rshared")
				       : array_has(options, "rslave") ? TEXT("rslave")
								      : TEXT("rprivate"),
			.writable = !array_has(options, "ro"),
		};
	}
}

struct container_info *container_info_of_bundle(struct text json)
{
	json_t *root = json_loadb(json.ptr, json.len, 0, NULL);
	const json_t *capabilities;
	struct container_info *info;

	if (!json_is_object(root)) {
		json_decref(root);
		return NULL;
	}
	info = container_info_new();
	take_labels(info, json_object_get(root, "annotations"));
	for (size_t i = 0; i < COUNT_OF(annotations); i++) {
		struct text *slot = (struct text *)((char *)info + annotations[i].member);
		const struct text value =
			container_info_label(info, text_of(annotations[i].annotation));

		if (value.ptr != NULL)
			*slot = value;
	}
	take_bundle_mounts(info, json_object_get(root, "mounts"));
	/* privileged is no word of the OCI: it is to hide nothing, and to be allowed everything */
	capabilities = member(json_object_get(root, "process"), "capabilities", "bounding");
	info->privileged = json_array_size(member(root, "linux", "maskedPaths")) == 0
			   && array_has(capabilities, "CAP_SYS_ADMIN");
	info->host_pid = shares_with_host(root, "pid");
	info->host_network = shares_with_host(root, "network");
	info->host_ipc = shares_with_host(root, "ipc");
	split_image(info);
	json_decref(root);
	return info;
}

/* --- captures ---------------------------------------------------------------------------- */

struct container_info *container_info_of_event(struct text json, struct text *id)
{
	json_t *root = json_loadb(json.ptr, json.len, 0, NULL);
	const json_t *container = json_object_get(root, "container");
	struct container_info *info;

	if (!json_is_string(json_object_get(container, "id"))) {
		json_decref(root);
		return NULL;
	}
	info = container_info_new();
	*id = keep(info, json_object_get(container, "id"));
	info->name = keep(info, json_object_get(container, "name"));
	info->image = keep(info, json_object_get(container, "image"));
	info->image_id = keep(info, json_object_get(container, "imageid"));
	info->ip = keep(info, json_object_get(container, "ip"));
	info->privileged = json_is_true(json_object_get(container, "privileged"));
	take_labels(info, json_object_get(container, "labels"));
	take_docker_mounts(info, json_object_get(container, "Mounts"));
	take_pod(info);
	split_image(info);
	json_decref(root);
	return info;
}
