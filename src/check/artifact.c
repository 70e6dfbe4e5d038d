/* SPDX-License-Identifier: Apache-2.0 */
#include "check/artifact.h"

#include <string.h>

static struct text base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return text_of(slash != NULL ? slash + 1 : path);
}

static bool is_dockerfile_name(struct text name)
{
	return text_equal_nocase(name, TEXT("dockerfile"))
	       || text_equal_nocase(name, TEXT("containerfile"))
	       || text_starts_with_nocase(name, TEXT("dockerfile."))
	       || text_starts_with_nocase(name, TEXT("containerfile."))
	       || text_ends_with_nocase(name, TEXT(".dockerfile"))
	       || text_ends_with_nocase(name, TEXT(".containerfile"));
}

static bool is_structured_name(struct text name)
{
	return text_ends_with_nocase(name, TEXT(".yaml"))
	       || text_ends_with_nocase(name, TEXT(".yml"))
	       || text_ends_with_nocase(name, TEXT(".json"));
}

bool artifact_is_candidate(const char *path)
{
	const struct text name = base_name(path);

	return is_dockerfile_name(name) || is_structured_name(name)
	       || text_ends_with_nocase(name, TEXT(".conf"))
	       || text_ends_with_nocase(name, TEXT(".nginx"));
}

/* A line that begins with the word: "kind:", and in JSON '"kind":' wherever it stands. */
static bool has_key(struct text bytes, const char *key)
{
	const struct text word = text_of(key);
	size_t at = 0;

	while (at + word.len < bytes.len) {
		const char *hit = memmem(bytes.ptr + at, bytes.len - at, word.ptr, word.len);

		if (hit == NULL)
			return false;

		const size_t start = (size_t)(hit - bytes.ptr), end = start + word.len;
		const char before = start > 0 ? bytes.ptr[start - 1] : '\n';
		const char after = end < bytes.len ? bytes.ptr[end] : '\0';

		if ((before == '\n' && after == ':') || (before == '"' && after == '"')
		    || (before == ' ' && after == ':'))
			return true;
		at = end;
	}
	return false;
}

/* A list whose items begin as those of Falco's rule files do. */
static bool looks_like_rules(struct text bytes)
{
	static const char *const items[] = { "- rule:", "- macro:", "- list:" };

	for (struct text rest = bytes; rest.ptr != NULL;) {
		const struct text line = text_split(&rest, '\n');

		for (size_t i = 0; i < COUNT_OF(items); i++)
			if (text_starts_with(line, text_of(items[i])))
				return has_key(bytes, "condition") || has_key(bytes, "items");
	}
	return false;
}

static enum artifact detect_structured(struct text bytes)
{
	if (has_key(bytes, "apiVersion") && has_key(bytes, "kind"))
		return ARTIFACT_MANIFEST;
	if (has_key(bytes, "services") && (has_key(bytes, "image") || has_key(bytes, "build")))
		return ARTIFACT_COMPOSE;
	if (looks_like_rules(bytes))
		return ARTIFACT_FALCO;
	return ARTIFACT_UNKNOWN;
}

static bool is_compose_name(struct text name)
{
	return text_starts_with_nocase(name, TEXT("docker-compose"))
	       || text_starts_with_nocase(name, TEXT("compose."))
	       || text_starts_with_nocase(name, TEXT("podman-compose"));
}

static bool looks_like_nginx(struct text bytes)
{
	static const char *const marks[] = {
		"server {",         "http {",         "events {",
		"server{",          "http{",          "location ",
		"upstream ",        "proxy_pass ",    "add_header ",
		"server_name ",     "ssl_protocols ", "limit_req_zone ",
		"worker_processes "
	};

	for (size_t i = 0; i < COUNT_OF(marks); i++)
		if (text_contains(bytes, text_of(marks[i])))
			return true;
	return false;
}

static bool is_instruction(struct text line)
{
	static const char *const words[] = { "FROM ",  "RUN ",        "COPY ",       "ADD ",
					     "ENV ",   "LABEL ",      "USER ",       "WORKDIR ",
					     "CMD ",   "ENTRYPOINT ", "EXPOSE ",     "HEALTHCHECK ",
					     "SHELL ", "VOLUME ",     "MAINTAINER ", "ONBUILD " };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_starts_with(line, text_of(words[i])))
			return true;
	return text_starts_with(line, TEXT("from "));
}

/* A file of any name that opens as Dockerfiles do: comments and ARGs, then an instruction. */
static bool looks_like_dockerfile(struct text bytes)
{
	while (bytes.ptr != NULL) {
		const struct text line = text_trim(text_split(&bytes, '\n'));

		if (line.len > 0 && line.ptr[0] != '#' && line.ptr[0] != '\r'
		    && !text_starts_with_nocase(line, TEXT("arg ")))
			return is_instruction(line);
	}
	return false;
}

enum artifact artifact_detect(const char *path, struct text bytes)
{
	const struct text name = base_name(path);

	if (is_dockerfile_name(name))
		return ARTIFACT_DOCKERFILE;
	if (is_structured_name(name) && is_compose_name(name) && has_key(bytes, "services"))
		return ARTIFACT_COMPOSE;
	if (is_structured_name(name))
		return detect_structured(bytes);
	if (looks_like_dockerfile(bytes))
		return ARTIFACT_DOCKERFILE;
	if (looks_like_nginx(bytes))
		return ARTIFACT_NGINX;
	return detect_structured(bytes);
}

const char *artifact_name(enum artifact artifact)
{
	static const char *const names[] = { "unknown", "Dockerfile", "manifest",
					     "nginx",   "compose",    "Falco rules" };

	return names[artifact];
}
