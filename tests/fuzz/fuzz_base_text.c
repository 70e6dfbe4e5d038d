/* SPDX-License-Identifier: Apache-2.0 */
/* Text, numbers, durations and times: what is read and written again reads as the same; what the
 * JSON writer puts out is valid UTF-8 whatever went in. */
#include "base/base.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_number(struct text input)
{
	uint64_t number, again;
	char digits[TEXT_NUMBER_MAX];

	if (!text_parse_number(input, UINT64_MAX, &number))
		return;

	const size_t len = text_format_number(digits, number);

	require(text_parse_number((struct text){ digits, len }, UINT64_MAX, &again));
	require(again == number);
}

static void check_duration(struct text input)
{
	char shown[DURATION_TEXT_MAX];
	uint64_t ns, again;

	if (!duration_parse(input, &ns))
		return;
	require(ns <= INT64_MAX);
	require(duration_parse(text_of(duration_format(shown, ns)), &again));
	require(again == ns);
}

static void check_time(struct text input)
{
	char shown[CLOCK_TEXT_MAX];
	int64_t ns, again;

	if (!clock_parse_utc(input, &ns))
		return;

	const size_t len = clock_format_utc(shown, ns);

	require(len == strlen(shown));
	require(clock_parse_utc((struct text){ shown, len }, &again));
	require(again == ns - ((ns % 1000) + 1000) % 1000); /* microseconds are shown */
}

static void check_json(struct text input)
{
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer json = { .out = &out };

	json_text(&json, input);
	require(text_is_utf8(buffer_text(&out)));
	require(out.len >= 2 && out.data[0] == '"' && out.data[out.len - 1] == '"');
	for (size_t i = 0; i < out.len; i++)
		require((unsigned char)out.data[i] >= 0x20);
}

static void check_split(struct text input)
{
	struct text rest = input;
	size_t seen = 0, items = 0;

	while (rest.ptr != NULL) {
		seen += text_split(&rest, ',').len;
		items++;
	}
	require(seen + items - 1 == input.len);
	require(text_trim(text_trim(input)).len == text_trim(input).len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const candidates[] = { "principals", "namespaces", "paths" };
	const struct text input = { (const char *)data, size };

	check_number(input);
	check_duration(input);
	check_time(input);
	check_json(input);
	check_split(input);
	text_closest(input, candidates, COUNT_OF(candidates));
	return 0;
}
