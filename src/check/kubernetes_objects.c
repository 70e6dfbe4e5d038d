/* SPDX-License-Identifier: Apache-2.0 */
#include "check/kubernetes.h"

#include <string.h>

/* APIs that Kubernetes no longer serves, and what took their place. */
static const struct removed_api {
	const char *group, *version, *kind, *removed_in, *instead;
} removed_apis[] = {
	{ "policy", "v1beta1", "PodSecurityPolicy", "1.25",
	  "Pod Security admission: label the namespace "
	  "pod-security.kubernetes.io/enforce: restricted" },
	{ "policy", "v1beta1", "PodDisruptionBudget", "1.25", "policy/v1" },
	{ "extensions", "v1beta1", NULL, "1.16", "apps/v1, networking.k8s.io/v1" },
	{ "apps", "v1beta1", NULL, "1.16", "apps/v1" },
	{ "apps", "v1beta2", NULL, "1.16", "apps/v1" },
	{ "batch", "v1beta1", "CronJob", "1.25", "batch/v1" },
	{ "networking.k8s.io", "v1beta1", NULL, "1.22", "networking.k8s.io/v1" },
	{ "rbac.authorization.k8s.io", "v1beta1", NULL, "1.22", "rbac.authorization.k8s.io/v1" },
	{ "admissionregistration.k8s.io", "v1beta1", NULL, "1.22",
	  "admissionregistration.k8s.io/v1" },
	{ "apiextensions.k8s.io", "v1beta1", NULL, "1.22", "apiextensions.k8s.io/v1" },
	{ "autoscaling", "v2beta1", NULL, "1.25", "autoscaling/v2" },
	{ "autoscaling", "v2beta2", NULL, "1.26", "autoscaling/v2" },
};

void k8_removed_api(struct examination *exam)
{
	for (size_t i = 0; i < exam->manifest->count; i++) {
		const struct manifest_object *object = &exam->manifest->objects[i];

		for (size_t j = 0; j < COUNT_OF(removed_apis); j++) {
			const struct removed_api *row = &removed_apis[j];

			if (!text_is(object->group, row->group)
			    || !text_is(object->version, row->version)
			    || (row->kind != NULL && !text_is(object->kind, row->kind)))
				continue;
			manifest_report(exam, object, value_get(object->root, "apiVersion"),
					"%.*s of %s/%s is gone since Kubernetes %s; use %s",
					TEXT_ARGS(object->kind), row->group, row->version,
					row->removed_in, row->instead);
			break;
		}
	}
}

static void check_secret(struct examination *exam, const struct manifest_object *object)
{
	static const char *const holders[] = { "data", "stringData" };

	for (size_t i = 0; i < COUNT_OF(holders); i++) {
		const struct value *data = value_get(object->root, holders[i]);

		if (data != NULL && data->count > 0)
			manifest_report(exam, object, data, "%s", exam->check->title);
	}
}

void k8_secret_object(struct examination *exam)
{
	each_object(exam, "", "Secret", check_secret);
}

static void check_service(struct examination *exam, const struct manifest_object *object)
{
	const struct value *external = value_find(object->root, "spec.externalIPs");
	const struct value *type = value_find(object->root, "spec.type");

	if (external != NULL && external->count > 0)
		manifest_report(
			exam, object, external,
			"externalIPs let this Service take over any address (CVE-2020-8554)");
	if (type != NULL && text_is(type->text, "LoadBalancer")
	    && value_find(object->root, "spec.loadBalancerSourceRanges") == NULL)
		manifest_report(exam, object, type, "the load balancer is open to every address");
	if (type != NULL && text_is(type->text, "NodePort"))
		manifest_report(exam, object, type, "the port is open on every node");
}

void k8_service_exposed(struct examination *exam)
{
	each_object(exam, "", "Service", check_service);
}

static void check_ingress(struct examination *exam, const struct manifest_object *object)
{
	const struct value *annotations = value_find(object->root, "metadata.annotations");
	const struct value *tls = value_find(object->root, "spec.tls");

	if (tls == NULL || tls->count == 0)
		manifest_report(exam, object, manifest_nearest(object->root, "spec.tls"),
				"the Ingress has no TLS");
	if (annotations == NULL)
		return;
	VALUE_FOR_EACH(annotations, annotation)
	{
		if (text_ends_with(annotation->key->text, TEXT("-snippet")))
			manifest_report(
				exam, object, annotation->key,
				"a snippet is nginx configuration of whoever may write the "
				"Ingress: it reads the controller's secrets (CVE-2021-25742)");
	}
}

void k8_ingress(struct examination *exam)
{
	each_object(exam, "networking.k8s.io", "Ingress", check_ingress);
}

static void check_namespace(struct examination *exam, const struct manifest_object *object)
{
	const struct value *labels = value_find(object->root, "metadata.labels");
	const struct value *enforce = value_get(labels, "pod-security.kubernetes.io/enforce");

	if (enforce == NULL)
		manifest_report(exam, object, manifest_nearest(object->root, "metadata.labels"),
				"the namespace enforces no Pod Security level");
	else if (text_is(enforce->text, "privileged"))
		manifest_report(exam, object, enforce, "the namespace allows privileged pods");
	else if (!text_is(enforce->text, "baseline") && !text_is(enforce->text, "restricted"))
		manifest_report(exam, object, enforce,
				"'%.*s' is no level; a broken label is judged as restricted",
				TEXT_ARGS(enforce->text));
}

void k8_namespace_level(struct examination *exam)
{
	each_object(exam, "", "Namespace", check_namespace);
}
