/* SPDX-License-Identifier: Apache-2.0 */
/* hadolint_shellcheck.c — the scripts of RUN as hadolint hands them to ShellCheck: with the shell
 * that is set, and the variables that ARG and ENV set. What it finds is reported where hadolint
 * reports it, at the instruction; the message says the line. */
#include "check/hadolint.h"
#include "check/shellcheck.h"

#include "check/families.h"

#include <stdio.h>
#include <string.h>

struct scripts {
	struct shell_source sources[SHELLCHECK_SCRIPTS_MAX];
	const struct docker_instruction *runs[SHELLCHECK_SCRIPTS_MAX];
	unsigned head_lines[SHELLCHECK_SCRIPTS_MAX]; /* before the script itself */
	size_t count;
};

/* NULL: no shell that ShellCheck reads. */
static const char *dialect_of(struct text program)
{
	static const char *const dialects[] = { "sh", "bash", "dash", "ksh" };
	const struct text name = command_base_name(docker_unquote(text_trim(program)));

	for (size_t i = 0; i < COUNT_OF(dialects); i++)
		if (text_is(name, dialects[i]))
			return dialects[i];
	return text_is(name, "ash") ? "dash" : NULL;
}

static const char *dialect_by_pragma(const struct dockerfile *file, unsigned before)
{
	const char *dialect = "sh";

	for (size_t i = 0; i < file->comment_count && file->comments[i].line < before; i++) {
		struct text comment = text_trim(file->comments[i].text);

		if (!text_starts_with(comment, TEXT("hadolint shell")))
			continue;
		text_split(&comment, '=');
		dialect = comment.ptr != NULL ? dialect_of(comment) : dialect;
	}
	return dialect;
}

static bool is_name(struct text key)
{
	for (size_t i = 0; i < key.len; i++)
		if (key.ptr[i] != '_' && !char_is_digit(key.ptr[i])
		    && (char_lower(key.ptr[i]) < 'a' || char_lower(key.ptr[i]) > 'z'))
			return false;
	return key.len > 0 && !char_is_digit(key.ptr[0]);
}

static void add_variables(const struct docker_instruction *instruction, struct buffer *head)
{
	for (size_t i = 0; i < instruction->pair_count; i++)
		if (is_name(instruction->pairs[i].key))
			buffer_printf(head, "export %.*s=1\n",
				      TEXT_ARGS(instruction->pairs[i].key));
}

static unsigned count_lines(struct text text)
{
	unsigned lines = 0;

	for (size_t i = 0; i < text.len; i++)
		lines += text.ptr[i] == '\n';
	return lines;
}

static void add_script(struct examination *exam, struct scripts *scripts, const char *dialect,
		       const struct buffer *head, const struct docker_instruction *run)
{
	struct text script = run->shell->text;

	if (scripts->count == SHELLCHECK_SCRIPTS_MAX || dialect == NULL || run->is_json)
		return;
	scripts->runs[scripts->count] = run;
	scripts->head_lines[scripts->count] = count_lines(buffer_text(head));
	script = text_of(arena_printf(exam->arena, "%.*s%.*s\n", TEXT_ARGS(buffer_text(head)),
				      TEXT_ARGS(script)));
	scripts->sources[scripts->count++] = (struct shell_source){ dialect, script };
}

static void collect(struct examination *exam, struct scripts *scripts)
{
	const struct dockerfile *file = exam->dockerfile;
	AUTO_BUFFER struct buffer head = { 0 };
	const char *dialect = "sh";

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *at = &file->instructions[i];

		if (at->op == DOCKER_FROM) {
			buffer_clear(&head);
			dialect = dialect_by_pragma(file, at->line);
		} else if (at->op == DOCKER_SHELL) {
			dialect = at->word_count > 0 ? dialect_of(at->words[0].raw) : NULL;
		} else if (at->op == DOCKER_ARG || at->op == DOCKER_ENV) {
			add_variables(at, &head);
		} else if (at->op == DOCKER_RUN && at->shell != NULL) {
			add_script(exam, scripts, dialect, &head, at);
		}
	}
}

/* Where in the file a byte of the script stands, where it stands on the instruction's own lines. */
static unsigned line_in_file(const struct examination *exam, const struct docker_instruction *run,
			     const struct shell_remark *remark)
{
	const struct range place =
		docker_place(run, MIN_OF((size_t)remark->column - 1, run->text.len),
			     MIN_OF((size_t)remark->column, run->text.len));

	return line_index_span(&exam->lines, place).line;
}

static void report(struct examination *exam, const struct scripts *scripts,
		   const struct shell_remark *remark)
{
	const struct docker_instruction *run = scripts->runs[remark->script];
	const unsigned head = scripts->head_lines[remark->script];
	struct shell_remark own = *remark;
	struct finding *finding;
	char id[16];

	snprintf(id, sizeof(id), "SC%u", remark->code);
	if (check_find(text_of(id)) == NULL || remark->line <= head || remark->column == 0)
		return;
	own.line -= head;
	if (own.line == 1 && run->heredoc_count == 0 && line_in_file(exam, run, &own) != run->line)
		finding = exam_report_as(exam, id, run->keyword, "%s (line %u)", remark->message,
					 line_in_file(exam, run, &own));
	else
		finding = exam_report_as(exam, id, run->keyword, "%s", remark->message);
	if (finding != NULL)
		finding->severity = remark->severity;
}

static bool is_wanted(const struct examination *exam)
{
	for (size_t i = 0; i < shellcheck_family.count; i++)
		if (exam_wants(exam, &shellcheck_family.checks[i]))
			return true;
	return false;
}

int hadolint_shellcheck(struct examination *exam, struct error *err)
{
	AUTO(mem_free) void *memory = NULL;
	struct scripts *scripts;
	struct shell_remarks remarks;
	int result;

	if (exam->options->shellcheck == NULL || !is_wanted(exam))
		return 0;
	memory = mem_alloc(sizeof(*scripts));
	scripts = memory;
	collect(exam, scripts);
	if (scripts->count == 0)
		return 0;
	result = shellcheck_run(exam->options->shellcheck, scripts->sources, scripts->count,
				exam->arena, &remarks, err);
	for (size_t i = 0; result == 0 && i < remarks.count; i++)
		report(exam, scripts, &remarks.items[i]);
	return result;
}
