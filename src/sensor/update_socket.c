/* SPDX-License-Identifier: Apache-2.0 */
/* update_socket.c — sockets get their ends. */
#include <errno.h>

#include "sensor/state_private.h"

#define SOCKET_TYPE_MASK 0xf
#define SOCKET_CLOEXEC   02000000

static uint8_t protocol_of(int64_t type, int64_t protocol)
{
	switch (type & SOCKET_TYPE_MASK) {
	case SOCK_STREAM:
		return IPPROTO_TCP;
	case SOCK_DGRAM:
		return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6 ? IPPROTO_ICMP
									      : IPPROTO_UDP;
	case SOCK_RAW:
		return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6 ? IPPROTO_ICMP
									      : IPPROTO_RAW;
	default:
		return 0;
	}
}

static enum descriptor_kind kind_of_family(int64_t family)
{
	switch (family) {
	case AF_UNIX:
		return DESCRIPTOR_UNIX;
	case AF_INET:
		return DESCRIPTOR_IPV4;
	case AF_INET6:
		return DESCRIPTOR_IPV6;
	case AF_NETLINK:
		return DESCRIPTOR_NETLINK;
	default:
		return DESCRIPTOR_SOCKET;
	}
}

static struct descriptor *new_socket(int64_t family, int64_t type, int64_t protocol)
{
	struct descriptor *socket = descriptor_new(kind_of_family(family));

	socket->family = (uint16_t)family;
	socket->protocol = protocol_of(type, protocol);
	return socket;
}

void update_socket(struct sensor_state *state, const struct sensor_event *event)
{
	const int64_t family = sensor_event_number_or(event, PARAM_DOMAIN, AF_UNSPEC);
	const int64_t type = sensor_event_number_or(event, PARAM_TYPE, 0);
	int64_t number;

	if (sensor_event_result(event, &number))
		state_open(state, number,
			   new_socket(family, type, sensor_event_number_or(event, PARAM_PROTO, 0)),
			   (type & SOCKET_CLOEXEC) != 0);
}

/* The descriptor that the event uses; a new one under its number where it was never seen. */
static struct descriptor *socket_of(struct sensor_state *state, int family)
{
	struct sensor_view *view = &state->view;

	if (!view->has_number || view->number < 0)
		return NULL;
	if (view->descriptor == NULL)
		state_open(state, view->number, new_socket(family, 0, 0), false);
	return descriptor_table_get(view->thread->process->descriptors, view->number);
}

static void set_path(struct descriptor *socket, struct text path)
{
	shared_text_set(&socket->name, path, NAME_MAX_BYTES);
}

/* An IPv4 address within IPv6 makes an IPv4 connection, as in Falco. */
static void set_kind(struct descriptor *socket, const struct socket_end *end, bool bound)
{
	if (end->ip.family == IP_V4)
		socket->kind = bound ? DESCRIPTOR_IPV4_BOUND : DESCRIPTOR_IPV4;
	else if (end->ip.family == IP_V6)
		socket->kind = bound ? DESCRIPTOR_IPV6_BOUND : DESCRIPTOR_IPV6;
}

static bool same_end(const struct socket_end *a, const struct socket_end *b)
{
	return a->port == b->port && memcmp(a->ip.bytes, b->ip.bytes, sizeof(a->ip.bytes)) == 0
	       && a->ip.family == b->ip.family;
}

/* Both ends, client first. Returns whether that is news. */
static bool set_ends(struct descriptor *socket, const struct socket_end *client,
		     const struct socket_end *server)
{
	const bool changed =
		!same_end(&socket->client, client) || !same_end(&socket->server, server)
		|| (socket->kind != DESCRIPTOR_IPV4 && socket->kind != DESCRIPTOR_IPV6);

	socket->client = *client;
	socket->server = *server;
	set_kind(socket, server, false);
	return changed;
}

void update_bind(struct sensor_state *state, const struct sensor_event *event)
{
	struct socket_address address;
	struct descriptor *socket;
	int64_t result;

	if (!sensor_event_result(event, &result) || result < 0
	    || !socket_address_parse(sensor_event_bytes(event, PARAM_ADDR), &address))
		return;
	socket = socket_of(state, address.family);
	if (socket == NULL)
		return;
	if (address.family == AF_UNIX) {
		set_path(socket, address.path);
	} else {
		socket->server = address.destination;
		set_kind(socket, &address.destination, true);
	}
	state->view.name_changed = true;
}

/* --- connections ------------------------------------------------------------------------- */

static enum descriptor_state state_after(int64_t result)
{
	return result >= 0              ? DESCRIPTOR_STATE_CONNECTED
	       : result == -EINPROGRESS ? DESCRIPTOR_STATE_CONNECTING
					: DESCRIPTOR_STATE_FAILED;
}

/* Where to: the tuple, which has this end too, or the address that was asked for. */
static bool destination_of(const struct sensor_event *event, struct socket_address *out)
{
	return socket_tuple_parse(sensor_event_bytes(event, PARAM_TUPLE), out)
	       || socket_address_parse(sensor_event_bytes(event, PARAM_ADDR), out);
}

void update_connect(struct sensor_state *state, const struct sensor_event *event)
{
	struct socket_address address;
	struct descriptor *socket;
	int64_t result;

	if (!sensor_event_result(event, &result) || !destination_of(event, &address))
		return;
	socket = socket_of(state, address.family);
	if (socket == NULL)
		return;
	socket->role = SOCKET_ROLE_CLIENT;
	socket->state = (uint8_t)state_after(result);
	if (address.family == AF_UNIX) {
		set_path(socket, address.path);
		socket->source_id = address.source_id;
		socket->destination_id = address.destination_id;
		state->view.name_changed = true;
	} else {
		state->view.name_changed = set_ends(socket, &address.source, &address.destination);
	}
}

void update_accept(struct sensor_state *state, const struct sensor_event *event)
{
	struct socket_address address;
	struct descriptor *socket;
	int64_t number;

	if (!sensor_event_result(event, &number))
		return;
	socket_tuple_parse(sensor_event_bytes(event, PARAM_TUPLE), &address);
	socket = new_socket(address.family, SOCK_STREAM, 0);
	socket->role = SOCKET_ROLE_SERVER;
	socket->state = DESCRIPTOR_STATE_CONNECTED;
	if (address.family == AF_UNIX) {
		set_path(socket, address.path);
		socket->source_id = address.source_id;
		socket->destination_id = address.destination_id;
	} else if (address.family != 0) {
		set_ends(socket, &address.source, &address.destination);
	}
	state_open(state, number, socket,
		   (sensor_event_number_or(event, PARAM_FLAGS, 0) & SOCKET_CLOEXEC) != 0);
}

/* --- without a connection ---------------------------------------------------------------- */

/* What is sent goes from the client to the server where the socket has not been used the other way
 * before; what is received the other way round. */
static void set_datagram_ends(struct sensor_state *state, struct descriptor *socket,
			      const struct socket_address *address, bool sending)
{
	if (socket->role == SOCKET_ROLE_NONE)
		socket->role = sending ? SOCKET_ROLE_CLIENT : SOCKET_ROLE_SERVER;

	const bool from_client = sending == (socket->role == SOCKET_ROLE_CLIENT);

	state->view.name_changed =
		set_ends(socket, from_client ? &address->source : &address->destination,
			 from_client ? &address->destination : &address->source);
}

void update_datagram(struct sensor_state *state, const struct sensor_event *event)
{
	const bool sending = event->type == EVENT_SENDTO_X || event->type == EVENT_SENDMSG_X;
	struct socket_address address;
	struct descriptor *socket;

	if (!socket_tuple_parse(sensor_event_bytes(event, PARAM_TUPLE), &address))
		return;
	socket = socket_of(state, address.family);
	if (socket == NULL)
		return;
	if (address.family == AF_UNIX) {
		if (address.path.len > 0)
			set_path(socket, address.path);
	} else if (socket->protocol != IPPROTO_TCP) {
		set_datagram_ends(state, socket, &address, sending);
	} else if (socket->client.ip.family == IP_NONE) { /* its connection was not seen */
		set_datagram_ends(state, socket, &address, sending);
	}
}

#define SOCKET_LEVEL   1
#define OPTION_ERROR   4
#define VALUE_IS_ERROR 1 /* which of several types a dynamic value has */

/* How a connection that was begun without waiting came out: asked for with SO_ERROR. */
void update_socket_option(struct sensor_state *state, const struct sensor_event *event)
{
	const struct text value = sensor_event_bytes(event, PARAM_VAL);
	struct descriptor *socket;
	int64_t result, error;

	if (!sensor_event_result(event, &result) || result < 0 || !state->view.has_number
	    || sensor_event_number_or(event, PARAM_LEVEL, 0) != SOCKET_LEVEL
	    || sensor_event_number_or(event, PARAM_OPTNAME, 0) != OPTION_ERROR)
		return;
	socket = descriptor_table_get(state->view.thread->process->descriptors, state->view.number);
	if (socket == NULL || socket->state != DESCRIPTOR_STATE_CONNECTING || value.len < 2
	    || value.ptr[0] != VALUE_IS_ERROR
	    || !param_number(text_from(value, 1), FORM_ERRNO, &error))
		return;
	socket->state = error == 0 ? DESCRIPTOR_STATE_CONNECTED : DESCRIPTOR_STATE_FAILED;
}
