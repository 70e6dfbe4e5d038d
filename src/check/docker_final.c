/* SPDX-License-Identifier: Apache-2.0 */
#include "check/docker_hardening.h"
#include "check/hadolint.h"

#include <string.h>

const struct docker_instruction *docker_effective(const struct dockerfile *file, size_t stage,
						  enum docker_op op)
{
	for (unsigned depth = 0; stage > 0 && depth < 64; depth++) {
		const struct docker_stage *at = &file->stages[stage];

		for (size_t i = at->last + 1; i-- > at->first;)
			if (file->instructions[i].op == op)
				return &file->instructions[i];
		stage = at->parent;
	}
	return NULL;
}

bool docker_word_starts(struct text word, const char *const *prefixes)
{
	for (; *prefixes != NULL; prefixes++)
		if (text_starts_with(word, text_of(*prefixes)))
			return true;
	return false;
}

/* The image that the final stage stands on after all stages in between. */
static const struct docker_image *base_image(const struct dockerfile *file, size_t stage)
{
	for (unsigned depth = 0; file->stages[stage].parent > 0 && depth < 64; depth++)
		stage = file->stages[stage].parent;
	return &file->stages[stage].image;
}

static const struct docker_instruction *stage_from(const struct dockerfile *file, size_t stage)
{
	return &file->instructions[file->stages[stage].first];
}

static bool is_nonroot_image(const struct docker_image *image)
{
	return text_contains(image->whole, TEXT("nonroot"))
	       || text_contains(image->whole, TEXT("unprivileged"))
	       || text_starts_with(image->whole, TEXT("cgr.dev/"));
}

void df_no_user(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;
	const size_t stage = docker_final_stage(file);

	if (stage == 0 || docker_effective(file, stage, DOCKER_USER) != NULL
	    || is_nonroot_image(base_image(file, stage)))
		return;
	docker_report(exam, stage_from(file, stage));
}

static bool is_stage_name(const struct dockerfile *file, const struct docker_instruction *from)
{
	return docker_stage_find(file, from->image.whole, from->stage) != 0;
}

void df_no_digest(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t stage = 1; stage < file->stage_count; stage++) {
		const struct docker_instruction *from = stage_from(file, stage);
		const struct docker_image *image = &from->image;

		if (image->whole.len == 0 || image->digest.ptr != NULL
		    || text_is(image->name, "scratch") || is_stage_name(file, from)
		    || text_find_char(image->whole, '$') != TEXT_NONE)
			continue;
		exam_report(exam, from->words[0].at,
			    "%.*s is named by its tag; a digest is what cannot change",
			    TEXT_ARGS(image->whole));
	}
}

static bool installs(const struct shell_command *command)
{
	static const char *const managers[] = { "apt-get", "apt",      "apk",   "yum",
						"dnf",     "microdnf", "zypper" };

	for (size_t i = 0; i < COUNT_OF(managers); i++)
		if (text_is(command->name, managers[i]))
			return command_has_arg(command, "install")
			       || command_has_arg(command, "add");
	return false;
}

static bool is_build_package(struct text word)
{
	static const char *const names[] = {
		"gcc",     "g++",           "make",   "cmake",  "build-base", "build-essential",
		"git",     "clang",         "golang", "cargo",  "rustc",      "maven",
		"gradle",  "python3-dev",   "gdb",    "strace", "nmap",       "netcat",
		"tcpdump", "openssh-server"
	};
	const size_t equals = text_find_char(word, '=');

	if (equals != TEXT_NONE)
		word = text_until(word, equals);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_is(word, names[i]))
			return true;
	return false;
}

static bool is_build_command(const struct shell_command *command)
{
	static const struct {
		const char *name, *verb;
	} builds[] = { { "npm", "build" },    { "yarn", "build" },    { "pnpm", "build" },
		       { "go", "build" },     { "cargo", "build" },   { "mvn", "package" },
		       { "gradle", "build" }, { "dotnet", "publish" } };

	for (size_t i = 0; i < COUNT_OF(builds); i++)
		if (text_is(command->name, builds[i].name)
		    && command_has_arg(command, builds[i].verb))
			return true;
	return text_is(command->name, "make") || text_is(command->name, "gcc")
	       || text_is(command->name, "javac");
}

/* A package that the same RUN removes again is fine. */
static bool is_removed(const struct docker_instruction *run)
{
	for (size_t i = 0; i < run->shell->count; i++)
		if (command_has_arg(&run->shell->commands[i], "del")
		    || command_has_arg(&run->shell->commands[i], "purge")
		    || command_has_arg(&run->shell->commands[i], "remove"))
			return true;
	return false;
}

static void check_build_tools(struct examination *exam, const struct docker_instruction *run)
{
	for (size_t i = 0; i < run->shell->count; i++) {
		const struct shell_command *command = &run->shell->commands[i];

		if (is_build_command(command)) {
			exam_report(exam, docker_place_word(run, &command->words[0]),
				    "the shipped image builds with %.*s: compiler, sources and "
				    "caches stay in it",
				    TEXT_ARGS(command->name));
			return;
		}
		for (size_t j = 1; installs(command) && j < command->count; j++) {
			if (!is_build_package(command->words[j].text) || is_removed(run))
				continue;
			exam_report(exam, docker_place_word(run, &command->words[j]),
				    "%.*s is installed in the image that is shipped",
				    TEXT_ARGS(command->words[j].text));
			return;
		}
	}
}

void df_build_tools(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;
	const size_t stage = docker_final_stage(file);

	for (size_t i = file->stages[stage].first; stage > 0 && i <= file->stages[stage].last; i++)
		if (file->instructions[i].op == DOCKER_RUN)
			check_build_tools(exam, &file->instructions[i]);
}

void df_whole_context(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;
	const size_t stage = docker_final_stage(file);

	for (size_t i = file->stages[stage].first; stage > 0 && i <= file->stages[stage].last;
	     i++) {
		const struct docker_instruction *copy = &file->instructions[i];

		if ((copy->op == DOCKER_COPY || copy->op == DOCKER_ADD) && copy->word_count >= 2
		    && docker_flag(copy, "from").len == 0
		    && (text_is(copy->words[0].raw, ".") || text_is(copy->words[0].raw, "./")))
			exam_report(exam, copy->words[0].at, "%s", exam->check->title);
	}
}

static bool names_init(const struct docker_instruction *instruction)
{
	static const char *const inits[] = { "dumb-init", "tini",    "catatonit", "s6-",
					     "/init",     "systemd", "su-exec",   "gosu" };

	for (size_t i = 0; instruction != NULL && i < COUNT_OF(inits); i++)
		if (text_contains(instruction->text, text_of(inits[i])))
			return true;
	return false;
}

void df_no_init(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;
	const size_t stage = docker_final_stage(file);
	const struct docker_instruction *entrypoint =
		docker_effective(file, stage, DOCKER_ENTRYPOINT);
	const struct docker_instruction *cmd = docker_effective(file, stage, DOCKER_CMD);

	if ((entrypoint == NULL && cmd == NULL) || names_init(entrypoint) || names_init(cmd))
		return;
	docker_report(exam, entrypoint != NULL ? entrypoint : cmd);
}

void df_no_healthcheck(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;
	const size_t stage = docker_final_stage(file);

	if (stage > 0 && docker_effective(file, stage, DOCKER_HEALTHCHECK) == NULL)
		docker_report(exam, stage_from(file, stage));
}

static bool is_root_owner(struct text owner)
{
	return owner.len == 0 || text_is(owner, "root") || text_starts_with(owner, TEXT("root:"))
	       || text_is(owner, "0") || text_starts_with(owner, TEXT("0:"));
}

static void report_owned(struct examination *exam, struct range at, struct text what,
			 struct text owner)
{
	exam_report(exam, at, "%.*s belongs to %.*s, so the process may rewrite it",
		    TEXT_ARGS(what), TEXT_ARGS(owner));
}

static bool is_served_or_configured(struct text path)
{
	static const char *const prefixes[] = { "/etc/", "/usr/", "/bin/", "/app",
						"/opt/", "/srv/", NULL };

	return docker_word_starts(path, prefixes);
}

static void check_chown(struct examination *exam, const struct docker_instruction *run)
{
	struct text words[64];

	for (size_t i = 0; i < run->shell->count; i++) {
		const struct shell_command *command = &run->shell->commands[i];

		if (!text_is(command->name, "chown") || !command_has_flag(command, "R"))
			continue;

		const size_t count = command_operands(command, NULL, words, COUNT_OF(words));

		if (count < 2 || is_root_owner(words[0]) || !is_served_or_configured(words[1]))
			continue;
		report_owned(exam, docker_place_word(run, &command->words[0]), words[1], words[0]);
	}
}

void df_owned_by_service(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;
	const size_t stage = docker_final_stage(file);

	for (size_t i = file->stages[stage].first; stage > 0 && i <= file->stages[stage].last;
	     i++) {
		const struct docker_instruction *at = &file->instructions[i];

		if (at->op == DOCKER_RUN)
			check_chown(exam, at);
		else if (at->op == DOCKER_COPY && at->word_count > 1
			 && !is_root_owner(docker_flag(at, "chown")))
			report_owned(exam, at->keyword, at->words[at->word_count - 1].raw,
				     docker_flag(at, "chown"));
	}
}

void df_privileged_port(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *expose = &file->instructions[i];

		for (size_t j = 0; expose->op == DOCKER_EXPOSE && j < expose->word_count; j++) {
			struct text port = expose->words[j].raw;
			uint64_t number;

			port = text_split(&port, '/');
			if (text_parse_number(port, 1023, &number))
				exam_report(exam, expose->words[j].at,
					    "port %.*s needs root or a capability to listen on",
					    TEXT_ARGS(port));
		}
	}
}
