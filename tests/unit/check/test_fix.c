/* SPDX-License-Identifier: Apache-2.0 */
/* What --fix makes of a text; a second run changes nothing. */
#include "check/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct fix_case {
	const char *name, *file, *only;
	const char *before, *after;
} rows[] = {
	{ "a flag behind its verb", "Dockerfile", "DL3014",
	  "FROM a:1\nRUN apt-get update && \\\n  apt-get install  curl # why\n",
	  "FROM a:1\nRUN apt-get update && \\\n  apt-get install -y  curl # why\n" },
	{ "two commands of one RUN", "Dockerfile", "DL3019",
	  "FROM a:1\nRUN apk add a=1; apk add b=1\n",
	  "FROM a:1\nRUN apk add --no-cache a=1; apk add --no-cache b=1\n" },
	{ "the array form", "Dockerfile", "DL3025", "FROM a:1\nCMD node app.js\n",
	  "FROM a:1\nCMD [\"node\", \"app.js\"]\n" },
	{ "not what needs a shell", "Dockerfile", "DL3025", "FROM a:1\nCMD node $APP\n",
	  "FROM a:1\nCMD node $APP\n" },
	{ "maintainer", "Dockerfile", "DL4000", "FROM a:1\nMAINTAINER me <me@example.com>\n",
	  "FROM a:1\nLABEL org.opencontainers.image.authors=\"me <me@example.com>\"\n" },
	{ "what is ignored stays", "Dockerfile", "DL3014",
	  "FROM a:1\n# mangrove ignore=DL3014\nRUN apt-get install curl\n",
	  "FROM a:1\n# mangrove ignore=DL3014\nRUN apt-get install curl\n" },
	{ "server_tokens", "nginx.conf", "NG020", "http {\n    server_tokens on; # x\n}\n",
	  "http {\n    server_tokens off; # x\n}\n" },
	{ "server_tokens that is missing", "nginx.conf", "NG020", "http {\n}\n",
	  "http {\n    server_tokens off;\n}\n" },
	{ "timeouts that are missing", "nginx.conf", "NG031", "http {\n    send_timeout 9s;\n}\n",
	  "http {\n    client_body_timeout 10s;\n    client_header_timeout 10s;\n"
	  "    send_timeout 9s;\n}\n" },
	{ "always", "nginx.conf", "NG023", "add_header X-Frame-Options DENY;\n",
	  "add_header X-Frame-Options DENY always;\n" },
	{ "an alias", "nginx.conf", "NG004", "location /a { alias /b/; }\n",
	  "location /a/ { alias /b/; }\n" },
	{ "TLS versions", "nginx.conf", "NG050", "ssl_protocols SSLv3 TLSv1 TLSv1.2;\n",
	  "ssl_protocols TLSv1.2 TLSv1.3;\n" },
	{ "a security context that is missing", "pod.yaml", "PS014",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
	  "  - name: a # the one\n    image: b\n",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
	  "  - name: a # the one\n    securityContext:\n      allowPrivilegeEscalation: false\n"
	  "    image: b\n" },
	{ "a value that is wrong", "pod.yaml", "PS002",
	  "apiVersion: v1\nkind: Pod\nspec:\n  hostPID: true # why\n",
	  "apiVersion: v1\nkind: Pod\nspec:\n  hostPID: false # why\n" },
	{ "braces", "pod.yaml", "PS014",
	  "apiVersion: v1\nkind: Pod\nspec:\n  containers: [{name: a}]\n",
	  "apiVersion: v1\nkind: Pod\nspec:\n  containers: [{securityContext: "
	  "{allowPrivilegeEscalation: false}, name: a}]\n" },
	{ "a compose file's version", "compose.yaml", "CO020", "version: '3' # old\nservices: {}\n",
	  "version: '3' # old\nservices: {}\n" },
	{ "a compose file's version on a line of its own", "compose.yaml", "CO020",
	  "version: '3'\nservices: {}\n", "services: {}\n" },
	{ "a service's option", "compose.yaml", "CO016",
	  "services:\n  a:\n    image: b # why\n    read_only: true\n",
	  "services:\n  a:\n    image: b # why\n    security_opt: [\"no-new-privileges:true\"]\n"
	  "    read_only: true\n" },
	{ "JSON is left alone", "pod.json", "PS014",
	  "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\"containers\": [{\"name\": "
	  "\"a\"}]}}\n",
	  "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\"containers\": [{\"name\": "
	  "\"a\"}]}}\n" },
};

static void check_fix(void **state)
{
	const struct fix_case *row = *state;
	const char *const only[] = { row->only, NULL };
	const struct check_options options = { .only = only };
	AUTO_BUFFER struct buffer once = { 0 }, twice = { 0 };
	struct error err = { 0 };
	size_t mended;

	assert_int_equal(0, fix_text(&options, row->file, text_of(row->before),
				     artifact_detect(row->file, text_of(row->before)), &once,
				     &mended, &err));
	assert_string_equal(row->after, once.data);
	assert_int_equal(0, fix_text(&options, row->file, buffer_text(&once),
				     artifact_detect(row->file, buffer_text(&once)), &twice,
				     &mended, &err));
	assert_int_equal(0, mended);
	assert_string_equal(once.data, twice.data);
}

static void a_diff_shows_what_changed(void **state)
{
	AUTO_BUFFER struct buffer out = { 0 };

	(void)state;
	diff_write("f", TEXT("1\n2\n3\n4\n5\n6\n7\n8\n9\n"),
		   TEXT("1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n"), &out);
	assert_string_equal(
		"--- a/f\n+++ b/f\n@@ -2,8 +2,9 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n 9\n"
		"+10\n",
		out.data);
	buffer_clear(&out);
	diff_write("f", TEXT("a\n"), TEXT("a\n"), &out);
	assert_int_equal(0, out.len);
}

int main(void)
{
	static struct CMUnitTest tests[COUNT_OF(rows) + 1];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_fix,
						.initial_state = (void *)&rows[i] };
	tests[COUNT_OF(rows)] = (struct CMUnitTest)cmocka_unit_test(a_diff_shows_what_changed);
	return _cmocka_run_group_tests("fix", tests, COUNT_OF(tests), NULL, NULL);
}
