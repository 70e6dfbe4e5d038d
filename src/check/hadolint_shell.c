/* SPDX-License-Identifier: Apache-2.0 */
/* hadolint_shell.c — what RUN does, apart from installing packages. */
#include "check/hadolint.h"

void dl1001_pragma(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < file->comment_count; i++) {
		const struct text comment = text_trim(file->comments[i].text);

		if (text_starts_with(comment, TEXT("hadolint"))
		    && text_contains(comment, TEXT("ignore")))
			exam_report(exam, file->comments[i].at, "%s", exam->check->title);
	}
}

static bool is_pointless(const struct shell_command *command)
{
	static const char *const names[] = { "free",     "kill", "mount", "ps", "service",
					     "shutdown", "ssh",  "top",   "vim" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_is(command->name, names[i]))
			return true;
	return false;
}

void dl3001_pointless(struct examination *exam)
{
	docker_report_runs(exam, is_pointless);
}

static bool is_cd(const struct shell_command *command)
{
	return text_is(command->name, "cd");
}

void dl3003_cd(struct examination *exam)
{
	docker_report_runs(exam, is_cd);
}

static bool is_sudo(const struct shell_command *command)
{
	return text_is(command->name, "sudo");
}

void dl3004_sudo(struct examination *exam)
{
	docker_report_runs(exam, is_sudo);
}

static bool is_high_useradd(const struct shell_command *command)
{
	struct text uid = command_flag_value(command, "u");

	if (uid.ptr == NULL)
		uid = command_flag_value(command, "uid");
	return text_is(command->name, "useradd") && uid.len > 5 && !command_has_flag(command, "l")
	       && !command_has_flag(command, "no-log-init");
}

void dl3046_useradd(struct examination *exam)
{
	docker_report_runs(exam, is_high_useradd);
}

static bool is_noisy_wget(const struct shell_command *command)
{
	static const char *const quiet[] = { "progress",    "q", "quiet",         "o",
					     "output-file", "a", "append-output", "no-verbose",
					     NULL };

	return text_is(command->name, "wget") && !command_has_any_flag(command, quiet)
	       && !command_has_arg(command, "-nv");
}

void dl3047_wget_progress(struct examination *exam)
{
	docker_report_runs(exam, is_noisy_wget);
}

static bool has_same_flags(const struct docker_instruction *a, const struct docker_instruction *b)
{
	if (a->flag_count != b->flag_count)
		return false;
	for (size_t i = 0; i < a->flag_count; i++)
		if (!text_equal(a->flags[i].key, b->flags[i].key)
		    || !text_equal(a->flags[i].value, b->flags[i].value))
			return false;
	return true;
}

static size_t named_commands(const struct docker_instruction *run)
{
	size_t count = 0;

	for (size_t i = 0; i < run->shell->count; i++)
		count += run->shell->commands[i].name.ptr != NULL;
	return count;
}

/* Whoever chains commands in a RUN has thought about layers: only single ones are reported. */
void dl3059_consecutive_runs(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;
	const struct docker_instruction *last = NULL;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *run = &file->instructions[i];

		if (run->op != DOCKER_RUN)
			last = NULL;
		else if (last == NULL || !has_same_flags(last, run) || named_commands(run) > 1
			 || named_commands(last) > 1)
			last = run;
		else
			docker_report(exam, run);
	}
}

static unsigned downloaders(const struct docker_instruction *run)
{
	unsigned seen = 0;

	for (size_t i = 0; i < run->shell->count; i++) {
		seen |= text_is(run->shell->commands[i].name, "curl") ? 1U : 0U;
		seen |= text_is(run->shell->commands[i].name, "wget") ? 2U : 0U;
	}
	return seen;
}

static void check_downloaders(struct examination *exam, bool triggers)
{
	const struct dockerfile *file = exam->dockerfile;
	unsigned seen = 0;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *at = &file->instructions[i];

		if (at->op == DOCKER_FROM && !triggers)
			seen = 0;
		if (triggers)
			at = at->trigger;
		if (at == NULL || at->op != DOCKER_RUN || downloaders(at) == 0)
			continue;
		seen |= downloaders(at);
		if (seen == 3)
			docker_report(exam, at);
	}
}

void dl4001_wget_and_curl(struct examination *exam)
{
	check_downloaders(exam, false);
	check_downloaders(exam, true);
}

static bool is_shell_link(const struct shell_command *command)
{
	return text_is(command->name, "ln") && command_has_arg(command, "/bin/sh");
}

void dl4005_shell_link(struct examination *exam)
{
	docker_report_runs(exam, is_shell_link);
}

static bool is_foreign_shell(struct text script)
{
	static const char *const shells[] = { "pwsh", "powershell",    "cmd.exe",
					      "cmd ", "/usr/bin/pwsh", "/bin/pwsh" };

	for (size_t i = 0; i < COUNT_OF(shells); i++)
		if (text_starts_with_nocase(script, text_of(shells[i])))
			return true;
	return false;
}

static bool sets_pipefail(const struct shell_command *command)
{
	const struct text name = command_base_name(command->name);

	return (text_is(name, "bash") || text_is(name, "zsh") || text_is(name, "ash"))
	       && command_has_flag(command, "o") && command_has_arg(command, "pipefail");
}

static bool is_pipe_safe(const struct docker_instruction *shell)
{
	if (is_foreign_shell(shell->shell->text))
		return true;
	for (size_t i = 0; i < shell->shell->count; i++)
		if (sets_pipefail(&shell->shell->commands[i]))
			return true;
	return false;
}

/* "# hadolint shell=NAME" says which shell the base image has. */
static bool is_foreign_by_pragma(const struct dockerfile *file, unsigned before)
{
	bool foreign = false;

	for (size_t i = 0; i < file->comment_count && file->comments[i].line < before; i++) {
		struct text comment = text_trim(file->comments[i].text);

		if (!text_starts_with(comment, TEXT("hadolint shell")))
			continue;
		text_split(&comment, '=');
		foreign = comment.ptr != NULL && is_foreign_shell(text_trim(comment));
	}
	return foreign;
}

void dl4006_pipefail(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;
	bool safe = false;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *at = &file->instructions[i];

		if (at->op == DOCKER_FROM)
			safe = false;
		else if (at->op == DOCKER_SHELL)
			safe = is_pipe_safe(at);
		else if (at->op == DOCKER_RUN && !safe && at->shell->has_pipe
			 && !is_foreign_by_pragma(file, at->line))
			docker_report(exam, at);
	}
}
