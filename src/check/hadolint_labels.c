/* SPDX-License-Identifier: Apache-2.0 */
/* hadolint_labels.c — LABEL; all but DL3048 judge by the label schema of .hadolint.yaml. */
#include "check/hadolint.h"

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_key_valid(struct text key)
{
	if (key.len == 0 || !is_lower(key.ptr[0])
	    || (!is_lower(key.ptr[key.len - 1]) && !char_is_digit(key.ptr[key.len - 1])))
		return false;
	for (size_t i = 0; i < key.len; i++) {
		const char c = key.ptr[i];

		if (!is_lower(c) && !char_is_digit(c) && c != '.' && c != '-')
			return false;
		if (i > 0 && c == key.ptr[i - 1] && (c == '.' || c == '-'))
			return false;
	}
	return !text_starts_with(key, TEXT("com.docker."))
	       && !text_starts_with(key, TEXT("io.docker."))
	       && !text_starts_with(key, TEXT("org.dockerproject."));
}

static void check_keys(struct examination *exam, const struct docker_instruction *label)
{
	for (size_t i = 0; i < label->pair_count; i++) {
		if (is_key_valid(label->pairs[i].key))
			continue;
		exam_report(exam, label->keyword, "'%.*s' is no valid label key",
			    TEXT_ARGS(label->pairs[i].key));
		return;
	}
}

void dl3048_label_key(struct examination *exam)
{
	docker_each(exam, DOCKER_LABEL, false, check_keys);
}

static bool stage_has_label(const struct dockerfile *file, size_t stage, struct text name)
{
	for (unsigned depth = 0; stage > 0 && depth < 64; depth++) {
		const struct docker_stage *at = &file->stages[stage];

		for (size_t i = at->first; i <= at->last; i++)
			for (size_t j = 0; j < file->instructions[i].pair_count; j++)
				if (file->instructions[i].op == DOCKER_LABEL
				    && text_equal(file->instructions[i].pairs[j].key, name))
					return true;
		stage = at->parent;
	}
	return false;
}

void dl3049_label_missing(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < exam->options->label_count; i++) {
		const char *name = exam->options->labels[i].name;

		for (size_t stage = 1; stage < file->stage_count; stage++)
			if (!stage_has_label(file, stage, text_of(name)))
				exam_report(exam,
					    file->instructions[file->stages[stage].first].keyword,
					    "the label '%s' is missing", name);
	}
}

static const struct label_rule *rule_of(const struct examination *exam, struct text key)
{
	for (size_t i = 0; i < exam->options->label_count; i++)
		if (text_is(key, exam->options->labels[i].name))
			return &exam->options->labels[i];
	return NULL;
}

static void check_extra(struct examination *exam, const struct docker_instruction *label)
{
	for (size_t i = 0; exam->options->strict_labels && i < label->pair_count; i++)
		if (rule_of(exam, label->pairs[i].key) == NULL)
			exam_report(exam, label->keyword, "the label '%.*s' is not in the schema",
				    TEXT_ARGS(label->pairs[i].key));
}

void dl3050_label_extra(struct examination *exam)
{
	docker_each(exam, DOCKER_LABEL, false, check_extra);
}

static void check_empty(struct examination *exam, const struct docker_instruction *label)
{
	for (size_t i = 0; i < label->pair_count; i++)
		if (rule_of(exam, label->pairs[i].key) != NULL && label->pairs[i].value.len == 0)
			exam_report(exam, label->keyword, "the label '%.*s' is empty",
				    TEXT_ARGS(label->pairs[i].key));
}

void dl3051_label_empty(struct examination *exam)
{
	docker_each(exam, DOCKER_LABEL, false, check_empty);
}

/* ---- the types of values ---- */

static bool is_url(struct text value)
{
	const size_t colon = text_find_char(value, ':');

	return colon != TEXT_NONE && colon > 0 && colon + 3 < value.len
	       && text_starts_with(text_from(value, colon), TEXT("://"))
	       && text_find_char(value, ' ') == TEXT_NONE;
}

static bool is_time(struct text value)
{
	int64_t ns;

	return clock_parse_utc(value, &ns);
}

static bool is_hash(struct text value)
{
	for (size_t i = 0; i < value.len; i++)
		if (!char_is_digit(value.ptr[i]) && (value.ptr[i] < 'a' || value.ptr[i] > 'f'))
			return false;
	return value.len == 40 || value.len == 7;
}

static bool is_version_core(struct text core)
{
	unsigned parts = 0;

	while (core.ptr != NULL) {
		const struct text part = text_split(&core, '.');
		uint64_t number;

		if (!text_parse_number(part, UINT64_MAX, &number)
		    || (part.len > 1 && part.ptr[0] == '0'))
			return false;
		parts++;
	}
	return parts == 3;
}

static bool is_version_tail(struct text tail)
{
	for (size_t i = 0; i < tail.len; i++) {
		const char c = tail.ptr[i];

		if (!char_is_digit(c) && !is_lower(char_lower(c)) && c != '-' && c != '.')
			return false;
	}
	return tail.len > 0;
}

static bool is_semver(struct text value) /* MAJOR.MINOR.PATCH[-pre][+build] */
{
	const size_t plus = text_find_char(value, '+');

	if (plus != TEXT_NONE) {
		if (!is_version_tail(text_from(value, plus + 1)))
			return false;
		value = text_until(value, plus);
	}

	const size_t dash = text_find_char(value, '-');

	if (dash != TEXT_NONE) {
		if (!is_version_tail(text_from(value, dash + 1)))
			return false;
		value = text_until(value, dash);
	}
	return is_version_core(value);
}

static bool is_email(struct text value)
{
	const size_t at = text_find_char(value, '@');

	return at != TEXT_NONE && at > 0 && text_find_char(value, ' ') == TEXT_NONE
	       && text_find_char(text_from(value, at + 1), '.') != TEXT_NONE
	       && text_find_char(text_from(value, at + 1), '@') == TEXT_NONE;
}

/* An SPDX expression is made of identifiers that SPDX lists; these are the ones in wide use. */
static bool is_license(struct text value)
{
	static const char *const words[] = {
		"AND",
		"OR",
		"WITH",
		"0BSD",
		"AGPL-3.0",
		"AGPL-3.0-only",
		"AGPL-3.0-or-later",
		"Apache-2.0",
		"Artistic-2.0",
		"BSD-2-Clause",
		"BSD-3-Clause",
		"BSL-1.0",
		"BUSL-1.1",
		"CC-BY-4.0",
		"CC-BY-SA-4.0",
		"CC0-1.0",
		"CDDL-1.0",
		"CDDL-1.1",
		"ECL-2.0",
		"EPL-1.0",
		"EPL-2.0",
		"EUPL-1.2",
		"GPL-2.0",
		"GPL-2.0-only",
		"GPL-2.0-or-later",
		"GPL-3.0",
		"GPL-3.0-only",
		"GPL-3.0-or-later",
		"ISC",
		"LGPL-2.1",
		"LGPL-2.1-only",
		"LGPL-2.1-or-later",
		"LGPL-3.0",
		"LGPL-3.0-only",
		"LGPL-3.0-or-later",
		"MIT",
		"MIT-0",
		"MPL-1.1",
		"MPL-2.0",
		"MS-PL",
		"NCSA",
		"OFL-1.1",
		"PostgreSQL",
		"PSF-2.0",
		"Python-2.0",
		"Ruby",
		"SSPL-1.0",
		"Unicode-3.0",
		"Unlicense",
		"UPL-1.0",
		"Vim",
		"W3C",
		"WTFPL",
		"X11",
		"Zlib",
		"ZPL-2.1",
		"Classpath-exception-2.0",
		"GCC-exception-3.1",
		"LLVM-exception",
	};

	while (value.ptr != NULL) {
		struct text word = text_split(&value, ' ');
		bool known = word.len == 0;

		while (word.len > 0 && word.ptr[0] == '(')
			word = text_from(word, 1);
		while (word.len > 0 && word.ptr[word.len - 1] == ')')
			word.len--;
		for (size_t i = 0; i < COUNT_OF(words) && !known; i++)
			known = text_is(word, words[i]);
		if (!known)
			return false;
	}
	return true;
}

static void report_type(struct examination *exam, enum label_type type,
			bool (*is_valid)(struct text value))
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *label = &file->instructions[i];

		for (size_t j = 0; label->op == DOCKER_LABEL && j < label->pair_count; j++) {
			const struct docker_pair *pair = &label->pairs[j];
			const struct label_rule *rule = rule_of(exam, pair->key);

			if (rule != NULL && rule->type == type && !is_valid(pair->value))
				exam_report(exam, label->keyword, "the label '%.*s': %s",
					    TEXT_ARGS(pair->key), exam->check->title);
		}
	}
}

void dl3052_label_url(struct examination *exam)
{
	report_type(exam, LABEL_URL, is_url);
}

void dl3053_label_time(struct examination *exam)
{
	report_type(exam, LABEL_RFC3339, is_time);
}

void dl3054_label_license(struct examination *exam)
{
	report_type(exam, LABEL_SPDX, is_license);
}

void dl3055_label_hash(struct examination *exam)
{
	report_type(exam, LABEL_HASH, is_hash);
}

void dl3056_label_version(struct examination *exam)
{
	report_type(exam, LABEL_SEMVER, is_semver);
}

void dl3058_label_email(struct examination *exam)
{
	report_type(exam, LABEL_EMAIL, is_email);
}
