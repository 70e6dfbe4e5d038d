/* SPDX-License-Identifier: Apache-2.0 */
#include "check/compose.h"

#include <errno.h>
#include <stdarg.h>

#define SERVICES_MAX 5000

static bool is_text(const struct value *value)
{
	return value != NULL && value->type == VALUE_SCALAR;
}

int compose_parse(struct compose *out, struct examination *exam, struct error *err)
{
	const struct value_source source = {
		.file = exam->file,
		.bytes = exam->text,
		.is_json = text_ends_with_nocase(text_of(exam->file), TEXT(".json")),
	};
	const struct value *document = NULL, *services;
	struct compose_service *list;
	int result = value_parse(exam->arena, &source, NULL, NULL, &document, err);

	if (result != 0)
		return result;
	services = value_get(document, "services");
	if (services == NULL || services->type != VALUE_MAPPING)
		return error_set(err, -EINVAL, "%s: 'services' is no mapping", exam->file);
	if (services->count > SERVICES_MAX)
		return error_set(err, -EFBIG, "%s has more than %d services; split it", exam->file,
				 SERVICES_MAX);
	list = ARENA_ARRAY(exam->arena, services->count + 1, struct compose_service);
	*out = (struct compose){ .root = document, .services = list };
	VALUE_FOR_EACH(services, service)
	{
		if (service->type == VALUE_MAPPING)
			list[out->count++] =
				(struct compose_service){ service->key->text, service };
	}
	return 0;
}

void each_compose_service(struct examination *exam, service_fn visit)
{
	for (size_t i = 0; i < exam->compose->count; i++)
		visit(exam, &exam->compose->services[i]);
}

struct finding *compose_report(struct examination *exam, const struct compose_service *service,
			       const struct value *at, const char *fmt, ...)
{
	AUTO_BUFFER struct buffer message = { 0 };
	struct finding *finding;
	va_list args;

	va_start(args, fmt);
	buffer_vprintf(&message, fmt, args);
	va_end(args);
	finding = exam_report(exam, manifest_place(at), "%s", message.data);
	if (service != NULL)
		finding->object = arena_printf(&exam->findings->arena, "service/%.*s",
					       TEXT_ARGS(service->name));
	return finding;
}

const struct compose_service *compose_find(const struct compose *compose, struct text name)
{
	for (size_t i = 0; i < compose->count; i++)
		if (text_equal(compose->services[i].name, name))
			return &compose->services[i];
	return NULL;
}

struct text compose_mount_source(const struct value *mount)
{
	struct text rest;

	if (is_text(mount)) {
		rest = mount->text;
		if (text_find_char(rest, ':') == TEXT_NONE)
			return (struct text){ 0 };
		rest = text_split(&rest, ':');
		return rest.len > 0
				       && (rest.ptr[0] == '/' || rest.ptr[0] == '.'
					   || rest.ptr[0] == '~')
			       ? rest
			       : (struct text){ 0 };
	}
	if (text_is(manifest_text(mount, "type"), "bind"))
		return manifest_text(mount, "source");
	return (struct text){ 0 };
}
