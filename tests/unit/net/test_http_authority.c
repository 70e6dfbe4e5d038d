/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts and ports as HTTP/1 and HTTP/2 both accept them, and the parts of a URL. */
#include "net/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct authority_case {
	const char *name, *text, *host; /* host NULL: refused */
	unsigned port;
} rows[] = {
	{ "a name", "a", "a", 0 },
	{ "a name with port", "a:80", "a", 80 },
	{ "labels", "a.b-c.example", "a.b-c.example", 0 },
	{ "an underscore", "my_service:9", "my_service", 9 },
	{ "a trailing dot", "a.example.", "a.example.", 0 },
	{ "IPv4", "192.0.2.1:65535", "192.0.2.1", 65535 },
	{ "IPv6", "[2001:db8::1]", "2001:db8::1", 0 },
	{ "IPv6 with port", "[::1]:8080", "::1", 8080 },
	{ "IPv6 that maps IPv4", "[::ffff:192.0.2.1]", "::ffff:192.0.2.1", 0 },
	{ "nothing", "", NULL, 0 },
	{ "only a port", ":80", NULL, 0 },
	{ "no port after the colon", "a:", NULL, 0 },
	{ "port 0", "a:0", NULL, 0 },
	{ "a port too great", "a:65536", NULL, 0 },
	{ "a port of six digits", "a:000080", NULL, 0 },
	{ "a port that is a word", "a:http", NULL, 0 },
	{ "a signed port", "a:+80", NULL, 0 },
	{ "two ports", "a:80:80", NULL, 0 },
	{ "userinfo", "u:p@a", NULL, 0 },
	{ "a blank", "a b", NULL, 0 },
	{ "a leading blank", " a", NULL, 0 },
	{ "a slash", "a/b", NULL, 0 },
	{ "a backslash", "a\\b", NULL, 0 },
	{ "a wildcard", "*.example", NULL, 0 },
	{ "percent-encoding", "a%2eb", NULL, 0 },
	{ "a comma", "a,b", NULL, 0 },
	{ "a high byte", "\xc3\xa4.example", NULL, 0 },
	{ "only a dot", ".", NULL, 0 },
	{ "a leading dot", ".a", NULL, 0 },
	{ "two dots", "a..b", NULL, 0 },
	{ "two trailing dots", "a..", NULL, 0 },
	{ "IPv6 without brackets", "::1", NULL, 0 },
	{ "IPv6 without end", "[::1", NULL, 0 },
	{ "IPv6 with something behind", "[::1]a", NULL, 0 },
	{ "IPv6 with an empty port", "[::1]:", NULL, 0 },
	{ "IPv6 with a zone", "[fe80::1%25eth0]", NULL, 0 },
	{ "brackets around a name", "[a]", NULL, 0 },
	{ "brackets around nothing", "[]", NULL, 0 },
	{ "IPv6 too long",
	  "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", NULL, 0 },
};

static void check_row(void **state)
{
	const struct authority_case *row = *state;
	struct http_authority parts;
	const bool accepted = http_authority_parse(text_of(row->text), &parts);

	assert_int_equal(accepted, row->host != NULL);
	if (!accepted)
		return;
	assert_true(text_is(parts.host, row->host));
	assert_int_equal(parts.port, row->port);
	assert_int_equal(parts.is_ipv6, row->text[0] == '[');
}

static void a_host_has_a_greatest_length(void **state)
{
	char name[255];
	struct http_authority parts;

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_true(http_authority_parse((struct text){ name, 254 }, &parts));
	assert_false(http_authority_parse((struct text){ name, 255 }, &parts));
}

static void a_missing_port_is_the_scheme_s(void **state)
{
	(void)state;
	assert_true(http_authority_equal(TEXT("a"), TEXT("a:80"), TEXT("http")));
	assert_true(http_authority_equal(TEXT("a:443"), TEXT("a"), TEXT("https")));
	assert_true(http_authority_equal(TEXT("a:8080"), TEXT("a:08080"), TEXT("http")));
	assert_false(http_authority_equal(TEXT("a"), TEXT("a:80"), TEXT("https")));
	assert_false(http_authority_equal(TEXT("a"), TEXT("b"), TEXT("http")));
	assert_false(http_authority_equal(TEXT("a"), TEXT("a:"), TEXT("http")));
}

static const struct url_case {
	const char *url, *scheme, *authority, *path;
} urls[] = {
	{ "https://a:1/b?c#d", "https", "a:1", "/b?c#d" },
	{ "http://a", "http", "a", "" },
	{ "http://a?b", "http", "a", "?b" },
	{ "http://[::1]:1/", "http", "[::1]:1", "/" },
	{ "http:///a", "http", "", "/a" },
	{ "/a", NULL, NULL, NULL },
	{ "a:b", NULL, NULL, NULL },
	{ "://a", NULL, NULL, NULL },
	{ "http:/a", NULL, NULL, NULL },
	{ "", NULL, NULL, NULL },
};

static void a_url_has_three_parts(void **state)
{
	struct http_url url;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		assert_int_equal(http_url_split(text_of(urls[i].url), &url),
				 urls[i].scheme != NULL);
		if (urls[i].scheme == NULL)
			continue;
		assert_true(text_is(url.scheme, urls[i].scheme));
		assert_true(text_is(url.authority, urls[i].authority));
		assert_true(text_is(url.path, urls[i].path));
	}
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 3] = {
		cmocka_unit_test(a_host_has_a_greatest_length),
		cmocka_unit_test(a_missing_port_is_the_scheme_s),
		cmocka_unit_test(a_url_has_three_parts),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[3 + i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = check_row,
						    .initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("http_authority", tests, NULL, NULL);
}
