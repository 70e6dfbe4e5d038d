/* SPDX-License-Identifier: Apache-2.0 */
/* id_request.c — `mangrove id csr` and `import`: a root that is kept elsewhere signs our issuer. */
#include "cmd/id.h"

#include <stdio.h>

#define ANSWER_MAX 262144

int id_csr(const struct id_arguments *arguments)
{
	AUTO_ANSWER json_t *answer = NULL;
	struct error err = { 0 };

	if (id_ask(arguments, "Request", TEXT("{}"), &answer, &err) < 0)
		return id_fail(&err);
	if (arguments->json) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		fputs(id_member(answer, "request"), stdout);
	}
	return STATUS_FINE;
}

int id_import(const struct id_arguments *arguments)
{
	AUTO_BUFFER struct buffer pem = { 0 }, request = { 0 };
	struct json_writer json = { .out = &request };
	AUTO_ANSWER json_t *answer = NULL;
	struct error err = { 0 };

	if (file_read(arguments->subject, ANSWER_MAX, &pem, &err) < 0)
		return id_fail(&err);
	json_begin_object(&json);
	json_key(&json, "certificates");
	json_text(&json, buffer_text(&pem));
	json_end_object(&json);
	if (id_ask(arguments, "Import", buffer_text(&request), &answer, &err) < 0)
		return id_fail(&err);
	puts(arguments->json ? "{\"imported\":true}" : "the issuer signs from now on");
	return STATUS_FINE;
}
