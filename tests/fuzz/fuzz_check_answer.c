/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever an external authorizer answers by gRPC, no field that could break a message reaches a
 * head, no denial is without a status, and broken bytes allow nothing. */
#include "proxy/authorizer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_fields(const struct http_fields *fields)
{
	HTTP_FIELD_FOR_EACH (fields, field) {
		require(http_token_is_valid(field->name));
		require(http_value_is_valid(field->value));
		require(!http_name_is_of_connection(field->id));
	}
}

/* Applied twice: what appends finds something the second time. */
static void apply(const struct check_edits *edits, struct arena *arena)
{
	struct http_head head = { 0 };

	check_edits_apply(edits, &head, arena);
	check_edits_apply(edits, &head, arena);
	check_fields(&head.fields);
	http_head_done(&head);
}

static void apply_query(const struct check_answer *answer, struct exchange *client)
{
	client->target = client->path = TEXT("/p");
	exchange_set_target(client, TEXT("/p?a=1&b=2"));
	check_query_apply(&answer->query, client);
	require(text_is(client->path, "/p"));
	require(http_text_is(client->target, HTTP_CHAR_TARGET));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exchange client = { 0 }, side = { 0 };
	struct check check = { .client = &client, .side.exchange = &side };
	struct check_answer answer = { .verdict = CHECK_FAILED };

	arena_init(&client.arena, 1024);
	side.response.status = 200;
	http_fields_add_known(&side.response.fields, HTTP_GRPC_STATUS, TEXT("0"));
	check.side.has_answer = true;
	grpc_frame_add(&check.side.answer, (struct text){ (const char *)data, size });
	check_grpc_read(&check, &answer);
	apply(&answer.request, &client.arena);
	apply(&answer.response, &client.arena);
	apply_query(&answer, &client);
	require(answer.verdict != CHECK_DENIED || (answer.status >= 200 && answer.status < 600));
	buffer_done(&check.side.answer);
	http_head_done(&side.response);
	arena_done(&client.arena);
	return 0;
}
