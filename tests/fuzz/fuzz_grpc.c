/* SPDX-License-Identifier: Apache-2.0 */
/* A caller that sends anything and hangs up: every call that began has ended, no connection stays,
 * and no message got past a service that admits nobody. */
#include "net/net.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct server {
	struct loop *loop;
	struct grpc_server *grpc;
	struct address address;
	struct timer check;
	unsigned rounds;
};

static void must_not_happen(struct grpc_call *call, struct text message)
{
	(void)call, (void)message;
	abort();
}

static void echo(struct grpc_call *call, struct text message)
{
	grpc_call_send(call, message);
}

static enum grpc_status admit_nobody(struct grpc_call *call, const char **message)
{
	(void)call;
	*message = "closed";
	return GRPC_PERMISSION_DENIED;
}

static const struct grpc_method closed_methods[] = { { .path = "/Closed",
						       .on_message = must_not_happen } };
static const struct grpc_method open_methods[] = {
	{ .path = "/Open", .on_message = echo, .client_streams = true }
};
static const struct grpc_service closed_service = { closed_methods, 1, admit_nobody };
static const struct grpc_service open_service = { open_methods, 1, NULL };
static const struct grpc_service *const services[] = { &closed_service, &open_service };

static void check(struct timer *timer)
{
	struct server *server = CONTAINER_OF(timer, struct server, check);

	if (server->rounds++ > 0 && grpc_server_connections(server->grpc) == 0)
		loop_stop(server->loop);
	else
		timer_set(server->loop, timer, loop_now(server->loop) + NS_PER_MS / 4);
	if (server->rounds > 20000)
		abort();
}

static void start(struct server *server)
{
	AUTO(mem_free_text)
	char *path = mem_printf("unix:///tmp/mangrove-fuzz-grpc-%d.sock", (int)getpid());

	server->loop = loop_new();
	server->check.fire = check;
	if (address_parse(text_of(path), &server->address, NULL) < 0
	    || grpc_server_listen(server->loop, &server->address, 0600, services, 2, server,
				  &server->grpc, NULL)
		       < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct server server = { 0 };
	AUTO_FD int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (size > 65536)
		return 0;
	start(&server);
	if (connect(client, &server.address.any, server.address.len) < 0
	    || send(client, data, size, MSG_NOSIGNAL) != (ssize_t)size)
		abort();
	shutdown(client, SHUT_WR);
	timer_set(server.loop, &server.check, clock_monotonic_ns());
	loop_run(server.loop);
	grpc_server_free(server.grpc);
	loop_free(server.loop);
	return 0;
}
