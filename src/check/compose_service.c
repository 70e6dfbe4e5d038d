/* SPDX-License-Identifier: Apache-2.0 */
/* compose_service.c — images, secrets, ports, limits, and what refers to what. */
#include "check/compose.h"
#include "check/dockerfile.h"
#include "check/sensitive.h"

#include <string.h>

static bool is_variable(struct text text)
{
	return text_find_char(text, '$') != TEXT_NONE;
}

/* ---- images ---- */

static const struct value *image_of(const struct compose_service *service)
{
	const struct value *image = value_get(service->root, "image");

	/* what is built here is named here */
	return image != NULL && image->type == VALUE_SCALAR
			       && value_get(service->root, "build") == NULL
		       ? image
		       : NULL;
}

static void check_tag(struct examination *exam, const struct compose_service *service)
{
	const struct value *image = image_of(service);
	struct docker_image parts;

	if (image == NULL)
		return;
	parts = docker_image_parse(image->text);
	if (parts.digest.ptr == NULL && !is_variable(parts.whole)
	    && (parts.tag.ptr == NULL || text_is(parts.tag, "latest")))
		compose_report(exam, service, image, "%.*s: which image runs changes under you",
			       TEXT_ARGS(image->text));
}

void co_image_tag(struct examination *exam)
{
	each_compose_service(exam, check_tag);
}

static void check_digest(struct examination *exam, const struct compose_service *service)
{
	const struct value *image = image_of(service);

	if (image != NULL && !is_variable(image->text)
	    && docker_image_parse(image->text).digest.ptr == NULL)
		compose_report(exam, service, image, "%.*s has no digest", TEXT_ARGS(image->text));
}

void co_image_digest(struct examination *exam)
{
	each_compose_service(exam, check_digest);
}

/* ---- secrets ---- */

static void check_pair(struct examination *exam, const struct compose_service *service,
		       const struct value *at, struct text name, struct text value)
{
	if (sensitive_name(name) && !text_ends_with_nocase(name, TEXT("_FILE"))
	    && !sensitive_is_reference(value) && !is_variable(value))
		compose_report(exam, service, at, "%.*s holds its secret in the file",
			       TEXT_ARGS(name));
}

/* "NAME: value" or "- NAME=value" */
static void check_pairs(struct examination *exam, const struct compose_service *service,
			const struct value *pairs)
{
	if (pairs == NULL)
		return;
	VALUE_FOR_EACH(pairs, pair)
	{
		struct text rest = pair->text;

		if (pair->type != VALUE_SCALAR)
			continue;
		if (pairs->type == VALUE_MAPPING) {
			check_pair(exam, service, pair, pair->key->text, pair->text);
		} else {
			const struct text name = text_split(&rest, '=');

			check_pair(exam, service, pair, name, rest);
		}
	}
}

static void check_secrets(struct examination *exam, const struct compose_service *service)
{
	check_pairs(exam, service, value_get(service->root, "environment"));
	check_pairs(exam, service, value_find(service->root, "build.args"));
}

void co_secret(struct examination *exam)
{
	each_compose_service(exam, check_secrets);
}

/* ---- ports ---- */

/* "3000", "8000:8000", "127.0.0.1:80:80/tcp", "[::1]:80:80": what comes before the last two. */
static bool is_on_all_addresses(struct text port)
{
	const size_t last = text_find_last_char(port, ':');
	struct text host;

	if (last == TEXT_NONE)
		return true;
	host = text_until(port, last);
	if (text_find_last_char(host, ':') == TEXT_NONE)
		return true;
	host = text_until(host, text_find_last_char(host, ':'));
	return text_is(host, "0.0.0.0") || text_is(host, "[::]");
}

static void check_port(struct examination *exam, const struct compose_service *service,
		       const struct value *port)
{
	const struct text address = manifest_text(port, "host_ip");
	const bool is_open =
		port->type == VALUE_SCALAR
			? is_on_all_addresses(port->text)
			: address.len == 0 || text_is(address, "0.0.0.0") || text_is(address, "::");

	if (is_open && (port->type != VALUE_SCALAR || !is_variable(port->text)))
		compose_report(exam, service, port,
			       "the port is open on every address of the host, past its firewall; "
			       "127.0.0.1:… keeps it here");
}

static void check_ports(struct examination *exam, const struct compose_service *service)
{
	const struct value *ports = value_get(service->root, "ports");

	if (ports != NULL && ports->type == VALUE_SEQUENCE)
		VALUE_FOR_EACH(ports, port)
	check_port(exam, service, port);
}

void co_open_port(struct examination *exam)
{
	each_compose_service(exam, check_ports);
}

/* ---- health and limits ---- */

static void check_health(struct examination *exam, const struct compose_service *service)
{
	const struct value *health = value_get(service->root, "healthcheck");
	const struct value *test = value_get(health, "test");
	const bool is_off = manifest_is_true(health, "disable")
			    || (test != NULL && test->type == VALUE_SEQUENCE && test->first != NULL
				&& text_is(test->first->text, "NONE"));

	if (health == NULL || is_off)
		compose_report(exam, service, health != NULL ? health : service->root,
			       "nothing tells whether it works: it has no healthcheck");
}

void co_healthcheck(struct examination *exam)
{
	each_compose_service(exam, check_health);
}

static void check_limit(struct examination *exam, const struct compose_service *service,
			const char *key, const char *deploy_path, const char *message)
{
	if (value_get(service->root, key) == NULL && value_find(service->root, deploy_path) == NULL)
		compose_report(exam, service, manifest_nearest(service->root, deploy_path), "%s",
			       message);
}

static void check_memory(struct examination *exam, const struct compose_service *service)
{
	check_limit(exam, service, "mem_limit", "deploy.resources.limits.memory",
		    "it has no memory limit: one leak takes the host down");
}

void co_memory(struct examination *exam)
{
	each_compose_service(exam, check_memory);
}

static void check_processes(struct examination *exam, const struct compose_service *service)
{
	check_limit(exam, service, "pids_limit", "deploy.resources.limits.pids",
		    "it has no limit of processes: a fork bomb takes the host down");
}

void co_processes(struct examination *exam)
{
	each_compose_service(exam, check_processes);
}

/* ---- the file ---- */

static void check_target(struct examination *exam, const struct compose_service *service,
			 const struct value *at, struct text name)
{
	if (name.len > 0 && !is_variable(name) && compose_find(exam->compose, name) == NULL)
		compose_report(exam, service, at, "there is no service '%.*s' in this file",
			       TEXT_ARGS(name));
}

static void check_references(struct examination *exam, const struct compose_service *service)
{
	const struct value *targets = value_get(service->root, "depends_on");
	const struct value *mode = value_get(service->root, "network_mode");

	/* they may come from there */
	if (value_get(exam->compose->root, "include") != NULL)
		return;
	if (targets != NULL)
		VALUE_FOR_EACH(targets, target)
	check_target(exam, service, target,
		     targets->type == VALUE_MAPPING ? target->key->text : target->text);
	if (mode != NULL && text_starts_with(mode->text, TEXT("service:")))
		check_target(exam, service, mode, text_from(mode->text, 8));
}

void co_reference(struct examination *exam)
{
	each_compose_service(exam, check_references);
}

void co_version(struct examination *exam)
{
	const struct value *version = value_get(exam->compose->root, "version");
	const struct value *root = exam->compose->root;
	size_t end;

	if (version == NULL)
		return;

	struct finding *finding =
		compose_report(exam, NULL, version->key, "%s", exam->check->title);

	/* the whole line, where it is a line of its own */
	end = version->end;
	while (end < exam->text.len && char_is_space(exam->text.ptr[end])
	       && exam->text.ptr[end] != '\n')
		end++;
	if (root->style == VALUE_BLOCK && end < exam->text.len && exam->text.ptr[end] == '\n'
	    && (version->key->start == 0 || exam->text.ptr[version->key->start - 1] == '\n'))
		exam_mend(exam, finding, (struct range){ version->key->start, end + 1 }, "%s", "");
}
