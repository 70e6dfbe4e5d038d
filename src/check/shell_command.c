/* SPDX-License-Identifier: Apache-2.0 */
/* shell_command.c — questions about one command's words, by the rules hadolint has for them. */
#include "check/shell.h"

static bool is_long_flag(struct text word)
{
	return word.len > 2 && word.ptr[0] == '-' && word.ptr[1] == '-';
}

static bool is_short_flags(struct text word)
{
	return word.len > 1 && word.ptr[0] == '-' && word.ptr[1] != '-';
}

static bool is_flag_word(struct text word)
{
	return is_long_flag(word) || is_short_flags(word);
}

static struct text long_flag_name(struct text word)
{
	const struct text name = text_from(word, 2);
	const size_t equals = text_find_char(name, '=');

	return equals == TEXT_NONE ? name : text_until(name, equals);
}

static bool word_has_flag(struct text word, const char *flag)
{
	const struct text wanted = text_of(flag);

	if (is_long_flag(word))
		return text_equal(long_flag_name(word), wanted);
	return is_short_flags(word) && wanted.len == 1
	       && text_find_char(text_from(word, 1), wanted.ptr[0]) != TEXT_NONE;
}

bool command_has_arg(const struct shell_command *command, const char *arg)
{
	for (size_t i = 1; i < command->count; i++)
		if (text_is(command->words[i].text, arg))
			return true;
	return false;
}

bool command_is(const struct shell_command *command, const char *name, const char *const *args)
{
	if (!text_is(command->name, name))
		return false;
	for (; *args != NULL; args++)
		if (command_has_arg(command, *args))
			return true;
	return false;
}

bool command_has_flag(const struct shell_command *command, const char *flag)
{
	for (size_t i = 1; i < command->count; i++)
		if (word_has_flag(command->words[i].text, flag))
			return true;
	return false;
}

bool command_has_any_flag(const struct shell_command *command, const char *const *flags)
{
	for (; *flags != NULL; flags++)
		if (command_has_flag(command, *flags))
			return true;
	return false;
}

static bool takes_value(struct text word, const char *const *flags)
{
	if (is_long_flag(word) && text_find_char(word, '=') != TEXT_NONE)
		return false;
	for (; flags != NULL && *flags != NULL; flags++)
		if (word_has_flag(word, *flags))
			return true;
	return false;
}

size_t command_operands(const struct shell_command *command, const char *const *flags_with_value,
			struct text *out, size_t max)
{
	size_t count = 0;

	for (size_t i = 1; i < command->count && count < max; i++) {
		const struct text word = command->words[i].text;

		if (!is_flag_word(word))
			out[count++] = word;
		else if (takes_value(word, flags_with_value))
			i++;
	}
	return count;
}

struct text command_flag_value(const struct shell_command *command, const char *flag)
{
	for (size_t i = 1; i < command->count; i++) {
		const struct text word = command->words[i].text;

		if (!word_has_flag(word, flag))
			continue;
		if (is_long_flag(word) && text_find_char(word, '=') != TEXT_NONE)
			return text_from(word, text_find_char(word, '=') + 1);
		return i + 1 < command->count ? command->words[i + 1].text : (struct text){ 0 };
	}
	return (struct text){ 0 };
}

struct text command_base_name(struct text name)
{
	const size_t slash = text_find_last_char(name, '/');

	return slash == TEXT_NONE ? name : text_from(name, slash + 1);
}
