/* SPDX-License-Identifier: Apache-2.0 */
/* admission_scope.c — what is to be judged at all: new objects, and changes that matter. */
#include "check/admission_parts.h"
#include "check/manifest.h"

#include <string.h>

/* Others carry no whole object, or only its status. */
static bool is_judged_subresource(struct text subresource)
{
	return subresource.len == 0 || text_is(subresource, "ephemeralcontainers")
	       || text_is(subresource, "resize");
}

static bool same_images(const struct value *spec, const struct value *old, const char *list)
{
	const struct value *now = value_get(spec, list), *before = value_get(old, list);

	if (now == NULL || before == NULL || now->count != before->count)
		return now == before || (now != NULL && before != NULL);

	const struct value *other = before->first;

	VALUE_FOR_EACH(now, container)
	{
		if (!text_equal(manifest_text(container, "image"), manifest_text(other, "image")))
			return false;
		other = other->next;
	}
	return true;
}

static bool has_container(const struct value *list, struct text name)
{
	if (list == NULL)
		return false;
	VALUE_FOR_EACH(list, container)
	{
		if (text_equal(manifest_text(container, "name"), name))
			return true;
	}
	return false;
}

static size_t length_of(const struct value *spec, const char *list)
{
	const struct value *value = value_get(spec, list);

	return value != NULL ? value->count : 0;
}

/* A pod cannot change in much else; kubernetes/pod-security-admission, isSignificantPodUpdate. */
static bool pod_changes(const struct value *spec, const struct value *old)
{
	const struct value *ephemeral = value_get(spec, "ephemeralContainers");

	if (length_of(spec, "containers") != length_of(old, "containers")
	    || length_of(spec, "initContainers") != length_of(old, "initContainers")
	    || !same_images(spec, old, "containers") || !same_images(spec, old, "initContainers"))
		return true;
	if (ephemeral == NULL)
		return false;
	VALUE_FOR_EACH(ephemeral, container)
	{
		if (!has_container(value_get(old, "ephemeralContainers"),
				   manifest_text(container, "name")))
			return true;
	}
	return false;
}

/* Labels, annotations, finalizers and status are none of our business. */
static bool content_changes(const struct value *object, const struct value *old)
{
	VALUE_FOR_EACH(object, entry)
	{
		const struct value *before = value_get(old, entry->key->text.ptr);

		if (text_is(entry->key->text, "metadata") || text_is(entry->key->text, "status"))
			continue;
		if (before == NULL || !value_equal(entry, before))
			return true;
	}
	return object->count != old->count;
}

static bool changes(const struct admission_request *request)
{
	if (request->old == NULL || request->object->type != VALUE_MAPPING)
		return true;
	if (request->group.len == 0 && text_is(request->resource, "pods"))
		return pod_changes(value_get(request->object, "spec"),
				   value_get(request->old, "spec"));
	if (text_is(request->resource, "namespaces") || text_is(request->resource, "ingresses"))
		return true; /* their labels and annotations are what is judged */
	return content_changes(request->object, request->old);
}

bool admission_is_of_interest(const struct admission_request *request)
{
	const bool is_update = text_is(request->operation, "UPDATE");

	if ((!is_update && !text_is(request->operation, "CREATE"))
	    || !is_judged_subresource(request->subresource))
		return false;
	if (request->object == NULL)
		return true; /* it will be found to be nothing that can be judged */
	/* finalizers have to go, whatever else is wrong */
	if (is_update && value_find(request->object, "metadata.deletionTimestamp") != NULL)
		return false;
	return !is_update || changes(request);
}

static bool is_listed(const char *const *list, struct text name)
{
	for (; list != NULL && *list != NULL; list++)
		if (text_is(name, *list))
			return true;
	return false;
}

const char *admission_exempt(const struct admission_settings *settings,
			     const struct admission_request *request)
{
	if (request->namespace.len > 0
	    && is_listed(settings->exempt_namespaces, request->namespace))
		return "namespace";
	return is_listed(settings->exempt_users, request->user) ? "user" : NULL;
}
