/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listening.h"

#include "proxy/handover.h"
#include "proxy/plan.h"

#include <unistd.h>

static const struct listening_item *find(const struct listening *listening, const char *key)
{
	for (size_t i = 0; i < listening->count; i++)
		if (strcmp(listening->items[i].key, key) == 0)
			return &listening->items[i];
	return NULL;
}

static void copy(struct listening_item *item, const struct listening_item *from)
{
	memcpy(item->sockets, from->sockets, from->socket_count * sizeof(int));
	item->socket_count = from->socket_count;
	item->is_new = false;
}

static int open_all(struct listening_item *item, struct inheritance *inheritance,
		    const struct address *address, size_t workers, struct error *err)
{
	const bool is_path = address->any.sa_family == AF_UNIX;
	int fd = inheritance_socket(inheritance, item->key, 0);
	int code = 0;

	/* sockets that share a port also share it with a stranger of the same user: look first */
	if (fd < 0)
		code = socket_check_free(address, err);
	while (code == 0) {
		if (fd < 0)
			fd = code = socket_listen(address, 0600, err);
		if (fd < 0)
			break;
		item->sockets[item->socket_count++] = fd;
		if (is_path || item->socket_count == workers)
			return 0;
		code = 0;
		fd = inheritance_socket(inheritance, item->key, item->socket_count);
	}
	return code;
}

static void close_new(struct listening *listening)
{
	for (size_t i = 0; i < listening->count; i++)
		for (size_t w = 0;
		     listening->items[i].is_new && w < listening->items[i].socket_count; w++)
			close(listening->items[i].sockets[w]);
	listening_done(listening);
}

int listening_open(const struct listening *before, struct inheritance *inheritance,
		   const struct plan *plan, size_t workers, struct listening *out,
		   struct error *err)
{
	struct listening opened = {
		.items = mem_alloc_array(plan->listener_count, sizeof(*opened.items)),
	};

	for (size_t i = 0; i < plan->listener_count; i++) {
		const struct listener_plan *listener = &plan->listeners[i];
		const struct listening_item *known = find(before, listener->key);
		struct listening_item *item = &opened.items[opened.count++];
		int code = 0;

		*item = (struct listening_item){
			.key = mem_strdup(listener->key),
			.sockets = mem_alloc_array(workers, sizeof(int)),
			.is_new = true,
		};
		if (known != NULL)
			copy(item, known);
		else
			code = open_all(item, inheritance, &listener->address, workers, err);
		if (code < 0) {
			err->at = listener->at;
			close_new(&opened);
			return code;
		}
	}
	*out = opened;
	return 0;
}

void listening_done(struct listening *listening)
{
	for (size_t i = 0; i < listening->count; i++) {
		mem_free(listening->items[i].key);
		mem_free(listening->items[i].sockets);
	}
	mem_free(listening->items);
	*listening = (struct listening){ 0 };
}
