/* SPDX-License-Identifier: Apache-2.0 */
#include "check/manifest.h"

#include "check/grow.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LIST_DEPTH_MAX 4
#define OBJECTS_MAX    5000 /* of one file: they are compared with each other */

/* Which kinds make pods, and where their template is. */
static const struct template_row {
	const char *group, *kind, *path;
} templates[] = {
	{ "", "Pod", "" },
	{ "", "PodTemplate", "template" },
	{ "", "ReplicationController", "spec.template" },
	{ "apps", "Deployment", "spec.template" },
	{ "apps", "ReplicaSet", "spec.template" },
	{ "apps", "StatefulSet", "spec.template" },
	{ "apps", "DaemonSet", "spec.template" },
	{ "extensions", "Deployment", "spec.template" },
	{ "extensions", "ReplicaSet", "spec.template" },
	{ "extensions", "DaemonSet", "spec.template" },
	{ "batch", "Job", "spec.template" },
	{ "batch", "CronJob", "spec.jobTemplate.spec.template" },
	{ "apps.openshift.io", "DeploymentConfig", "spec.template" },
	{ "argoproj.io", "Rollout", "spec.template" },
	{ "serving.knative.dev", "Service", "spec.template" },
};

struct collector {
	struct examination *exam;
	struct manifest_object *objects;
	size_t count, capacity;
};

static void find_pod(struct manifest_object *object)
{
	for (size_t i = 0; i < COUNT_OF(templates); i++) {
		const struct template_row *row = &templates[i];
		const struct value *pod;

		if (!manifest_is(object, row->group, row->kind))
			continue;
		pod = row->path[0] == '\0' ? object->root : value_find(object->root, row->path);
		if (pod != NULL) {
			object->pod_metadata = value_get(pod, "metadata");
			object->pod_spec = value_get(pod, "spec");
		}
	}
}

static const char *object_path(const struct manifest_object *object, struct arena *arena)
{
	if (object->namespace.len > 0)
		return arena_printf(arena, "%.*s/%.*s/%.*s", TEXT_ARGS(object->kind),
				    TEXT_ARGS(object->namespace), TEXT_ARGS(object->name));
	return arena_printf(arena, "%.*s/%.*s", TEXT_ARGS(object->kind), TEXT_ARGS(object->name));
}

static void add_object(struct collector *collector, const struct value *root, unsigned depth)
{
	const struct text api = manifest_text(root, "apiVersion");
	const struct value *items = value_get(root, "items");
	const size_t slash = text_find_char(api, '/');
	struct manifest_object *object;

	if (text_ends_with(manifest_text(root, "kind"), TEXT("List")) && items != NULL) {
		if (depth < LIST_DEPTH_MAX)
			VALUE_FOR_EACH(items, item)
		add_object(collector, item, depth + 1);
		return;
	}
	if (api.len == 0 || manifest_text(root, "kind").len == 0 || collector->count >= OBJECTS_MAX)
		return;
	collector->objects =
		arena_grow(collector->exam->arena, collector->objects, collector->count,
			   &collector->capacity, sizeof(*collector->objects));
	object = &collector->objects[collector->count++];
	*object = (struct manifest_object){
		.kind = manifest_text(root, "kind"),
		.group = slash == TEXT_NONE ? TEXT("") : text_until(api, slash),
		.version = slash == TEXT_NONE ? api : text_from(api, slash + 1),
		.namespace = manifest_text(root, "metadata.namespace"),
		.name = manifest_text(root, "metadata.name"),
		.root = root,
	};
	if (object->name.ptr == NULL)
		object->name = manifest_text(root, "metadata.generateName");
	object->path = object_path(object, &collector->exam->findings->arena);
	find_pod(object);
}

void exam_value_problem(void *context, bool is_error, const struct error *problem)
{
	struct examination *exam = context;
	const size_t at = line_index_offset(&exam->lines, problem->at.line, problem->at.column);

	if (!is_error && exam->tree == NULL) /* said at the first look */
		exam_report_as(exam, "K8S027", (struct range){ at, at + 1 }, "%s", problem->text);
}

int manifest_parse(struct manifest *out, struct examination *exam, struct error *err)
{
	const struct value_source source = {
		.file = exam->file,
		.bytes = exam->text,
		.is_json = text_ends_with_nocase(text_of(exam->file), TEXT(".json")),
	};
	const struct value *documents;
	const int result =
		value_parse(exam->arena, &source, exam_value_problem, exam, &documents, err);

	return result == 0 ? manifest_collect(out, exam, documents, err) : result;
}

int manifest_collect(struct manifest *out, struct examination *exam, const struct value *documents,
		     struct error *err)
{
	struct collector collector = { .exam = exam };

	for (const struct value *document = documents; document != NULL; document = document->next)
		add_object(&collector, document, 0);
	if (collector.count >= OBJECTS_MAX)
		return error_set(err, -EFBIG, "%s holds more than %d objects; split it", exam->file,
				 OBJECTS_MAX);
	*out = (struct manifest){ collector.objects, collector.count };
	return 0;
}

bool manifest_is(const struct manifest_object *object, const char *group, const char *kind)
{
	return text_is(object->kind, kind) && text_is(object->group, group);
}

struct text manifest_text(const struct value *mapping, const char *dotted_path)
{
	const struct value *value = value_find(mapping, dotted_path);

	return value != NULL && value->type == VALUE_SCALAR ? value->text : (struct text){ 0 };
}

bool manifest_is_true(const struct value *mapping, const char *dotted_path)
{
	const struct value *value = value_find(mapping, dotted_path);
	bool is_true;

	return value != NULL && value_as_bool(value, &is_true) && is_true;
}

bool manifest_is_set_true(const struct value *value)
{
	bool is_true;

	if (value == NULL || value->type == VALUE_NULL)
		return false;
	return !value_as_bool(value, &is_true) || is_true;
}

const struct value *manifest_nearest(const struct value *mapping, const char *dotted_path)
{
	char path[256];
	char *rest = path;

	snprintf(path, sizeof(path), "%s", dotted_path);
	while (rest != NULL) {
		const char *key = strsep(&rest, ".");
		const struct value *next = value_get(mapping, key);

		if (next == NULL)
			return mapping;
		mapping = next;
	}
	return mapping;
}

static const struct value *first_key(const struct value *mapping)
{
	return mapping->type == VALUE_MAPPING && mapping->first != NULL ? mapping->first->key
									: NULL;
}

struct range manifest_place(const struct value *value)
{
	const struct value *shown = value;

	if (value->type == VALUE_MAPPING || value->type == VALUE_SEQUENCE) {
		const struct value *name = value_get(value, "name");

		if (value->key != NULL)
			shown = value->key;
		else if (name != NULL && name->type == VALUE_SCALAR)
			shown = name;
		else if (first_key(value) != NULL)
			shown = first_key(value);
	}
	if (shown->type == VALUE_NULL && shown->key != NULL)
		shown = shown->key;
	return (struct range){ shown->start, MAX_OF(shown->end, shown->start) };
}

struct finding *manifest_report(struct examination *exam, const struct manifest_object *object,
				const struct value *at, const char *fmt, ...)
{
	char message[1024];
	struct finding *finding;
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	finding = exam_report(exam, manifest_place(at != NULL ? at : object->root), "%s", message);
	finding->object = object->path;
	return finding;
}

const struct value *container_next(struct container_walk *walk)
{
	static const char *const lists[] = { "initContainers", "containers",
					     "ephemeralContainers" };

	if (walk->at != NULL)
		walk->at = walk->at->next;
	while (walk->at == NULL && walk->list < COUNT_OF(lists)) {
		const struct value *list = value_get(walk->spec, lists[walk->list++]);

		if (list != NULL && list->type == VALUE_SEQUENCE)
			walk->at = list->first;
	}
	return walk->at;
}
