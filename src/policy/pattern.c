/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pattern.h"

struct pattern pattern_of(struct text written, enum pattern_kind star)
{
	struct pattern pattern = { .kind = PATTERN_EXACT, .text = written };

	if (text_is(written, "*")) {
		pattern.kind = star;
	} else if (text_starts_with(written, TEXT("*"))) {
		pattern.kind = PATTERN_SUFFIX;
		pattern.text = text_from(written, 1);
	} else if (text_ends_with(written, TEXT("*"))) {
		pattern.kind = PATTERN_PREFIX;
		pattern.text = text_until(written, written.len - 1);
	}
	return pattern;
}

/* Linear but for the stars: only the last one passed is ever tried again. */
bool glob_matches(struct text glob, struct text value)
{
	size_t g = 0, v = 0, star = TEXT_NONE, taken = 0;

	while (v < value.len) {
		if (g < glob.len && glob.ptr[g] == '*') {
			star = g++;
			taken = v;
		} else if (g < glob.len && glob.ptr[g] == value.ptr[v]) {
			g++;
			v++;
		} else if (star != TEXT_NONE) {
			g = star + 1;
			v = ++taken;
		} else {
			return false;
		}
	}
	while (g < glob.len && glob.ptr[g] == '*')
		g++;
	return g == glob.len;
}

bool path_is_template(struct text path)
{
	return text_contains(path, TEXT("{*}")) || text_contains(path, TEXT("{**}"));
}

const char *path_template_problem(struct text path)
{
	struct text rest = path;
	bool ended = false;

	if (!text_starts_with(path, TEXT("/")))
		return "a path template begins with '/'";
	while (rest.ptr != NULL) {
		struct text segment = text_split(&rest, '/');
		bool takes_rest = text_starts_with(segment, TEXT("{**}"));
		bool takes_one = text_starts_with(segment, TEXT("{*}"));
		struct text literal = text_from(segment, takes_rest ? 4 : takes_one ? 3 : 0);

		for (size_t i = 0; i < literal.len; i++)
			if (strchr("*{}", literal.ptr[i]) != NULL)
				return "in a path template {*} and {**} begin a segment, one in "
				       "each, and '*', '{' and '}' stand nowhere else";
		if (ended && (takes_one || takes_rest))
			return "{**} must be the last operator of a path template";
		if ((takes_one || takes_rest) && literal.len > 0 && rest.ptr != NULL)
			return "only the last segment of a path template may go on after its "
			       "operator";
		ended = ended || takes_rest;
	}
	return NULL;
}

static bool literal_or_one_matches(struct text segment, struct text value)
{
	if (!text_starts_with(segment, TEXT("{*}")))
		return text_equal(segment, value);

	struct text suffix = text_from(segment, 3);

	return value.len > suffix.len && text_ends_with(value, suffix);
}

/* Segment by segment; what follows {**} is a suffix of all that is left. */
static bool template_matches(struct text template, struct text value)
{
	while (template.ptr != NULL && value.ptr != NULL) {
		if (text_starts_with(template, TEXT("{**}")))
			return text_ends_with(value, text_from(template, 4));

		struct text segment = text_split(&template, '/');

		if (!literal_or_one_matches(segment, text_split(&value, '/')))
			return false;
	}
	return template.ptr == NULL && value.ptr == NULL;
}

bool pattern_matches(const struct pattern *pattern, struct text value)
{
	if (value.ptr == NULL)
		return false;
	switch (pattern->kind) {
	case PATTERN_EXACT:
		return pattern->ignore_case ? text_equal_nocase(value, pattern->text)
					    : text_equal(value, pattern->text);
	case PATTERN_PREFIX:
		return pattern->ignore_case ? text_starts_with_nocase(value, pattern->text)
					    : text_starts_with(value, pattern->text);
	case PATTERN_SUFFIX:
		return pattern->ignore_case ? text_ends_with_nocase(value, pattern->text)
					    : text_ends_with(value, pattern->text);
	case PATTERN_ANY:
		return true;
	case PATTERN_NON_EMPTY:
		return value.len > 0;
	case PATTERN_GLOB:
		return glob_matches(pattern->text, value);
	case PATTERN_TEMPLATE:
		return template_matches(pattern->text, value);
	}
	return false;
}
