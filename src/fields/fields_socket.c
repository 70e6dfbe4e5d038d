/* SPDX-License-Identifier: Apache-2.0 */
/* fields_socket.c — fd.*: the two ends of a connection. */
#include "fields/fields_private.h"

#include <netdb.h>

static const struct descriptor *socket_of(const struct fields *fields)
{
	const struct descriptor *descriptor = fields->view->descriptor;

	return descriptor != NULL && descriptor_is_socket(descriptor) ? descriptor : NULL;
}

static bool is_bound_only(const struct descriptor *socket)
{
	return socket->kind == DESCRIPTOR_IPV4_BOUND || socket->kind == DESCRIPTOR_IPV6_BOUND;
}

/* NULL where the socket has no such end: of what only listens there is no other side. */
static const struct socket_end *end_of(const struct descriptor *socket, unsigned what)
{
	const bool serves = socket->role == SOCKET_ROLE_SERVER || is_bound_only(socket);

	switch (what) {
	case END_CLIENT:
		return is_bound_only(socket) ? NULL : &socket->client;
	case END_SERVER:
		return &socket->server;
	case END_LOCAL:
		return serves ? &socket->server : &socket->client;
	default: /* the remote one */
		return is_bound_only(socket) ? NULL : serves ? &socket->client : &socket->server;
	}
}

/* A socket that is not connected yet has the address 0.0.0.0, as Falco's does. */
static struct ip_address address_of(const struct descriptor *socket, const struct socket_end *end)
{
	static const unsigned char zeros[16];

	if (end->ip.family != IP_NONE)
		return end->ip;
	return ip_from_bytes(zeros, socket->family == AF_INET6 ? 16 : 4);
}

/* The ends that a field is about; those that ask for either get both. Of what only listens there is
 * but its own. */
static uint32_t ends_asked(const struct descriptor *socket, const struct field_use *use,
			   const struct socket_end *ends[2])
{
	const uint8_t what = field_rows[use->id].what;
	uint32_t count = 0;

	if (socket == NULL)
		return 0;
	ends[0] = end_of(socket, what == END_EITHER ? END_CLIENT : what);
	count += ends[0] != NULL;
	if (what == END_EITHER)
		ends[count++] = &socket->server;
	return count;
}

void field_address(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct descriptor *socket = socket_of(fields);
	const struct socket_end *ends[2];
	const uint32_t count = ends_asked(socket, use, ends);
	union field_item *items = ARENA_ARRAY(&fields->arena, 2, union field_item);

	for (uint32_t i = 0; i < count; i++)
		items[i].address = address_of(socket, ends[i]);
	*out = field_value_many(FIELD_VALUE_ADDRESS, items, count);
}

void field_port(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct descriptor *socket = socket_of(fields);
	const struct socket_end *ends[2];
	const uint32_t count = ends_asked(socket, use, ends);
	union field_item *items = ARENA_ARRAY(&fields->arena, 2, union field_item);

	for (uint32_t i = 0; i < count; i++)
		items[i].number = ends[i]->port;
	*out = field_value_many(FIELD_VALUE_NUMBER, items, count);
}

static struct text protocol_name(const struct descriptor *socket)
{
	switch (socket->protocol) {
	case IPPROTO_TCP:
		return TEXT("tcp");
	case IPPROTO_UDP:
		return TEXT("udp");
	case IPPROTO_ICMP:
		return TEXT("icmp");
	case IPPROTO_RAW:
		return TEXT("raw");
	default:
		return TEXT("<NA>");
	}
}

/* "https" for 443, as services(5) has it; else the number. */
static struct text service_name(struct fields *fields, const struct descriptor *socket,
				uint16_t port)
{
	const struct text protocol = protocol_name(socket);
	struct servent entry, *found = NULL;
	char storage[1024];

	if (getservbyport_r(htons(port), protocol.ptr, &entry, storage, sizeof(storage), &found)
		    == 0
	    && found != NULL)
		return text_of(arena_strdup(&fields->arena, found->s_name));
	return text_of(arena_printf(&fields->arena, "%u", port));
}

void field_port_name(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct descriptor *socket = socket_of(fields);
	const struct socket_end *ends[2];
	const uint32_t count = ends_asked(socket, use, ends);
	union field_item *items = ARENA_ARRAY(&fields->arena, 2, union field_item);

	for (uint32_t i = 0; i < count; i++)
		items[i].text = service_name(fields, socket, ends[i]->port);
	*out = field_value_many(FIELD_VALUE_TEXT, items, count);
}

/* Those of the rules' host names that the end's address has. */
void field_host(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct descriptor *socket = socket_of(fields);
	const struct socket_end *ends[2];
	struct text names[HOST_NAMES_MAX];
	union field_item *items;
	size_t count;

	if (fields->hosts == NULL || ends_asked(socket, use, ends) == 0)
		return;
	count = host_names_of(fields->hosts, address_of(socket, ends[0]), names);
	items = ARENA_ARRAY(&fields->arena, count + 1, union field_item);
	for (size_t i = 0; i < count; i++)
		items[i].text = names[i];
	*out = field_value_many(FIELD_VALUE_TEXT, items, (uint32_t)count);
}

void field_socket_protocol(struct fields *fields, const struct field_use *use,
			   struct field_value *out)
{
	const struct descriptor *socket = socket_of(fields);

	(void)use;
	if (socket != NULL)
		answer_text(out, protocol_name(socket));
}

void field_socket_family(struct fields *fields, const struct field_use *use,
			 struct field_value *out)
{
	const struct descriptor *descriptor = fields->view->descriptor;

	(void)use;
	if (socket_of(fields) != NULL)
		answer_text(out, TEXT("ip"));
	else if (descriptor != NULL && descriptor->kind == DESCRIPTOR_UNIX)
		answer_text(out, TEXT("unix"));
}
