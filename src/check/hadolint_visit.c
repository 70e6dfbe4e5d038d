/* SPDX-License-Identifier: Apache-2.0 */
/* hadolint_visit.c — walking the instructions and reporting them, shared by all rules. */
#include "check/hadolint.h"

void docker_each(struct examination *exam, enum docker_op op, bool triggers, docker_visit_fn visit)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *instruction = &file->instructions[i];

		if (instruction->op == op)
			visit(exam, instruction);
		else if (triggers && instruction->trigger != NULL && instruction->trigger->op == op)
			visit(exam, instruction->trigger);
	}
}

struct finding *docker_report(struct examination *exam,
			      const struct docker_instruction *instruction)
{
	return exam_report(exam, instruction->keyword, "%s", exam->check->title);
}

static bool has_fault(const struct docker_instruction *run, docker_command_fn is_fault)
{
	for (size_t i = 0; run->shell != NULL && i < run->shell->count; i++)
		if (is_fault(&run->shell->commands[i]))
			return true;
	return false;
}

void docker_report_runs(struct examination *exam, docker_command_fn is_fault)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *run = &file->instructions[i];

		if (run->trigger != NULL)
			run = run->trigger;
		if (run->op == DOCKER_RUN && has_fault(run, is_fault))
			docker_report(exam, run);
	}
}

bool docker_has_cache_mount(const struct docker_instruction *instruction, const char *directory)
{
	for (size_t i = 0; i < instruction->flag_count; i++) {
		const struct text value = instruction->flags[i].value;

		if (text_is(instruction->flags[i].key, "mount")
		    && (text_contains(value, TEXT("type=cache"))
			|| text_contains(value, TEXT("type=tmpfs")))
		    && text_contains(value, text_of(directory)))
			return true;
	}
	return false;
}

bool docker_is_archive(struct text path)
{
	static const char *const endings[] = { ".tar",  ".Z",   ".bz2", ".gz",  ".lz",
					       ".lzma", ".tZ",  ".tb2", ".tbz", ".tbz2",
					       ".tgz",  ".tlz", ".tpz", ".txz", ".xz" };

	path = docker_unquote(path);
	for (size_t i = 0; i < COUNT_OF(endings); i++)
		if (text_ends_with(path, text_of(endings[i])))
			return true;
	return false;
}

struct range docker_place_word(const struct docker_instruction *instruction,
			       const struct shell_word *word)
{
	const struct text script = instruction->shell->text, text = instruction->text;

	if (script.ptr < text.ptr || script.ptr + script.len > text.ptr + text.len)
		return instruction->keyword;

	const size_t base = (size_t)(script.ptr - text.ptr);

	return docker_place(instruction, base + word->start, base + word->end);
}
