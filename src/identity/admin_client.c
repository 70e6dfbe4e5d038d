/* SPDX-License-Identifier: Apache-2.0 */
/* admin_client.c — one question to the authority that is running, for a command. */
#include "identity/admin.h"
#include "identity/grpc_ask.h"

#include <errno.h>
#include <stdlib.h>

int admin_ask(const char *state, const char *method, struct text request, struct buffer *answer,
	      struct error *err)
{
	AUTO(mem_free_text) char *absolute = realpath(state, NULL);
	AUTO(mem_free_text)
	char *socket = mem_printf("unix://%s/admin.sock", absolute != NULL ? absolute : state);
	AUTO(mem_free_text) char *path = mem_printf("/mangrove.Admin/%s", method);
	struct error problem = { 0 };
	const int result = grpc_ask(socket, path, NULL, 0, request, answer, &problem);

	if (result == -ENOENT || result == -ECONNREFUSED)
		return error_set(err, result,
				 "no authority runs in %s (%s): 'mangrove identity' or 'mangrove "
				 "up' starts one; --state names another directory",
				 state, problem.text);
	return result < 0 ? error_set(err, result, "%s", problem.text) : 0;
}
