/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "proxy/regex.h"

#include <errno.h>
#include <pcre2.h>
#include <pthread.h>

#define MATCH_LIMIT                                                                                \
	100000 /* steps of one match; RE2's linear time cannot be had, so it is cut off */

struct regex {
	pcre2_code *code;
};

static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static pthread_key_t scratch_key;

struct scratch { /* a thread's own, made at its first match */
	pcre2_match_data *groups;
	pcre2_match_context *limits;
};

static void free_scratch(void *ptr)
{
	struct scratch *scratch = ptr;

	pcre2_match_data_free(scratch->groups);
	pcre2_match_context_free(scratch->limits);
	mem_free(scratch);
}

static void make_scratch_key(void)
{
	pthread_key_create(&scratch_key, free_scratch);
}

static struct scratch *thread_scratch(void)
{
	pthread_once(&scratch_once, make_scratch_key);

	struct scratch *scratch = pthread_getspecific(scratch_key);

	if (scratch == NULL) {
		scratch = MEM_NEW(struct scratch);
		scratch->groups = pcre2_match_data_create(10, NULL);
		scratch->limits = pcre2_match_context_create(NULL);
		pcre2_set_match_limit(scratch->limits, MATCH_LIMIT);
		pthread_setspecific(scratch_key, scratch);
	}
	return scratch;
}

/* What PCRE2 has and RE2 has not; where it begins, or TEXT_NONE. */
static size_t find_beyond_re2(struct text pattern, const char **what)
{
	for (size_t i = 0; i + 1 < pattern.len; i++) {
		const char c = pattern.ptr[i], next = pattern.ptr[i + 1];

		if (c == '\\') {
			if ((next >= '1' && next <= '9') || next == 'k' || next == 'g') {
				*what = "a back reference";
				return i;
			}
			i++;
			continue;
		}
		if (c == '(' && next == '?' && i + 2 < pattern.len) {
			const char third = pattern.ptr[i + 2];
			const char fourth = i + 3 < pattern.len ? pattern.ptr[i + 3] : '\0';

			if (third == '=' || third == '!'
			    || (third == '<' && (fourth == '=' || fourth == '!'))) {
				*what = "look-around";
				return i;
			}
			if (third == '>' || third == '(' || third == '|' || third == 'R') {
				*what = "an atomic, conditional or recursive group";
				return i;
			}
		}
		if ((c == '*' || c == '+' || c == '?' || c == '}') && next == '+') {
			*what = "a possessive quantifier";
			return i;
		}
	}
	return TEXT_NONE;
}

int regex_compile(struct text pattern, struct regex **out, struct error *err)
{
	const char *what;
	const size_t beyond = find_beyond_re2(pattern, &what);
	PCRE2_SIZE offset;
	int code;

	if (beyond != TEXT_NONE)
		return error_set(
			err, -EINVAL,
			"regular expression '%.*s': %s at character %zu is not part of RE2",
			TEXT_ARGS(pattern), what, beyond + 1);

	pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len,
					     PCRE2_NEVER_BACKSLASH_C, &code, &offset, NULL);

	if (compiled == NULL) {
		char reason[120];

		pcre2_get_error_message(code, (PCRE2_UCHAR *)reason, sizeof(reason));
		return error_set(err, -EINVAL, "regular expression '%.*s': %s at character %zu",
				 TEXT_ARGS(pattern), reason, (size_t)offset + 1);
	}
	pcre2_jit_compile(compiled,
			  PCRE2_JIT_COMPLETE); /* without it matching is slower, no more */
	*out = MEM_NEW(struct regex);
	(*out)->code = compiled;
	return 0;
}

void regex_free(struct regex *regex)
{
	if (regex == NULL)
		return;
	pcre2_code_free(regex->code);
	mem_free(regex);
}

bool regex_matches_all(const struct regex *regex, struct text subject)
{
	const struct scratch *scratch = thread_scratch();
	const char *bytes = subject.ptr != NULL ? subject.ptr : "";

	return pcre2_match(regex->code, (PCRE2_SPTR)bytes, subject.len, 0,
			   PCRE2_ANCHORED | PCRE2_ENDANCHORED, scratch->groups, scratch->limits)
	       >= 0;
}

static void add_replacement(struct buffer *out, struct text replacement, struct text subject,
			    const PCRE2_SIZE *groups, int count)
{
	for (size_t i = 0; i < replacement.len; i++) {
		const char c = replacement.ptr[i];

		if (c != '\\' || i + 1 >= replacement.len) {
			buffer_add_char(out, c);
			continue;
		}

		const char next = replacement.ptr[++i];
		const int group = next - '0';

		if (!char_is_digit(next))
			buffer_add_char(out, next);
		else if (group < count && groups[2 * group] != PCRE2_UNSET)
			buffer_add(out, subject.ptr + groups[2 * group],
				   groups[2 * group + 1] - groups[2 * group]);
	}
}

bool regex_replace(const struct regex *regex, struct text subject, struct text replacement,
		   struct buffer *out)
{
	const struct scratch *scratch = thread_scratch();
	const PCRE2_SIZE *groups = pcre2_get_ovector_pointer(scratch->groups);
	size_t from = 0;
	bool any = false;

	while (from <= subject.len) {
		const int count = pcre2_match(regex->code, (PCRE2_SPTR)subject.ptr, subject.len,
					      from, 0, scratch->groups, scratch->limits);

		if (count < 0)
			break;
		any = true;
		buffer_add(out, subject.ptr + from, groups[0] - from);
		add_replacement(out, replacement, subject, groups, count);
		if (groups[1] == groups[0] && groups[0] < subject.len)
			buffer_add_char(out, subject.ptr[groups[0]]);
		from = groups[1] > groups[0] ? groups[1] : groups[1] + 1;
	}
	if (from < subject.len)
		buffer_add(out, subject.ptr + from, subject.len - from);
	return any;
}
