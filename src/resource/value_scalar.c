/* SPDX-License-Identifier: Apache-2.0 */
/* value_scalar.c — what an unquoted word means.
 *
 * The rules are those of sigs.k8s.io/yaml (its go-yaml v2, resolve.go), so that a file means here
 * what it means to kubectl: the YAML 1.1 booleans, octal by a leading 0 or 0o, underscores inside
 * numbers; dates and sexagesimal numbers are texts. */
#include "resource/value_build.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static bool is_one_of(struct text text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_is(text, words[i]))
			return true;
	return false;
}

static const char *const null_words[] = { "", "~", "null", "Null", "NULL" };
static const char *const true_words[] = { "true", "True", "TRUE", "y",  "Y", "yes",
					  "Yes",  "YES",  "on",   "On", "ON" };
static const char *const false_words[] = { "false", "False", "FALSE", "n",   "N",  "no",
					   "No",    "NO",    "off",   "Off", "OFF" };

bool value_text_is_null(const struct value *scalar)
{
	return scalar->style == VALUE_PLAIN
	       && is_one_of(scalar->text, null_words, COUNT_OF(null_words));
}

int value_apply_tag(struct value *scalar, struct text tag)
{
	static const char *const resolved[] = { "int", "float", "bool", "null" };
	const struct text standard = TEXT("tag:yaml.org,2002:"); /* what "!!" stands for */

	if (text_starts_with(tag, standard))
		tag = text_from(tag, standard.len);
	else if (!text_is(tag, "!"))
		return -EINVAL;
	if (is_one_of(tag, resolved, COUNT_OF(resolved)))
		return 0;
	if (!text_is(tag, "str") && !text_is(tag, "!"))
		return -EINVAL;
	if (scalar->style == VALUE_PLAIN)
		scalar->style = VALUE_DOUBLE_QUOTED;
	return 0;
}

static bool is_plain(const struct value *value)
{
	return value != NULL && value->type == VALUE_SCALAR && value->style == VALUE_PLAIN;
}

bool value_as_bool(const struct value *value, bool *out)
{
	if (!is_plain(value))
		return false;

	const bool yes = is_one_of(value->text, true_words, COUNT_OF(true_words));

	if (!yes && !is_one_of(value->text, false_words, COUNT_OF(false_words)))
		return false;
	*out = yes;
	return true;
}

#define NUMBER_MAX 64 /* letters of a number */

/* Without underscores; false where it cannot be a number. */
static bool number_text(const struct value *value, char out[NUMBER_MAX])
{
	size_t len = 0;

	if (!is_plain(value) || value->text.len == 0 || value->text.len >= NUMBER_MAX)
		return false;

	const char first = value->text.ptr[0];

	if (!char_is_digit(first) && first != '-' && first != '+' && first != '.')
		return false;
	for (size_t i = 0; i < value->text.len; i++)
		if (value->text.ptr[i] != '_')
			out[len++] = value->text.ptr[i];
	out[len] = '\0';
	return len > 0;
}

/* The digits' base by their prefix, which is skipped. */
static int number_base(const char **digits)
{
	const char kind = (*digits)[0] == '0' ? char_lower((*digits)[1]) : '\0';
	const int base = kind == 'x' ? 16 : kind == 'b' ? 2 : kind == 'o' ? 8 : 0;

	if (base > 0)
		*digits += 2;
	else if ((*digits)[0] == '0' && (*digits)[1] != '\0')
		return 8;
	return base > 0 ? base : 10;
}

bool value_as_int(const struct value *value, int64_t *out)
{
	char text[NUMBER_MAX];
	const char *digits = text;
	char *end;

	if (!number_text(value, text))
		return false;
	if (*digits == '-' || *digits == '+')
		digits++;

	const int base = number_base(&digits);

	if (!char_is_digit(*digits) && !(base == 16 && strchr("abcdefABCDEF", *digits) != NULL))
		return false;
	if (*digits == '\0')
		return false;
	errno = 0;
	const unsigned long long magnitude = strtoull(digits, &end, base);

	if (*end != '\0' || errno != 0 || magnitude > (unsigned long long)INT64_MAX)
		return false;
	*out = text[0] == '-' ? -(int64_t)magnitude : (int64_t)magnitude;
	return true;
}

static bool skip_digits(const char **text)
{
	const char *start = *text;

	while (char_is_digit(**text))
		(*text)++;
	return *text > start;
}

/* [-+]? ( .digits | digits [ . digits* ] ) ( [eE] [-+]? digits )? */
static bool is_float_text(const char *text)
{
	if (*text == '-' || *text == '+')
		text++;

	const bool whole = skip_digits(&text);
	bool fraction = false;

	if (*text == '.') {
		text++;
		fraction = skip_digits(&text);
	}
	if (!whole && !fraction)
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		if (*text == '-' || *text == '+')
			text++;
		if (!skip_digits(&text))
			return false;
	}
	return *text == '\0';
}

bool value_as_double(const struct value *value, double *out)
{
	static const char *const infinite[] = { ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF" };
	static const char *const negative[] = { "-.inf", "-.Inf", "-.INF" };
	static const char *const no_number[] = { ".nan", ".NaN", ".NAN" };
	char text[NUMBER_MAX];
	int64_t whole;

	if (value_as_int(value, &whole)) {
		*out = (double)whole;
		return true;
	}
	if (!number_text(value, text))
		return false;
	if (is_one_of(value->text, infinite, COUNT_OF(infinite)))
		*out = INFINITY;
	else if (is_one_of(value->text, negative, COUNT_OF(negative)))
		*out = -INFINITY;
	else if (is_one_of(value->text, no_number, COUNT_OF(no_number)))
		*out = NAN;
	else if (is_float_text(text))
		*out = strtod(text, NULL);
	else
		return false;
	return true;
}

bool value_is_string(const struct value *value)
{
	bool boolean;
	double number;

	return value != NULL && value->type == VALUE_SCALAR
	       && (value->style != VALUE_PLAIN
		   || (!value_as_bool(value, &boolean) && !value_as_double(value, &number)));
}

const char *value_describe(const struct value *value)
{
	bool boolean;
	int64_t whole;
	double number;

	switch (value->type) {
	case VALUE_NULL:
		return "nothing";
	case VALUE_SEQUENCE:
		return "a list";
	case VALUE_MAPPING:
		return "a mapping";
	default:
		break;
	}
	if (value_as_bool(value, &boolean))
		return "a boolean";
	if (value_as_int(value, &whole))
		return "a whole number";
	if (value_as_double(value, &number))
		return "a number";
	return "a text";
}
