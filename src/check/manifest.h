/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.h — the Kubernetes objects of a file, and the pods they make.
 *
 * Objects are value trees (resource/value.h) with the place of each node; lists are taken apart.
 * A workload's pod is its template; a Pod is its own. */
#pragma once

#include "check/examination.h"
#include "resource/resource.h"

struct manifest_object {
	struct text kind, group, version; /* group absent for the core */
	struct text namespace, name;
	const char *path; /* "Deployment/shop/web" */
	const struct value *root;
	const struct value *pod_metadata, *pod_spec; /* NULL where it makes no pods */
};

struct manifest {
	const struct manifest_object *objects;
	size_t count;
};

/* What the YAML reader noticed; the examination is its context. */
void exam_value_problem(void *context, bool is_error, const struct error *problem);

int manifest_parse(struct manifest *out, struct examination *exam, struct error *err);
/* The objects of documents that are read already, linked by `next`. */
int manifest_collect(struct manifest *out, struct examination *exam, const struct value *documents,
		     struct error *err);

bool manifest_is(const struct manifest_object *object, const char *group, const char *kind);
struct text manifest_text(const struct value *mapping, const char *dotted_path); /* or absent */
bool manifest_is_true(const struct value *mapping, const char *dotted_path);
/* Set, and anything but false: a value that is no boolean does not hide what it asks for. */
bool manifest_is_set_true(const struct value *value);
/* The value at the path, or the deepest one that is there on the way: where something is missing.
 */
const struct value *manifest_nearest(const struct value *mapping, const char *dotted_path);
/* Where to point: a scalar itself, a key of a mapping, the name of a list's item. */
struct range manifest_place(const struct value *value);

struct finding *manifest_report(struct examination *exam, const struct manifest_object *object,
				const struct value *at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Mends: sets "securityContext.runAsNonRoot" below the mapping. Nothing where the text is written
 * in a way (flow style, an alias) that an insertion could break. */
void manifest_mend_field(struct examination *exam, struct finding *finding,
			 const struct value *mapping, const char *dotted_path, const char *value);

/* Every container of a pod: init, regular, ephemeral, in this order. */
struct container_walk {
	const struct value *spec;
	const struct value *at;
	unsigned list;
};
const struct value *container_next(struct container_walk *walk); /* NULL at the end */

#define FOR_EACH_CONTAINER(pod_spec, container)                                                    \
	for (struct container_walk walk_ = { .spec = (pod_spec) }; walk_.spec != NULL;             \
	     walk_.spec = NULL)                                                                    \
		for (const struct value *container; (container = container_next(&walk_)) != NULL;)
