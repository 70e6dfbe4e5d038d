/* SPDX-License-Identifier: Apache-2.0 */
/* Field lists, the table of well-known names, and what must not outlive a connection. */
#include "net/http_show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void each_known_name_has_its_slot(void **state)
{
	static const struct {
		unsigned slot;
		const char *text;
	} rows[] = {
#define HTTP_NAME_ROW(slot, id, name) { slot, name },
#include "net/http_names_rows.h"
#undef HTTP_NAME_ROW
	};
	bool all_fit = true;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const unsigned slot = http_name_slot(text_of(rows[i].text));

		if (slot == rows[i].slot)
			continue;
		all_fit = false;
		fprintf(stderr, "\"%s\" belongs into slot %u\n", rows[i].text, slot);
	}
	assert_true(all_fit);
}

static void names_are_found_by_number_and_back(void **state)
{
	(void)state;
	assert_int_equal(http_name_of(TEXT("host")), HTTP_HOST);
	assert_int_equal(http_name_of(TEXT("te")), HTTP_TE);
	assert_int_equal(http_name_of(TEXT("x-forwarded-client-cert")),
			 HTTP_X_FORWARDED_CLIENT_CERT);
	assert_int_equal(http_name_of(TEXT("x-nobody-knows")), HTTP_OTHER);
	assert_int_equal(http_name_of(TEXT("")), HTTP_OTHER);
	assert_int_equal(http_name_of(TEXT("a")), HTTP_OTHER);
	assert_true(text_is(http_name_text(HTTP_TRACEPARENT), "traceparent"));
}

static struct http_head *new_head(void **state)
{
	struct http_head *head = *state;

	http_head_clear(head);
	head->status = 200;
	return head;
}

static void assert_shown(const struct http_head *head, const char *fields)
{
	AUTO_BUFFER struct buffer shown = { 0 };

	http_show(&shown, head);
	assert_string_equal(shown.data + strlen("200 \"\" no version no body, close"), fields);
}

static void fields_are_found_set_and_removed(void **state)
{
	struct http_head *head = new_head(state);
	struct http_fields *fields = &head->fields;

	http_fields_add(fields, TEXT("via"), TEXT("1"));
	http_fields_add(fields, TEXT("x-a"), TEXT("2"));
	http_fields_add_known(fields, HTTP_VIA, TEXT("3"));
	http_fields_add(fields, TEXT("x-b"), TEXT("4"));
	assert_shown(head, " | via: 1 | x-a: 2 | via: 3 | x-b: 4");
	assert_true(text_is(http_fields_value(fields, HTTP_VIA), "1"));
	assert_ptr_equal(http_fields_find(fields, TEXT("via")),
			 http_fields_find_known(fields, HTTP_VIA));
	assert_true(text_is(http_fields_find(fields, TEXT("x-b"))->value, "4"));
	assert_null(http_fields_find(fields, TEXT("x-c")));
	assert_null(http_fields_find(fields, TEXT("server")));
	assert_null(http_fields_value(fields, HTTP_SERVER).ptr);

	http_fields_set(fields, TEXT("via"), TEXT("5"));
	assert_shown(head, " | x-a: 2 | x-b: 4 | via: 5");
	http_fields_remove(fields, TEXT("x-a"));
	http_fields_set_known(fields, HTTP_SERVER, TEXT("6"));
	http_fields_remove_known(fields, HTTP_VIA);
	http_fields_remove_known(fields, HTTP_DATE);
	assert_shown(head, " | x-b: 4 | server: 6");
	assert_null(http_fields_find(fields, TEXT("x-a")));
	assert_null(http_fields_find_known(fields, HTTP_VIA));
}

static void several_values_are_one_list(void **state)
{
	struct http_head *head = new_head(state);
	AUTO_ARENA struct arena arena;

	arena_init(&arena, 64);
	http_fields_add(&head->fields, TEXT("x-a"), TEXT("1"));
	assert_true(text_is(http_fields_joined(&head->fields, TEXT("x-a"), &arena), "1"));
	http_fields_add(&head->fields, TEXT("x-a"), TEXT(""));
	http_fields_add(&head->fields, TEXT("x-a"), TEXT("3"));
	assert_true(text_is(http_fields_joined(&head->fields, TEXT("x-a"), &arena), "1, , 3"));
	assert_null(http_fields_joined(&head->fields, TEXT("x-b"), &arena).ptr);
}

static void fields_are_copied_with_their_texts(void **state)
{
	struct http_head *head = new_head(state);
	struct http_fields from = { 0 };
	char name[] = "x-a", value[] = "1";
	AUTO_ARENA struct arena arena;

	arena_init(&arena, 64);
	http_fields_add(&from, text_of(name), text_of(value));
	http_fields_add(&from, TEXT("x-b"), TEXT("2"));
	http_fields_add(&from, TEXT("via"), text_of(value));
	http_fields_remove(&from, TEXT("x-b"));
	http_fields_copy(&head->fields, &from, &arena);
	http_fields_done(&from);
	name[0] = value[0] = '?';
	assert_shown(head, " | x-a: 1 | via: 1");
	assert_true(text_is(http_fields_value(&head->fields, HTTP_VIA), "1"));
}

static void what_concerns_a_connection_stays_there(void **state)
{
	struct http_head *head = new_head(state);
	struct http_fields *fields = &head->fields;

	http_fields_add(fields, TEXT("x-a"), TEXT("1"));
	http_fields_add(fields, TEXT("connection"), TEXT("X-A, close ,connection,, x-none"));
	http_fields_add(fields, TEXT("x-forwarded-for"), TEXT("192.0.2.1"));
	http_fields_add(fields, TEXT("keep-alive"), TEXT("timeout=5"));
	http_fields_add(fields, TEXT("connection"), TEXT("X-Forwarded-For"));
	http_fields_add(fields, TEXT("x-a"), TEXT("2"));
	http_fields_add(fields, TEXT("te"), TEXT("trailers"));
	http_fields_add(fields, TEXT("upgrade"), TEXT("h2c"));
	http_fields_add(fields, TEXT("http2-settings"), TEXT("x"));
	http_fields_add(fields, TEXT("proxy-connection"), TEXT("close"));
	http_fields_add(fields, TEXT("transfer-encoding"), TEXT("chunked"));
	http_fields_add(fields, TEXT("accept"), TEXT("*"));
	http_head_remove_hop_by_hop(head);
	assert_shown(head, " | accept: *");

	/* What is set afterwards cannot be named away. */
	http_fields_set_known(fields, HTTP_X_FORWARDED_FOR, TEXT("192.0.2.9"));
	assert_shown(head, " | accept: * | x-forwarded-for: 192.0.2.9");
}

static void a_head_can_outlive_its_bytes(void **state)
{
	char bytes[] = "GET /a HTTP/1.1\r\nHost: b\r\nX-C: d\r\nServer: e\r\n\r\n";
	struct http_head *head = new_head(state);
	struct http1_parser parser;
	AUTO_ARENA struct arena arena;
	AUTO_BUFFER struct buffer shown = { 0 };

	arena_init(&arena, 64);
	http1_parser_init(&parser, &http_limits_default);
	assert_int_equal(http1_parse_request(&parser, head, bytes, strlen(bytes)), HTTP1_DONE);
	http_head_keep(head, &arena);
	memset(bytes, '?', sizeof(bytes));
	http_show(&shown, head);
	assert_string_equal(shown.data, "GET b /a HTTP/1.1 no body, keep | host: b | x-c: d | "
					"server: e");
}

static void a_head_used_again_takes_no_memory(void **state)
{
	struct http_head *head = new_head(state);
	uint64_t before = 0;

	for (int round = 0; round < 3; round++) {
		if (round == 1)
			before = mem_thread_allocations();
		http_head_clear(head);
		for (int i = 0; i < 40; i++)
			http_fields_add(&head->fields, TEXT("x-a"), TEXT("1"));
	}
	assert_int_equal(mem_thread_allocations(), before);
}

static void statuses_have_reasons(void **state)
{
	(void)state;
	assert_string_equal(http_status_reason(100), "Continue");
	assert_string_equal(http_status_reason(404), "Not Found");
	assert_string_equal(http_status_reason(511), "Network Authentication Required");
	assert_string_equal(http_status_reason(299), "");
	assert_string_equal(http_status_reason(0), "");
	assert_string_equal(http_status_reason(999), "");
}

static void word_tricks_see_what_a_table_sees(void **state)
{
	char bytes[24];

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	for (unsigned c = 0; c < 256; c++)
		for (size_t at = 0; at < sizeof(bytes); at++) {
			const struct text value = { bytes, sizeof(bytes) };

			bytes[at] = (char)c;
			assert_int_equal(http_value_is_valid(value),
					 http_text_is(value, HTTP_CHAR_VALUE));
			bytes[at] = 'a';
		}
}

static int set_up(void **state)
{
	*state = MEM_NEW(struct http_head);
	return 0;
}

static int tear_down(void **state)
{
	http_head_done(*state);
	mem_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_known_name_has_its_slot),
		cmocka_unit_test(names_are_found_by_number_and_back),
		cmocka_unit_test(fields_are_found_set_and_removed),
		cmocka_unit_test(several_values_are_one_list),
		cmocka_unit_test(fields_are_copied_with_their_texts),
		cmocka_unit_test(what_concerns_a_connection_stays_there),
		cmocka_unit_test(a_head_can_outlive_its_bytes),
		cmocka_unit_test(a_head_used_again_takes_no_memory),
		cmocka_unit_test(statuses_have_reasons),
		cmocka_unit_test(word_tricks_see_what_a_table_sees),
	};

	return cmocka_run_group_tests_name("http_fields", tests, set_up, tear_down);
}
