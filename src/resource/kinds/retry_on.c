/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/retry_on.h"

#define STATUS_MIN 100
#define STATUS_MAX 599

static const struct {
	const char *word;
	enum retry_condition condition;
} words[] = {
	{ "5xx", RETRY_ON_5XX },
	{ "gateway-error", RETRY_ON_GATEWAY_ERROR },
	{ "reset", RETRY_ON_RESET },
	{ "reset-before-request", RETRY_ON_RESET_BEFORE_REQUEST },
	{ "connect-failure", RETRY_ON_CONNECT_FAILURE },
	{ "refused-stream", RETRY_ON_REFUSED_STREAM },
	{ "retriable-4xx", RETRY_ON_RETRIABLE_4XX },
	{ "envoy-ratelimited", RETRY_ON_RATELIMITED },
	{ "retriable-status-codes", RETRY_ON_STATUS_CODES },
	{ "retriable-headers", RETRY_ON_HEADERS },
	{ "http3-post-connect-failure", RETRY_ON_HTTP3_FAILURE },
	{ "cancelled", RETRY_ON_GRPC_CANCELLED },
	{ "deadline-exceeded", RETRY_ON_GRPC_DEADLINE_EXCEEDED },
	{ "internal", RETRY_ON_GRPC_INTERNAL },
	{ "resource-exhausted", RETRY_ON_GRPC_RESOURCE_EXHAUSTED },
	{ "unavailable", RETRY_ON_GRPC_UNAVAILABLE },
};

void retry_on_add_status(struct retry_on *on, unsigned status)
{
	if (status < STATUS_MIN || status > STATUS_MAX)
		return;
	on->conditions |= RETRY_ON_STATUS_CODES;
	on->statuses[(status - STATUS_MIN) / 64] |= UINT64_C(1) << ((status - STATUS_MIN) % 64);
}

bool retry_on_has_status(const struct retry_on *on, unsigned status)
{
	if (status < STATUS_MIN || status > STATUS_MAX)
		return false;
	return (on->statuses[(status - STATUS_MIN) / 64] >> ((status - STATUS_MIN) % 64)) & 1;
}

bool retry_on_add(struct retry_on *on, struct text word)
{
	uint64_t status;

	if (text_parse_number(word, STATUS_MAX, &status)) {
		retry_on_add_status(on, (unsigned)status);
		return status >= STATUS_MIN;
	}
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (text_is(word, words[i].word)) {
			on->conditions |= words[i].condition;
			return true;
		}
	}
	return false;
}

struct text retry_on_add_list(struct retry_on *on, struct text list)
{
	struct text unknown = { NULL, 0 };

	while (list.ptr != NULL) {
		const struct text word = text_trim(text_split(&list, ','));

		if (word.len > 0 && !retry_on_add(on, word) && unknown.ptr == NULL)
			unknown = word;
	}
	return unknown;
}

const char *retry_on_closest(struct text word)
{
	const char *candidates[COUNT_OF(words)];

	for (size_t i = 0; i < COUNT_OF(words); i++)
		candidates[i] = words[i].word;
	return text_closest(word, candidates, COUNT_OF(words));
}
