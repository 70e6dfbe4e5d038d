/* SPDX-License-Identifier: Apache-2.0 */
#include "check/docker_hardening.h"
#include "check/hadolint.h"

void df_syntax(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < file->fault_count; i++)
		exam_report(exam, file->faults[i].at, "%s", file->faults[i].message);
	if (file->stage_count == 1)
		exam_report(exam, (struct range){ 0, 0 }, "the file has no FROM");
}

static bool is_shell(struct text name)
{
	static const char *const shells[] = { "sh",     "bash",    "ash", "zsh",
					      "python", "python3", "perl" };

	name = command_base_name(name);
	for (size_t i = 0; i < COUNT_OF(shells); i++)
		if (text_is(name, shells[i]))
			return true;
	return false;
}

/* Calls `check` for each command of each RUN. */
typedef bool (*run_command_fn)(const struct shell_script *script, size_t index);

static void report_commands(struct examination *exam, run_command_fn is_fault)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *run = &file->instructions[i];

		if (run->trigger != NULL)
			run = run->trigger;
		for (size_t j = 0; run->op == DOCKER_RUN && j < run->shell->count; j++)
			if (is_fault(run->shell, j))
				exam_report(
					exam,
					docker_place_word(run, &run->shell->commands[j].words[0]),
					"%s", exam->check->title);
	}
}

static bool pipes_to_shell(const struct shell_script *script, size_t index)
{
	const struct shell_command *command = &script->commands[index];

	return command->piped && index + 1 < script->count
	       && (text_is(command->name, "curl") || text_is(command->name, "wget"))
	       && is_shell(script->commands[index + 1].name);
}

void df_pipe_to_shell(struct examination *exam)
{
	report_commands(exam, pipes_to_shell);
}

static bool is_world_writable(const struct shell_script *script, size_t index)
{
	const struct shell_command *command = &script->commands[index];

	if (!text_is(command->name, "chmod"))
		return false;
	for (size_t i = 1; i < command->count; i++) {
		const struct text mode = command->words[i].text;

		if (text_is(mode, "777") || text_is(mode, "0777") || text_is(mode, "666")
		    || text_is(mode, "a+w") || text_is(mode, "o+w") || text_is(mode, "a+rwx")
		    || text_is(mode, "ugo+rwx"))
			return true;
	}
	return false;
}

void df_world_writable(struct examination *exam)
{
	report_commands(exam, is_world_writable);
}

static bool sets_id(const struct shell_script *script, size_t index)
{
	const struct shell_command *command = &script->commands[index];

	if (!text_is(command->name, "chmod"))
		return false;
	for (size_t i = 1; i < command->count; i++) {
		const struct text mode = command->words[i].text;

		if (text_is(mode, "u+s") || text_is(mode, "g+s") || text_is(mode, "+s")
		    || (mode.len == 4 && mode.ptr[0] >= '2' && mode.ptr[0] <= '7'
			&& char_is_digit(mode.ptr[1]) && char_is_digit(mode.ptr[3])))
			return true;
	}
	return false;
}

void df_setuid(struct examination *exam)
{
	report_commands(exam, sets_id);
}

static bool upgrades(const struct shell_script *script, size_t index)
{
	static const char *const managers[] = { "apt-get", "apt", "apk", "yum", "dnf", "microdnf" };
	const struct shell_command *command = &script->commands[index];

	for (size_t i = 0; i < COUNT_OF(managers); i++)
		if (text_is(command->name, managers[i])
		    && (command_has_arg(command, "upgrade")
			|| command_has_arg(command, "dist-upgrade")
			|| (command_has_arg(command, "update")
			    && !text_starts_with(command->name, TEXT("ap")))))
			return true;
	return false;
}

void df_upgrade(struct examination *exam)
{
	report_commands(exam, upgrades);
}

static void check_download(struct examination *exam, const struct docker_instruction *add)
{
	for (size_t i = 0; i + 1 < add->word_count; i++) {
		const struct text source = docker_unquote(add->words[i].raw);

		if (text_starts_with(source, TEXT("http://"))
		    || (text_starts_with(source, TEXT("https://"))
			&& docker_flag(add, "checksum").len == 0))
			exam_report(exam, add->words[i].at, "%s", exam->check->title);
	}
}

void df_unchecked_download(struct examination *exam)
{
	docker_each(exam, DOCKER_ADD, true, check_download);
}

static void check_run_flags(struct examination *exam, const struct docker_instruction *run)
{
	for (size_t i = 0; i < run->flag_count; i++)
		if ((text_is(run->flags[i].key, "security")
		     && text_is(run->flags[i].value, "insecure"))
		    || (text_is(run->flags[i].key, "network")
			&& text_is(run->flags[i].value, "host")))
			exam_report(exam, run->flags[i].at,
				    "--%.*s=%.*s lets the build out of its sandbox",
				    TEXT_ARGS(run->flags[i].key), TEXT_ARGS(run->flags[i].value));
}

void df_insecure_run(struct examination *exam)
{
	docker_each(exam, DOCKER_RUN, true, check_run_flags);
}

static bool omits_dev(const struct shell_command *command)
{
	return text_is(command->name, "npm")
	       && (command_has_arg(command, "--only=production")
		   || command_has_arg(command, "--omit=dev")
		   || command_has_arg(command, "--production"));
}

static bool builds_with_npm(const struct shell_command *command)
{
	return text_is(command->name, "npm") && command_has_arg(command, "run")
	       && command_has_arg(command, "build");
}

void df_build_without_dev(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;
	bool omitted = false;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *run = &file->instructions[i];

		if (run->op == DOCKER_FROM)
			omitted = false;
		for (size_t j = 0; run->op == DOCKER_RUN && j < run->shell->count; j++) {
			const struct shell_command *command = &run->shell->commands[j];

			omitted |= omits_dev(command);
			if (omitted && builds_with_npm(command))
				exam_report(exam, docker_place_word(run, &command->words[0]), "%s",
					    exam->check->title);
		}
	}
}

static bool copies_the_same(const struct docker_instruction *a, const struct docker_instruction *b)
{
	if (a->word_count != b->word_count
	    || !text_equal(docker_flag(a, "from"), docker_flag(b, "from")))
		return false;
	for (size_t i = 0; i < a->word_count; i++)
		if (!text_equal(a->words[i].raw, b->words[i].raw))
			return false;
	return true;
}

void df_repeated_copy(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 1; i < file->count; i++) {
		const struct docker_instruction *copy = &file->instructions[i];

		if (copy->op == DOCKER_COPY && copy[-1].op == DOCKER_COPY
		    && copies_the_same(&copy[-1], copy))
			exam_report(exam, copy->keyword, "%s", exam->check->title);
	}
}
