/* SPDX-License-Identifier: Apache-2.0 */
#include "check/docker_hardening.h"
#include "check/hadolint.h"

#include <string.h>

static struct text file_name(struct text path)
{
	const size_t slash = text_find_last_char(path, '/');

	return slash == TEXT_NONE ? path : text_from(path, slash + 1);
}

static bool is_secret_file(struct text path)
{
	static const char *const names[] = {
		"id_rsa",  "id_ecdsa",         "id_ed25519",  ".npmrc",    ".pypirc", ".netrc",
		".pgpass", ".git-credentials", "credentials", ".htpasswd", ".env",    "kubeconfig"
	};
	static const char *const endings[] = {
		".key", ".pem", ".p12", ".pfx", ".jks", ".keystore"
	};
	const struct text name = file_name(docker_unquote(path));

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_is(name, names[i]))
			return true;
	for (size_t i = 0; i < COUNT_OF(endings); i++)
		if (text_ends_with(name, text_of(endings[i])))
			return true;
	return false;
}

static bool is_key_directory(struct text path)
{
	static const char *const names[] = { "certs", "keys", "secrets", "ssl",
					     ".ssh",  ".aws", "private" };

	path = docker_unquote(path);
	while (path.len > 1 && path.ptr[path.len - 1] == '/')
		path.len--;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_is(file_name(path), names[i]))
			return true;
	return false;
}

static void check_copied(struct examination *exam, const struct docker_instruction *copy)
{
	for (size_t i = 0; i + 1 < copy->word_count; i++) {
		const struct text path = copy->words[i].raw;

		if (is_secret_file(path) || is_key_directory(path))
			exam_report(exam, copy->words[i].at,
				    "%.*s is copied into the image, where everyone who pulls it "
				    "reads it",
				    TEXT_ARGS(path));
	}
}

void df_secret_file(struct examination *exam)
{
	docker_each(exam, DOCKER_COPY, true, check_copied);
	docker_each(exam, DOCKER_ADD, true, check_copied);
}

/* ---- modes of keys that a later command opens again ---- */

static bool is_mode(struct text word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.ptr[i] < '0' || word.ptr[i] > '7')
			return false;
	return word.len >= 3 && word.len <= 4;
}

static bool is_open_mode(struct text mode)
{
	return is_mode(mode) && (mode.ptr[mode.len - 1] != '0' || mode.ptr[mode.len - 2] != '0');
}

static bool closes_keys(const struct shell_command *command)
{
	if (!text_is(command->name, "chmod") || command->count < 3
	    || !is_mode(command->words[1].text) || is_open_mode(command->words[1].text))
		return false;
	for (size_t i = 2; i < command->count; i++)
		if (is_secret_file(command->words[i].text)
		    || is_key_directory(command->words[i].text))
			return true;
	return false;
}

/* "chmod -R 644 /app", "find /app -type f -exec chmod 644 {} \;" */
static bool opens_all(const struct shell_command *command)
{
	const bool recursive = text_is(command->name, "chmod") && command_has_flag(command, "R");
	const bool found = text_is(command->name, "find") && command_has_arg(command, "chmod")
			   && !command_has_arg(command, "d");

	for (size_t i = 1; (recursive || found) && i < command->count; i++)
		if (is_open_mode(command->words[i].text))
			return true;
	return false;
}

void df_key_mode(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;
	bool closed = false;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *run = &file->instructions[i];

		if (run->op == DOCKER_FROM)
			closed = false;
		for (size_t j = 0; run->op == DOCKER_RUN && j < run->shell->count; j++) {
			const struct shell_command *command = &run->shell->commands[j];

			closed |= closes_keys(command);
			if (closed && opens_all(command))
				exam_report(exam, docker_place_word(run, &command->words[0]), "%s",
					    exam->check->title);
		}
	}
}

/* ---- credentials written into the file ---- */

struct secret_form {
	const char *prefix, *what;
	size_t digits; /* that follow, of the alphabet below */
};

static const struct secret_form secret_forms[] = {
	{ "AKIA", "an AWS access key", 16 },
	{ "ghp_", "a GitHub token", 36 },
	{ "github_pat_", "a GitHub token", 40 },
	{ "glpat-", "a GitLab token", 20 },
	{ "xoxb-", "a Slack token", 20 },
	{ "sk_live_", "a Stripe key", 20 },
	{ "AIza", "a Google API key", 35 },
	{ "npm_", "an npm token", 36 },
	{ "-----BEGIN RSA PRIVATE KEY", "a private key", 0 },
	{ "-----BEGIN PRIVATE KEY", "a private key", 0 },
	{ "-----BEGIN EC PRIVATE KEY", "a private key", 0 },
	{ "-----BEGIN OPENSSH PRIVATE KEY", "a private key", 0 },
};

static size_t token_length(struct text text)
{
	size_t len = 0;

	while (len < text.len
	       && (char_is_digit(text.ptr[len]) || text.ptr[len] == '_' || text.ptr[len] == '-'
		   || (char_lower(text.ptr[len]) >= 'a' && char_lower(text.ptr[len]) <= 'z')))
		len++;
	return len;
}

static void find_secret(struct examination *exam, const struct secret_form *form)
{
	const struct text prefix = text_of(form->prefix);
	size_t at = 0;

	while (at + prefix.len < exam->text.len) {
		const char *hit =
			memmem(exam->text.ptr + at, exam->text.len - at, prefix.ptr, prefix.len);

		if (hit == NULL)
			return;
		at = (size_t)(hit - exam->text.ptr);

		const size_t len = token_length(text_from(exam->text, at + prefix.len));

		if (len >= form->digits)
			exam_report(exam, (struct range){ at, at + prefix.len },
				    "%s is written into the file", form->what);
		at += prefix.len;
	}
}

void df_secret_literal(struct examination *exam)
{
	for (size_t i = 0; i < COUNT_OF(secret_forms); i++)
		find_secret(exam, &secret_forms[i]);
}
