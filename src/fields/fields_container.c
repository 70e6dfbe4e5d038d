/* SPDX-License-Identifier: Apache-2.0 */
/* fields_container.c — container.* and k8s.*: the id at once, the rest once the engine answered. */
#include "fields/fields_private.h"

#include <fnmatch.h>

static const struct container *container_of(const struct fields *fields)
{
	const struct process *process = process_at_hand(fields);

	return process != NULL ? process->container : NULL;
}

/* NULL for the host, and while nothing is known. */
static const struct container_info *info_of(const struct fields *fields)
{
	const struct container *container = container_of(fields);

	return container != NULL ? container->info : NULL;
}

static struct text shortened(struct text id)
{
	return id.ptr != NULL ? text_until(id, MIN_OF(id.len, (size_t)CONTAINER_ID_SHORT)) : id;
}

/* "host" stands for what runs in no container; for what is not known at all there is no answer. */
void field_container_identity(struct fields *fields, const struct field_use *use,
			      struct field_value *out)
{
	const struct container *container = container_of(fields);

	if (process_at_hand(fields) == NULL)
		return;
	if (container == NULL)
		return answer_text(out, TEXT("host"));
	switch (field_rows[use->id].what) {
	case CONTAINER_SHORT_ID:
		return answer_text(out, shortened(text_of(container->id)));
	case CONTAINER_FULL_ID:
		return answer_text(out, text_of(container->id));
	default:
		return answer_text(out, text_of(container_engine_name(container->engine)));
	}
}

static struct text text_about(const struct container_info *info, unsigned what)
{
	switch (what) {
	case CONTAINER_NAME:
		return info->name;
	case CONTAINER_IMAGE:
		return info->image;
	case CONTAINER_IMAGE_ID:
		return info->image_id;
	case CONTAINER_REPOSITORY:
		return info->repository;
	case CONTAINER_TAG:
		return info->tag;
	case CONTAINER_DIGEST:
		return info->digest;
	case CONTAINER_IP:
		return info->ip;
	case CONTAINER_POD:
		return info->pod;
	case CONTAINER_POD_NAMESPACE:
		return info->pod_namespace;
	case CONTAINER_POD_UID:
		return info->pod_uid;
	case CONTAINER_SANDBOX:
		return info->sandbox;
	default:
		return shortened(info->sandbox);
	}
}

void field_container_text(struct fields *fields, const struct field_use *use,
			  struct field_value *out)
{
	const struct container_info *info = info_of(fields);

	if (info != NULL)
		answer_text(out, text_about(info, field_rows[use->id].what));
	else if (use->id == FIELD_CONTAINER_NAME && process_at_hand(fields) != NULL
		 && container_of(fields) == NULL)
		answer_text(out, TEXT("host"));
}

void field_container_bool(struct fields *fields, const struct field_use *use,
			  struct field_value *out)
{
	const struct container_info *info = info_of(fields);

	if (info == NULL)
		return;
	switch (field_rows[use->id].what) {
	case CONTAINER_IS_PRIVILEGED:
		return answer_bool(out, info->privileged);
	case CONTAINER_SHARES_PID:
		return answer_bool(out, info->host_pid);
	case CONTAINER_SHARES_NETWORK:
		return answer_bool(out, info->host_network);
	default:
		return answer_bool(out, info->host_ipc);
	}
}

void field_container_time(struct fields *fields, const struct field_use *use,
			  struct field_value *out)
{
	const struct container_info *info = info_of(fields);
	const int64_t now = (int64_t)fields->view->event->time_ns;

	if (info == NULL || info->started_ns <= 0)
		return;
	if (field_rows[use->id].what == CONTAINER_STARTED)
		answer_number(out, info->started_ns);
	else if (now >= info->started_ns)
		answer_number(out, now - info->started_ns);
}

/* --- labels ------------------------------------------------------------------------------ */

void field_container_label(struct fields *fields, const struct field_use *use,
			   struct field_value *out)
{
	const struct container_info *info = info_of(fields);

	if (info != NULL)
		answer_text(out, container_info_label(info, use->key));
}

/* "app:web, tier:front" */
void field_container_labels(struct fields *fields, const struct field_use *use,
			    struct field_value *out)
{
	const struct container_info *info = info_of(fields);
	AUTO_BUFFER struct buffer text = { 0 };

	(void)use;
	if (info == NULL || info->label_count == 0)
		return;
	for (size_t i = 0; i < info->label_count; i++)
		buffer_printf(&text, "%s%.*s:%.*s", i > 0 ? ", " : "",
			      TEXT_ARGS(info->labels[i].key), TEXT_ARGS(info->labels[i].value));
	answer_text(out,
		    (struct text){ arena_strndup(&fields->arena, text.data, text.len), text.len });
}

/* --- mounts ------------------------------------------------------------------------------ */

static void add_mount(struct buffer *out, const struct container_mount *mount)
{
	buffer_printf(out, "%.*s:%.*s:%.*s:%s:%.*s", TEXT_ARGS(mount->source),
		      TEXT_ARGS(mount->destination), TEXT_ARGS(mount->mode),
		      mount->writable ? "true" : "false", TEXT_ARGS(mount->propagation));
}

void field_container_mounts(struct fields *fields, const struct field_use *use,
			    struct field_value *out)
{
	const struct container_info *info = info_of(fields);
	AUTO_BUFFER struct buffer text = { 0 };

	(void)use;
	if (info == NULL)
		return;
	buffer_add_text(&text, "");
	for (size_t i = 0; i < info->mount_count; i++) {
		if (i > 0)
			buffer_add_char(&text, ',');
		add_mount(&text, &info->mounts[i]);
	}
	answer_text(out, (struct text){ arena_strndup(&fields->arena,
						      text.data != NULL ? text.data : "", text.len),
					text.len });
}

/* By number, or by a pattern: of the source, where the destination is asked for; of the destination
 * otherwise. */
static const struct container_mount *
find_mount(struct fields *fields, const struct container_info *info, const struct field_use *use)
{
	const bool by_source = field_rows[use->id].what == MOUNT_DESTINATION;
	const char *pattern = arena_strndup(&fields->arena, use->key.ptr, use->key.len);
	uint64_t number;

	if (text_parse_number(use->key, SIZE_MAX, &number))
		return number < info->mount_count ? &info->mounts[number] : NULL;
	for (size_t i = 0; i < info->mount_count; i++) {
		const struct container_mount *mount = &info->mounts[i];
		const struct text path = by_source ? mount->source : mount->destination;

		if (path.ptr != NULL && fnmatch(pattern, path.ptr, 0) == 0)
			return mount;
	}
	return NULL;
}

void field_container_mount(struct fields *fields, const struct field_use *use,
			   struct field_value *out)
{
	const struct container_info *info = info_of(fields);
	const struct container_mount *mount =
		info != NULL && use->key.ptr != NULL ? find_mount(fields, info, use) : NULL;
	AUTO_BUFFER struct buffer text = { 0 };

	if (mount == NULL)
		return;
	switch (field_rows[use->id].what) {
	case MOUNT_SOURCE:
		return answer_text(out, mount->source);
	case MOUNT_DESTINATION:
		return answer_text(out, mount->destination);
	case MOUNT_MODE:
		return answer_text(out, mount->mode);
	case MOUNT_WRITABLE:
		return answer_text(out, mount->writable ? TEXT("true") : TEXT("false"));
	case MOUNT_PROPAGATION:
		return answer_text(out, mount->propagation);
	default:
		add_mount(&text, mount);
		answer_text(out, (struct text){ arena_strndup(&fields->arena, text.data, text.len),
						text.len });
	}
}
