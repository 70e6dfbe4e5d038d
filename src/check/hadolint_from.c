/* SPDX-License-Identifier: Apache-2.0 */
/* hadolint_from.c — FROM: images, tags, stages. */
#include "check/hadolint.h"

#include <fnmatch.h>

static bool is_earlier_alias(const struct examination *exam, const struct docker_instruction *from,
			     struct text name)
{
	for (size_t i = 1; i < from->stage; i++)
		if (exam->dockerfile->stages[i].image.alias.ptr != NULL
		    && text_equal(exam->dockerfile->stages[i].image.alias, name))
			return true;
	return false;
}

static void check_tag(struct examination *exam, const struct docker_instruction *from)
{
	const struct docker_image *image = &from->image;

	if (image->digest.ptr != NULL || image->tag.ptr != NULL || image->whole.len == 0
	    || text_is(image->name, "scratch") || image->name.ptr[0] == '$'
	    || is_earlier_alias(exam, from, image->whole))
		return;
	exam_report(exam, from->keyword, "image %.*s has no tag, so each build may get another one",
		    TEXT_ARGS(image->whole));
}

void dl3006_untagged(struct examination *exam)
{
	docker_each(exam, DOCKER_FROM, false, check_tag);
}

static void check_latest(struct examination *exam, const struct docker_instruction *from)
{
	if (text_is(from->image.tag, "latest") && from->image.digest.ptr == NULL)
		docker_report(exam, from);
}

void dl3007_latest(struct examination *exam)
{
	docker_each(exam, DOCKER_FROM, false, check_latest);
}

static void check_alias_unique(struct examination *exam, const struct docker_instruction *from)
{
	if (from->image.alias.ptr != NULL && is_earlier_alias(exam, from, from->image.alias))
		exam_report(exam, from->keyword, "a stage named '%.*s' stands above already",
			    TEXT_ARGS(from->image.alias));
}

void dl3024_duplicate_alias(struct examination *exam)
{
	docker_each(exam, DOCKER_FROM, false, check_alias_unique);
}

static bool is_trusted(const struct examination *exam, const struct docker_image *image)
{
	const char *const *trusted = exam->options->trusted_registries;
	char registry[256] = "docker.io";

	if (image->registry.ptr != NULL && image->registry.len < sizeof(registry)) {
		memcpy(registry, image->registry.ptr, image->registry.len);
		registry[image->registry.len] = '\0';
	}
	for (; *trusted != NULL; trusted++)
		if (fnmatch(*trusted, registry, 0) == 0
		    || (image->registry.ptr == NULL && strcmp(*trusted, "hub.docker.com") == 0))
			return true;
	return false;
}

static void check_registry(struct examination *exam, const struct docker_instruction *from)
{
	const struct docker_image *image = &from->image;

	if (exam->options->trusted_registries == NULL || image->whole.len == 0
	    || text_is(image->name, "scratch") || is_earlier_alias(exam, from, image->whole)
	    || is_trusted(exam, image))
		return;
	docker_report(exam, from);
}

void dl3026_registry(struct examination *exam)
{
	docker_each(exam, DOCKER_FROM, false, check_registry);
}

static void check_platform(struct examination *exam, const struct docker_instruction *from)
{
	const struct text platform = from->image.platform;

	if (platform.len > 0 && !text_contains(platform, TEXT("BUILDPLATFORM"))
	    && !text_contains(platform, TEXT("TARGETPLATFORM")))
		docker_report(exam, from);
}

void dl3029_platform(struct examination *exam)
{
	docker_each(exam, DOCKER_FROM, false, check_platform);
}

void dl3061_order(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < file->count && file->instructions[i].op != DOCKER_FROM; i++)
		if (file->instructions[i].op != DOCKER_ARG)
			exam_report(exam, file->instructions[i].keyword,
				    "%s stands before the first FROM; only ARG and comments may",
				    docker_op_name(file->instructions[i].op));
}

static void check_reserved(struct examination *exam, const struct docker_instruction *from)
{
	if (text_is(from->image.alias, "scratch") || text_is(from->image.alias, "context"))
		exam_report(exam, from->keyword, "'%.*s' is a reserved word, not a stage's name",
			    TEXT_ARGS(from->image.alias));
}

void dl3063_reserved_alias(struct examination *exam)
{
	docker_each(exam, DOCKER_FROM, false, check_reserved);
}

static void check_target_platform(struct examination *exam, const struct docker_instruction *from)
{
	if (text_is(from->image.platform, "$TARGETPLATFORM")
	    || text_is(from->image.platform, "${TARGETPLATFORM}"))
		docker_report(exam, from);
}

void dl3065_target_platform(struct examination *exam)
{
	docker_each(exam, DOCKER_FROM, false, check_target_platform);
}
