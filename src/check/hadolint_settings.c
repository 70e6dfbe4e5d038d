/* SPDX-License-Identifier: Apache-2.0 */
/* hadolint_settings.c — WORKDIR, USER, EXPOSE, ENV and the other instructions that set something.
 */
#include "check/hadolint.h"

static bool is_letter(char c)
{
	return char_lower(c) >= 'a' && char_lower(c) <= 'z';
}

static void check_workdir(struct examination *exam, const struct docker_instruction *workdir)
{
	const struct text path = docker_unquote(workdir->text);

	if (path.len == 0 || path.ptr[0] == '/' || path.ptr[0] == '$'
	    || (path.len > 1 && is_letter(path.ptr[0]) && path.ptr[1] == ':'))
		return;
	docker_report(exam, workdir);
}

void dl3000_workdir(struct examination *exam)
{
	docker_each(exam, DOCKER_WORKDIR, false, check_workdir);
}

static bool is_root(struct text user)
{
	return text_is(user, "root") || text_is(user, "0") || text_starts_with(user, TEXT("root:"))
	       || text_starts_with(user, TEXT("0:"));
}

static const struct docker_instruction *last_in_stage(const struct dockerfile *file, size_t stage,
						      enum docker_op op)
{
	for (size_t i = file->stages[stage].last + 1; i-- > file->stages[stage].first;)
		if (file->instructions[i].op == op)
			return &file->instructions[i];
	return NULL;
}

void dl3002_last_user(struct examination *exam)
{
	for (size_t stage = 1; stage < exam->dockerfile->stage_count; stage++) {
		const struct docker_instruction *user =
			last_in_stage(exam->dockerfile, stage, DOCKER_USER);

		if (user != NULL && is_root(user->text))
			docker_report(exam, user);
	}
}

static bool is_port_number_valid(struct text port)
{
	uint64_t number;

	/* a variable is judged where it has its value */
	return text_find_char(port, '$') != TEXT_NONE || port.len == 0
	       || !char_is_digit(port.ptr[0]) || text_parse_number(port, 65535, &number);
}

static void check_ports(struct examination *exam, const struct docker_instruction *expose)
{
	for (size_t i = 0; i < expose->word_count; i++) {
		struct text port = docker_unquote(expose->words[i].raw);

		port = text_split(&port, '/');

		const struct text low = text_split(&port, '-');

		if (is_port_number_valid(low) && (port.ptr == NULL || is_port_number_valid(port)))
			continue;
		docker_report(exam, expose);
		return;
	}
}

void dl3011_port(struct examination *exam)
{
	docker_each(exam, DOCKER_EXPOSE, false, check_ports);
}

/* All but the first of a stage are reported. */
static void report_repeated(struct examination *exam, enum docker_op op)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0, seen = 0; i < file->count; i++) {
		if (file->instructions[i].op == DOCKER_FROM)
			seen = 0;
		else if (file->instructions[i].op == op && seen++ > 0)
			docker_report(exam, &file->instructions[i]);
	}
}

void dl3012_healthchecks(struct examination *exam)
{
	report_repeated(exam, DOCKER_HEALTHCHECK);
}

void dl4003_cmds(struct examination *exam)
{
	report_repeated(exam, DOCKER_CMD);
}

void dl4004_entrypoints(struct examination *exam)
{
	report_repeated(exam, DOCKER_ENTRYPOINT);
}

/* Words that need no shell keep their meaning as a JSON array. */
static bool is_plain(struct text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr("$`\\\"'|&;<>()*?[]{}~#!=\n", text.ptr[i]) != NULL)
			return false;
	return text.len > 0;
}

static void check_form(struct examination *exam, const struct docker_instruction *instruction)
{
	AUTO_BUFFER struct buffer array = { 0 };

	if (instruction->is_json)
		return;

	struct finding *finding = docker_report(exam, instruction);

	if (!is_plain(instruction->text))
		return;
	for (size_t i = 0; i < instruction->word_count; i++)
		buffer_printf(&array, "%s\"%.*s\"", i > 0 ? ", " : "[",
			      TEXT_ARGS(instruction->words[i].raw));
	exam_mend(exam, finding, docker_place(instruction, 0, instruction->text.len), "%s]",
		  array.data);
}

void dl3025_shell_form(struct examination *exam)
{
	docker_each(exam, DOCKER_CMD, false, check_form);
	docker_each(exam, DOCKER_ENTRYPOINT, false, check_form);
}

static void check_trigger(struct examination *exam, const struct docker_instruction *onbuild)
{
	const enum docker_op op = onbuild->trigger != NULL ? onbuild->trigger->op : DOCKER_UNKNOWN;

	if (op == DOCKER_ONBUILD || op == DOCKER_FROM || op == DOCKER_MAINTAINER)
		exam_report(exam, onbuild->keyword, "ONBUILD cannot trigger %s",
			    docker_op_name(op));
}

void dl3043_onbuild(struct examination *exam)
{
	docker_each(exam, DOCKER_ONBUILD, false, check_trigger);
}

static bool is_name_char(char c)
{
	return char_is_digit(c) || is_letter(c) || c == '_';
}

/* "$NAME" or "${NAME}" anywhere in the value. */
static bool refers_to(struct text value, struct text name)
{
	for (size_t at = 0; at + 1 < value.len; at++) {
		if (value.ptr[at] != '$')
			continue;

		const bool braced = value.ptr[at + 1] == '{';
		const struct text rest = text_from(value, at + 1 + braced);

		if (!text_starts_with(rest, name))
			continue;
		if (braced ? rest.len > name.len && rest.ptr[name.len] == '}'
			   : rest.len == name.len || !is_name_char(rest.ptr[name.len]))
			return true;
	}
	return false;
}

static bool is_defined_above(const struct dockerfile *file, const struct docker_instruction *env,
			     struct text name)
{
	for (const struct docker_instruction *at = file->instructions; at < env; at++)
		for (size_t i = 0; i < at->pair_count; i++)
			if (at->op != DOCKER_LABEL && text_equal(at->pairs[i].key, name))
				return true;
	return false;
}

static void check_env_self(struct examination *exam, const struct docker_instruction *env)
{
	for (size_t i = 0; i < env->pair_count; i++) {
		for (size_t j = 0; j < env->pair_count; j++) {
			if (i == j || !refers_to(env->pairs[j].value, env->pairs[i].key)
			    || is_defined_above(exam->dockerfile, env, env->pairs[i].key))
				continue;
			exam_report(
				exam, env->keyword,
				"%.*s is used in the ENV that sets it, where it has no value yet",
				TEXT_ARGS(env->pairs[i].key));
			return;
		}
	}
}

void dl3044_env_self(struct examination *exam)
{
	docker_each(exam, DOCKER_ENV, false, check_env_self);
}

void dl3057_no_healthcheck(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t stage = 1; stage < file->stage_count; stage++) {
		bool found = false;

		for (size_t at = stage; at > 0 && !found; at = file->stages[at].parent)
			found = last_in_stage(file, at, DOCKER_HEALTHCHECK) != NULL;
		if (!found)
			docker_report(exam, &file->instructions[file->stages[stage].first]);
	}
}

static bool is_sensitive(struct text name)
{
	static const char *const parts[] = { "api_key", "client_key", "password", "private",
					     "secret",  "token",      "username" };
	static const char *const names[] = {
		"APPLICATION_KEY",    "AWS_ACCESS_KEY_ID",  "CI_DEPLOY_USER",
		"DOCKER_EMAIL",       "FACEBOOK_APP_ID",    "HEROKU_API_USER",
		"OKTA_AUTHN_GROUPID", "OKTA_CLIENT_ORGURL", "OKTA_OAUTH2_CLIENTID",
		"STRIPE_DEVICE_NAME", "TRAVIS_OS_NAME",     "TRAVIS_SECURE_ENV_VARS",
		"TRAVIS_SUDO",
	};

	for (size_t i = 0; i < COUNT_OF(parts); i++)
		for (size_t at = 0; at < name.len; at++)
			if (text_starts_with_nocase(text_from(name, at), text_of(parts[i])))
				return true;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_equal_nocase(name, text_of(names[i])))
			return true;
	return false;
}

static void check_secret(struct examination *exam, const struct docker_instruction *instruction)
{
	for (size_t i = 0; i < instruction->pair_count; i++) {
		if (!is_sensitive(instruction->pairs[i].key))
			continue;
		exam_report(exam, instruction->keyword,
			    "%.*s looks secret; what ARG and ENV hold stays in the image",
			    TEXT_ARGS(instruction->pairs[i].key));
		return;
	}
}

void dl3064_secret(struct examination *exam)
{
	docker_each(exam, DOCKER_ARG, true, check_secret);
	docker_each(exam, DOCKER_ENV, true, check_secret);
}

static void check_user_number(struct examination *exam, const struct docker_instruction *user)
{
	struct text rest = user->text;
	const struct text name = text_split(&rest, ':');

	for (size_t i = 0; i < name.len; i++) {
		if (!char_is_digit(name.ptr[i])) {
			docker_report(exam, user);
			return;
		}
	}
}

void dl3066_user_name(struct examination *exam)
{
	docker_each(exam, DOCKER_USER, false, check_user_number);
}

static void check_maintainer(struct examination *exam, const struct docker_instruction *maintainer)
{
	struct finding *finding = docker_report(exam, maintainer);
	const struct text name = docker_unquote(maintainer->text);

	if (name.len == 0 || text_find_char(name, '"') != TEXT_NONE)
		return;
	exam_mend(exam, finding, (struct range){ maintainer->keyword.start, maintainer->at.end },
		  "LABEL org.opencontainers.image.authors=\"%.*s\"", TEXT_ARGS(name));
}

void dl4000_maintainer(struct examination *exam)
{
	docker_each(exam, DOCKER_MAINTAINER, false, check_maintainer);
}
