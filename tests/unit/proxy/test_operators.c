/* SPDX-License-Identifier: Apache-2.0 */
/* Formats of access logs: what is understood, what is refused and why. */
#include "proxy/downstream.h"
#include "proxy/exchange.h"
#include "proxy/log_format.h"
#include "proxy/operators.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct format_case {
	const char *name, *format;
	const char *want; /* the line; or, where it starts with '!', the error */
} rows[] = {
	{ "text alone", "hello", "hello" },
	{ "a percent sign", "100%% of %PROTOCOL%", "100% of HTTP/1.1" },
	{ "a header", "%REQ(User-Agent)%", "curl" },
	{ "names have no case", "%REQ(USER-AGENT)%", "curl" },
	{ "a pseudo header", "%REQ(:METHOD)% %REQ(:path)%", "GET /a?b=c" },
	{ "the alternative, where the first is absent", "%REQ(x-none?user-agent)%", "curl" },
	{ "the first, where both are there", "%REQ(:authority?user-agent)%", "example.com" },
	{ "absent is a dash", "%REQ(x-none)%|%RESP(server)%|%UPSTREAM_HOST%", "-|-|-" },
	{ "cut to a length", "%REQ(User-Agent):2%", "cu" },
	{ "longer than the value", "%REQ(User-Agent):200%", "curl" },
	{ "a number", "%RESPONSE_CODE% %BYTES_SENT%", "403 12" },
	{ "flags", "%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%", "RBAC rbac_access_denied" },
	{ "the time", "%START_TIME%", "2026-11-21T09:30:00.123Z" },
	{ "the time, otherwise", "%START_TIME(%Y/%m/%d %s.%6f)%", "2026/11/21 1795253400.123456" },
	{ "a value cannot end the line", "%REQ(x-evil)%", "a\\x0Ab" },
	{ "an unknown operator", "%REPONSE_CODE%",
	  "!there is no operator %REPONSE_CODE%; did you mean %RESPONSE_CODE%?" },
	{ "no end", "%PROTOCOL",
	  "!a '%' opens an operator that no '%' closes; write %% for a percent sign" },
	{ "no name of a header", "%REQ%", "!%REQ% needs the name of a header: %REQ(NAME)%" },
	{ "an argument too many", "%PROTOCOL(x)%", "!%PROTOCOL% takes no argument" },
	{ "an open bracket", "%REQ(x%",
	  "!a '%' opens an operator that no '%' closes; write %% for a percent sign" },
	{ "no length", "%REQ(x):y%", "!':y' after an operator; only ':LENGTH' may stand there" },
};

static void fill(struct exchange *exchange, struct downstream *downstream)
{
	*downstream = (struct downstream){ 0 };
	*exchange = (struct exchange){
		.downstream = downstream,
		.request = { .version = HTTP_VERSION_1_1, .method = TEXT("GET") },
		.response = { .status = 403 },
		.original_path = TEXT("/a?b=c"),
		.original_authority = TEXT("example.com"),
		.flags = FLAG_DENIED,
		.details = "rbac_access_denied",
		.response_bytes = 12,
		.start_wall_ns = INT64_C(1795253400123456789),
	};
	http_fields_add(&exchange->request.fields, TEXT("user-agent"), TEXT("curl"));
	http_fields_add(&exchange->request.fields, TEXT("x-evil"), TEXT("a\nb"));
}

static void check(const struct mesh_config *mesh, const char *want)
{
	const struct log_format *format = NULL;
	struct exchange exchange;
	struct downstream downstream;
	struct arena arena;
	struct error err = { 0 };
	char bytes[LINE_MAX_BYTES + 1];
	struct line line = line_at(bytes);

	arena_init(&arena, 1024);
	fill(&exchange, &downstream);
	if (want[0] == '!') {
		char expected[256];

		snprintf(expected, sizeof(expected), "accessLogFormat: %s", want + 1);
		assert_int_equal(log_format_of_mesh(mesh, &arena, &format, &err), -22);
		assert_string_equal(err.text, expected);
	} else {
		assert_int_equal(log_format_of_mesh(mesh, &arena, &format, &err), 0);
		log_format_write(format, &(struct operator_subject){ &exchange, &downstream, NULL },
				 &line);
		line.next[-1] = '\0'; /* the end of the line */
		assert_string_equal(bytes, want);
	}
	http_head_done(&exchange.request);
	arena_done(&arena);
}

static void a_row(void **state)
{
	const struct format_case *row = *state;
	const struct mesh_config mesh = { .access_log_format = text_of(row->format) };

	check(&mesh, row->want);
}

static void json_keeps_types_and_nesting(void **state)
{
	const struct mesh_config mesh = {
		.access_log_encoding = ACCESS_LOG_JSON,
		.access_log_format = TEXT("{\"code\":\"%RESPONSE_CODE%\",\"in\":{\"who\":"
					  "\"%REQ(user-agent)%\",\"none\":\"%UPSTREAM_HOST%\"},"
					  "\"both\":\"%PROTOCOL% \\\"%REQ(x-evil)%\\\"\",\"n\":1}"),
	};

	(void)state;
	check(&mesh, "{\"code\":403,\"in\":{\"who\":\"curl\",\"none\":null},"
		     "\"both\":\"HTTP/1.1 \\\"a\\nb\\\"\",\"n\":1}");
}

static void json_has_to_be_an_object(void **state)
{
	const struct mesh_config mesh = { .access_log_encoding = ACCESS_LOG_JSON,
					  .access_log_format = TEXT("[1]") };

	(void)state;
	check(&mesh, "!with accessLogEncoding JSON it has to be a JSON object");
}

static void a_connection_without_a_request(void **state)
{
	struct format format;
	struct arena arena;
	struct downstream downstream = { .server_name = (char *)"a.example" };
	const struct operator_subject subject = { NULL, &downstream, "no certificate" };
	char scratch[OPERATOR_SCRATCH_MAX];

	(void)state;
	arena_init(&arena, 1024);
	assert_int_equal(
		format_parse(TEXT("%REQ(:method)%%REQUESTED_SERVER_NAME%"), &arena, &format, NULL),
		0);
	assert_int_equal(operator_read(format.parts[0].call, &subject, scratch).kind, VALUE_ABSENT);
	assert_true(
		text_is(operator_read(format.parts[1].call, &subject, scratch).text, "a.example"));
	arena_done(&arena);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 3] = {
		cmocka_unit_test(json_keeps_types_and_nesting),
		cmocka_unit_test(json_has_to_be_an_object),
		cmocka_unit_test(a_connection_without_a_request),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i + 3] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = a_row,
						    .initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
