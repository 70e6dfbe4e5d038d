/* SPDX-License-Identifier: Apache-2.0 */
#include "check/dockerfile.h"
#include "check/kubernetes.h"
#include "check/sensitive.h"

#include <string.h>

void each_object(struct examination *exam, const char *group, const char *kind, object_fn visit)
{
	for (size_t i = 0; i < exam->manifest->count; i++)
		if (manifest_is(&exam->manifest->objects[i], group, kind))
			visit(exam, &exam->manifest->objects[i]);
}

void each_workload(struct examination *exam, object_fn visit)
{
	for (size_t i = 0; i < exam->manifest->count; i++)
		if (exam->manifest->objects[i].pod_spec != NULL)
			visit(exam, &exam->manifest->objects[i]);
}

void each_container(struct examination *exam, container_fn visit)
{
	for (size_t i = 0; i < exam->manifest->count; i++) {
		const struct manifest_object *object = &exam->manifest->objects[i];

		FOR_EACH_CONTAINER(object->pod_spec, container)
		visit(exam, object, container);
	}
}

void each_service_container(struct examination *exam, container_fn visit)
{
	for (size_t i = 0; i < exam->manifest->count; i++) {
		const struct manifest_object *object = &exam->manifest->objects[i];
		const struct value *containers = value_get(object->pod_spec, "containers");

		if (containers == NULL)
			continue;
		VALUE_FOR_EACH(containers, container)
		visit(exam, object, container);
	}
}

/* ---- images ---- */

static void check_tag(struct examination *exam, const struct manifest_object *object,
		      const struct value *container)
{
	const struct value *image = value_get(container, "image");
	struct docker_image parts;

	if (image == NULL || image->type != VALUE_SCALAR)
		return;
	parts = docker_image_parse(image->text);
	if (parts.digest.ptr == NULL && (parts.tag.ptr == NULL || text_is(parts.tag, "latest")))
		manifest_report(exam, object, image, "%.*s: which image runs changes under you",
				TEXT_ARGS(image->text));
}

void k8_image_tag(struct examination *exam)
{
	each_container(exam, check_tag);
}

static void check_digest(struct examination *exam, const struct manifest_object *object,
			 const struct value *container)
{
	const struct value *image = value_get(container, "image");

	if (image != NULL && image->type == VALUE_SCALAR
	    && docker_image_parse(image->text).digest.ptr == NULL)
		manifest_report(exam, object, image, "%.*s has no digest", TEXT_ARGS(image->text));
}

void k8_image_digest(struct examination *exam)
{
	each_container(exam, check_digest);
}

/* ---- resources and probes ---- */

static void check_memory(struct examination *exam, const struct manifest_object *object,
			 const struct value *container)
{
	if (value_find(container, "resources.limits.memory") == NULL)
		manifest_report(exam, object,
				manifest_nearest(container, "resources.limits.memory"), "%s",
				exam->check->title);
}

void k8_memory_limit(struct examination *exam)
{
	each_service_container(exam, check_memory);
}

static void check_cpu(struct examination *exam, const struct manifest_object *object,
		      const struct value *container)
{
	if (value_find(container, "resources.requests.cpu") == NULL
	    && value_find(container, "resources.limits.cpu") == NULL)
		manifest_report(exam, object, manifest_nearest(container, "resources.requests.cpu"),
				"%s", exam->check->title);
}

void k8_cpu_request(struct examination *exam)
{
	each_service_container(exam, check_cpu);
}

/* What runs to its end has nothing to be probed for. */
static bool runs_for_ever(const struct manifest_object *object)
{
	return !text_is(object->kind, "Job") && !text_is(object->kind, "CronJob")
	       && !text_is(manifest_text(object->pod_spec, "restartPolicy"), "Never")
	       && !text_is(manifest_text(object->pod_spec, "restartPolicy"), "OnFailure");
}

static void check_liveness(struct examination *exam, const struct manifest_object *object,
			   const struct value *container)
{
	if (runs_for_ever(object) && value_get(container, "livenessProbe") == NULL)
		manifest_report(exam, object, container, "%s", exam->check->title);
}

void k8_liveness(struct examination *exam)
{
	each_service_container(exam, check_liveness);
}

static void check_readiness(struct examination *exam, const struct manifest_object *object,
			    const struct value *container)
{
	if (runs_for_ever(object) && value_get(container, "readinessProbe") == NULL)
		manifest_report(exam, object, container, "%s", exam->check->title);
}

void k8_readiness(struct examination *exam)
{
	each_service_container(exam, check_readiness);
}

/* ---- the pod ---- */

static void check_read_only(struct examination *exam, const struct manifest_object *object,
			    const struct value *container)
{
	static const char path[] = "securityContext.readOnlyRootFilesystem";

	if (!manifest_is_true(container, path))
		manifest_mend_field(exam,
				    manifest_report(exam, object, manifest_nearest(container, path),
						    "%s", exam->check->title),
				    container, path, "true");
}

void k8_read_only_root(struct examination *exam)
{
	each_container(exam, check_read_only);
}

static bool is_false(const struct value *value)
{
	bool is_true;

	return value != NULL && value_as_bool(value, &is_true) && !is_true;
}

static struct text account_name(const struct manifest_object *object)
{
	const struct text name = manifest_text(object->pod_spec, "serviceAccountName");

	return name.ptr != NULL ? name : manifest_text(object->pod_spec, "serviceAccount");
}

static bool account_mounts_nothing(const struct examination *exam,
				   const struct manifest_object *object)
{
	const struct text name = account_name(object);

	for (size_t i = 0; i < exam->manifest->count; i++) {
		const struct manifest_object *account = &exam->manifest->objects[i];

		if (manifest_is(account, "", "ServiceAccount") && text_equal(account->name, name)
		    && text_equal(account->namespace, object->namespace))
			return is_false(value_get(account->root, "automountServiceAccountToken"));
	}
	return false;
}

static void check_token(struct examination *exam, const struct manifest_object *object)
{
	const struct value *own = value_get(object->pod_spec, "automountServiceAccountToken");

	if (own != NULL ? is_false(own) : account_mounts_nothing(exam, object))
		return;
	manifest_mend_field(exam,
			    manifest_report(exam, object, own != NULL ? own : object->pod_spec,
					    "%s", exam->check->title),
			    object->pod_spec, "automountServiceAccountToken", "false");
}

void k8_token(struct examination *exam)
{
	each_workload(exam, check_token);
}

static void check_account(struct examination *exam, const struct manifest_object *object)
{
	const struct text name = account_name(object);

	if ((name.len == 0 || text_is(name, "default"))
	    && !is_false(value_get(object->pod_spec, "automountServiceAccountToken")))
		manifest_report(exam, object,
				manifest_nearest(object->pod_spec, "serviceAccountName"), "%s",
				exam->check->title);
}

void k8_default_account(struct examination *exam)
{
	each_workload(exam, check_account);
}

static void check_secret_env(struct examination *exam, const struct manifest_object *object,
			     const struct value *container)
{
	const struct value *env = value_get(container, "env");

	if (env == NULL)
		return;
	VALUE_FOR_EACH(env, variable)
	{
		const struct text name = manifest_text(variable, "name");

		if (sensitive_name(name)
		    && !sensitive_is_reference(manifest_text(variable, "value")))
			manifest_report(exam, object, value_get(variable, "value"),
					"%.*s holds its secret in the manifest", TEXT_ARGS(name));
	}
}

void k8_secret_literal(struct examination *exam)
{
	each_container(exam, check_secret_env);
}

static void check_secret_reference(struct examination *exam, const struct manifest_object *object,
				   const struct value *container)
{
	const struct value *env = value_get(container, "env");

	if (env == NULL)
		return;
	VALUE_FOR_EACH(env, variable)
	{
		const struct value *reference = value_find(variable, "valueFrom.secretKeyRef");

		if (reference != NULL)
			manifest_report(exam, object, reference,
					"%.*s: a secret in the environment is seen by every child, "
					"crash dump and debug page",
					TEXT_ARGS(manifest_text(variable, "name")));
	}
}

void k8_secret_env(struct examination *exam)
{
	each_container(exam, check_secret_reference);
}

static void check_host_path(struct examination *exam, const struct manifest_object *object)
{
	const struct value *volumes = value_get(object->pod_spec, "volumes");

	if (volumes == NULL)
		return;
	VALUE_FOR_EACH(volumes, volume)
	{
		const struct value *path = value_find(volume, "hostPath.path");

		if (path != NULL && sensitive_path(path->text))
			manifest_report(exam, object, path, "%.*s of the host is the host",
					TEXT_ARGS(path->text));
	}
}

void k8_host_path(struct examination *exam)
{
	each_workload(exam, check_host_path);
}

static void check_shared(struct examination *exam, const struct manifest_object *object)
{
	const struct value *shared = value_get(object->pod_spec, "shareProcessNamespace");

	if (manifest_is_set_true(shared))
		manifest_report(exam, object, shared, "%s", exam->check->title);
}

void k8_shared_processes(struct examination *exam)
{
	each_workload(exam, check_shared);
}

static void check_volume(struct examination *exam, const struct manifest_object *object)
{
	const struct value *volumes = value_get(object->pod_spec, "volumes");

	if (volumes == NULL)
		return;
	VALUE_FOR_EACH(volumes, volume)
	{
		const struct value *empty = value_get(volume, "emptyDir");

		if (empty != NULL && value_get(empty, "sizeLimit") == NULL)
			manifest_report(exam, object, empty,
					"volume \"%.*s\" may fill the node's disk",
					TEXT_ARGS(manifest_text(volume, "name")));
	}
}

void k8_unbounded_volume(struct examination *exam)
{
	each_workload(exam, check_volume);
}
