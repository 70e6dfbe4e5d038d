/* SPDX-License-Identifier: Apache-2.0 */
/* id_rotate.c — `mangrove id rotate`: a new root, issuer or JWT key before its time. */
#include "cmd/id.h"

#include <stdio.h>

int id_rotate(const struct id_arguments *arguments)
{
	AUTO(mem_free_text) char *request = mem_printf("{\"kind\":\"%s\"}", arguments->subject);
	AUTO_ANSWER json_t *answer = NULL;
	struct error err = { 0 };

	if (!text_is(text_of(arguments->subject), "root")
	    && !text_is(text_of(arguments->subject), "issuer")
	    && !text_is(text_of(arguments->subject), "jwt")) {
		fprintf(stderr, "mangrove id: '%s' is none of root, issuer, jwt\n",
			arguments->subject);
		return STATUS_USAGE;
	}
	if (id_ask(arguments, "Rotate", text_of(request), &answer, &err) < 0)
		return id_fail(&err);
	if (arguments->json)
		printf("{\"rotated\":\"%s\"}\n", arguments->subject);
	else if (text_is(text_of(arguments->subject), "issuer"))
		puts("the new issuer signs from now on");
	else
		printf("the new %s is published now, and signs once every workload was sent it\n",
		       arguments->subject);
	return STATUS_FINE;
}
