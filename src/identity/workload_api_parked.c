/* SPDX-License-Identifier: Apache-2.0 */
/* workload_api_parked.c — calls of one message that wait until their caller is attested. */
#include "identity/workload_api_private.h"

struct parked {
	struct list place; /* in the API's `parked` */
	struct grpc_call *call;
	workload_method *method;
	struct buffer message;
};

static void free_parked(struct parked *parked)
{
	list_remove(&parked->place);
	buffer_done(&parked->message);
	mem_free(parked);
}

void workload_park(struct grpc_call *call, workload_method *method, struct text message)
{
	struct workload_api *api = grpc_call_owner(call);
	struct parked *parked = MEM_NEW(struct parked);

	parked->call = call;
	parked->method = method;
	buffer_add(&parked->message, message.ptr, message.len);
	list_append(&api->parked, &parked->place);
	grpc_call_set_data(call, parked);
}

/* A call that has to wait on is put at the end, behind those of this round. */
void workload_unpark(struct workload_api *api)
{
	size_t count = 0;

	LIST_FOR_EACH (&api->parked, link)
		count++;
	while (count-- > 0 && !list_is_empty(&api->parked)) {
		struct parked *parked = LIST_ITEM(api->parked.next, struct parked, place);
		struct grpc_call *call = parked->call;

		list_remove(&parked->place);
		grpc_call_set_data(call, NULL);
		parked->method(call, buffer_text(&parked->message));
		free_parked(parked);
	}
}

void workload_parked_end(struct grpc_call *call)
{
	struct parked *parked = grpc_call_data(call);

	if (parked != NULL)
		free_parked(parked);
}
