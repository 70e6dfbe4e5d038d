/* SPDX-License-Identifier: Apache-2.0 */
/* hadolint_copy.c — COPY and ADD. */
#include "check/hadolint.h"

static struct text copy_target(const struct docker_instruction *copy)
{
	return copy->word_count > 0 ? docker_unquote(copy->words[copy->word_count - 1].raw)
				    : TEXT("");
}

static struct text path_name(struct text path)
{
	path = docker_unquote(path);
	for (size_t at = path.len; at > 0; at--)
		if (path.ptr[at - 1] == '/' || path.ptr[at - 1] == '\\')
			return text_from(path, at);
	return path;
}

static bool extracts(const struct shell_command *command)
{
	static const char *const tools[] = { "unzip", "gunzip", "bunzip2",    "unlzma", "unxz",
					     "zgz",   "zcat",   "uncompress", "gzcat" };

	for (size_t i = 0; i < COUNT_OF(tools); i++)
		if (text_is(command->name, tools[i]))
			return true;
	if (!text_is(command->name, "tar"))
		return false;
	for (size_t i = 1; i < command->count; i++) {
		const struct text word = command->words[i].text;

		if (text_is(word, "--extract") || text_is(word, "--get")
		    || (text_starts_with(word, TEXT("-")) && text_contains(word, TEXT("x"))))
			return true;
	}
	return false;
}

/* Whether a RUN below the COPY, in its stage, extracts the archive. */
static bool is_extracted(const struct dockerfile *file, const struct docker_instruction *copy,
			 struct text archive)
{
	for (size_t i = (size_t)(copy - file->instructions) + 1; i < file->count; i++) {
		const struct docker_instruction *run = &file->instructions[i];

		if (run->op == DOCKER_FROM)
			return false;
		for (size_t j = 0; run->op == DOCKER_RUN && j < run->shell->count; j++) {
			const struct shell_command *command = &run->shell->commands[j];

			for (size_t k = 1; extracts(command) && k < command->count; k++)
				if (text_equal(path_name(command->words[k].text), archive))
					return true;
		}
	}
	return false;
}

static void check_archive(struct examination *exam, const struct docker_instruction *copy)
{
	const struct text target = copy_target(copy);
	bool found = false;

	if (docker_flag(copy, "from").ptr != NULL || copy->word_count < 2)
		return;
	if (docker_is_archive(target)) {
		found = is_extracted(exam->dockerfile, copy, path_name(target));
	} else {
		for (size_t i = 0; i + 1 < copy->word_count && !found; i++)
			found = docker_is_archive(copy->words[i].raw)
				&& is_extracted(exam->dockerfile, copy,
						path_name(copy->words[i].raw));
	}
	if (found)
		docker_report(exam, copy);
}

void dl3010_add_archive(struct examination *exam)
{
	docker_each(exam, DOCKER_COPY, false, check_archive);
}

static bool is_url(struct text path)
{
	path = docker_unquote(path);
	return text_starts_with(path, TEXT("https://")) || text_starts_with(path, TEXT("http://"));
}

static void check_add(struct examination *exam, const struct docker_instruction *add)
{
	for (size_t i = 0; i + 1 < add->word_count; i++) {
		if (docker_is_archive(add->words[i].raw) || is_url(add->words[i].raw))
			continue;

		struct finding *finding = docker_report(exam, add);

		if (add->word_count == 2)
			exam_mend(exam, finding, add->keyword, "COPY");
		return;
	}
}

void dl3020_add_file(struct examination *exam)
{
	docker_each(exam, DOCKER_ADD, false, check_add);
}

static void check_many(struct examination *exam, const struct docker_instruction *copy)
{
	const struct text target = copy_target(copy);

	if (copy->word_count <= 2 || text_ends_with(target, TEXT("/")))
		return;

	struct finding *finding = docker_report(exam, copy);
	const struct docker_word *last = &copy->words[copy->word_count - 1];

	if (!copy->is_json && last->raw.len == target.len)
		exam_mend(exam, finding, (struct range){ last->at.end, last->at.end }, "/");
}

void dl3021_copy_many(struct examination *exam)
{
	docker_each(exam, DOCKER_COPY, false, check_many);
}

static void check_from_known(struct examination *exam, const struct docker_instruction *copy)
{
	const struct text from = docker_unquote(docker_flag(copy, "from"));

	if (from.len == 0 || text_find_char(from, ':') != TEXT_NONE
	    || docker_stage_find(exam->dockerfile, from, copy->stage + 1) != 0)
		return;
	exam_report(exam, copy->keyword, "--from=%.*s names no stage above", TEXT_ARGS(from));
}

void dl3022_copy_from_unknown(struct examination *exam)
{
	docker_each(exam, DOCKER_COPY, false, check_from_known);
}

static void check_from_self(struct examination *exam, const struct docker_instruction *copy)
{
	const struct text from = docker_unquote(docker_flag(copy, "from"));
	const struct text own = exam->dockerfile->stages[copy->stage].image.alias;

	if (from.len > 0 && own.ptr != NULL && text_equal(from, own))
		docker_report(exam, copy);
}

void dl3023_copy_from_self(struct examination *exam)
{
	docker_each(exam, DOCKER_COPY, false, check_from_self);
}

static bool is_absolute(struct text path)
{
	return path.len > 0
	       && (path.ptr[0] == '/' || path.ptr[0] == '$'
		   || (path.len > 2 && path.ptr[1] == ':'
		       && (path.ptr[2] == '\\' || path.ptr[2] == '/')));
}

/* A WORKDIR above in the stage, or anywhere in a stage it builds on. */
static bool has_workdir(const struct dockerfile *file, const struct docker_instruction *copy)
{
	size_t stage = copy->stage, end = (size_t)(copy - file->instructions);

	for (unsigned depth = 0; depth < 64; depth++) {
		for (size_t i = file->stages[stage].first; i < end; i++)
			if (file->instructions[i].op == DOCKER_WORKDIR)
				return true;
		stage = file->stages[stage].parent;
		if (stage == 0)
			return false;
		end = file->stages[stage].last + 1;
	}
	return false;
}

static void check_relative(struct examination *exam, const struct docker_instruction *copy)
{
	if (copy->word_count > 0 && !is_absolute(copy_target(copy))
	    && !has_workdir(exam->dockerfile, copy))
		docker_report(exam, copy);
}

void dl3045_copy_relative(struct examination *exam)
{
	docker_each(exam, DOCKER_COPY, false, check_relative);
}

static void check_root(struct examination *exam, const struct docker_instruction *copy)
{
	if (docker_flag(copy, "from").len == 0 || !text_is(copy_target(copy), "/"))
		return;
	for (size_t i = 0; i + 1 < copy->word_count; i++) {
		if (text_is(docker_unquote(copy->words[i].raw), "/")) {
			docker_report(exam, copy);
			return;
		}
	}
}

void dl3067_copy_root(struct examination *exam)
{
	docker_each(exam, DOCKER_COPY, false, check_root);
}
