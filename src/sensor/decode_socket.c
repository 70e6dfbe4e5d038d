/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/calls.h"
#include "sensor/decode_parts.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#define TUPLE_MAX (1 + 2 * (16 + 2))

static char *put_end(char *to, const void *address, size_t len, uint16_t port)
{
	memcpy(to, address, len);
	to[len] = (char)(port & 0xff);
	to[len + 1] = (char)(port >> 8);
	return to + len + 2;
}

static size_t address_length(unsigned family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

/* Address and port of a struct sockaddr; false where it has none. */
static bool read_native(struct text native, unsigned *family, const char **address, uint16_t *port)
{
	sa_family_t told;
	uint16_t network_port;

	if (native.len < sizeof(told))
		return false;
	memcpy(&told, native.ptr, sizeof(told));
	*family = told;
	if (told == AF_INET && native.len >= sizeof(struct sockaddr_in))
		*address = native.ptr + offsetof(struct sockaddr_in, sin_addr);
	else if (told == AF_INET6 && native.len >= offsetof(struct sockaddr_in6, sin6_scope_id))
		*address = native.ptr + offsetof(struct sockaddr_in6, sin6_addr);
	else
		return false;
	memcpy(&network_port, native.ptr + offsetof(struct sockaddr_in, sin_port),
	       sizeof(network_port));
	*port = ntohs(network_port);
	return true;
}

static struct text decode_unix_address(struct decoder *decoder, struct text native)
{
	struct text path = text_from(native, offsetof(struct sockaddr_un, sun_path));
	const size_t end = text_find_char(path, '\0');
	char *bytes;

	if (end != TEXT_NONE)
		path.len = end;
	bytes = decoder_take(decoder, path.len + 2);
	if (bytes == NULL)
		return (struct text){ 0 };
	bytes[0] = AF_UNIX;
	memcpy(bytes + 1, path.ptr, path.len);
	bytes[1 + path.len] = '\0';
	return (struct text){ bytes, path.len + 2 };
}

struct text record_address(struct decoder *decoder, struct text native)
{
	unsigned family = AF_UNSPEC;
	const char *address;
	uint16_t port;
	char *bytes;

	if (!read_native(native, &family, &address, &port)) {
		if (family == AF_UNIX)
			return decode_unix_address(decoder, native);
		return (struct text){ 0 };
	}
	bytes = decoder_take(decoder, TUPLE_MAX);
	if (bytes == NULL)
		return (struct text){ 0 };
	bytes[0] = (char)family;
	return (struct text){
		bytes, (size_t)(put_end(bytes + 1, address, address_length(family), port) - bytes)
	};
}

/* The caller names the other end, as sendto to an unconnected socket does, or the socket knows it.
 * What the kernel has comes first: the caller's memory may have changed since. */
static void choose_remote(const struct record_facts *facts, struct piece_socket *socket)
{
	unsigned family;
	const char *address;
	uint16_t port;

	if (socket->remote_port != 0)
		return;
	for (unsigned arg = 0; arg < 6; arg++) {
		struct text native = record_piece(facts, PIECE_ADDRESS, arg);

		if (native.ptr == NULL || !read_native(native, &family, &address, &port)
		    || family != socket->family)
			continue;
		memcpy(socket->remote, address, address_length(family));
		socket->remote_port = port;
		return;
	}
}

static struct text unix_tuple(struct decoder *decoder, const struct record_facts *facts,
			      const struct piece_socket *socket, unsigned arg, bool inbound)
{
	struct text path = record_piece(facts, PIECE_SOCKET_PATH, arg);
	char *bytes;

	for (unsigned i = 0; path.len == 0 && i < 6; i++) {
		struct text native = record_piece(facts, PIECE_ADDRESS, i);

		if (native.len > offsetof(struct sockaddr_un, sun_path))
			path = text_from(native, offsetof(struct sockaddr_un, sun_path));
	}
	path.len = path.ptr != NULL ? strnlen(path.ptr, path.len) : 0;
	bytes = decoder_take(decoder, 1 + 8 + 8 + path.len + 1);
	if (bytes == NULL)
		return (struct text){ 0 };
	bytes[0] = AF_UNIX;
	memcpy(bytes + 1, inbound ? socket->remote : socket->local, 8);
	memcpy(bytes + 9, inbound ? socket->local : socket->remote, 8);
	if (path.len > 0)
		memcpy(bytes + 17, path.ptr, path.len);
	bytes[17 + path.len] = '\0';
	return (struct text){ bytes, 18 + path.len };
}

static bool call_is_inbound(unsigned call)
{
	return call == CALL_accept || call == CALL_accept4 || call == CALL_recvfrom
	       || call == CALL_recvmsg;
}

struct text record_tuple(struct decoder *decoder, const struct record_facts *facts)
{
	const bool accepted =
		facts->record->call == CALL_accept || facts->record->call == CALL_accept4;
	const unsigned arg = accepted ? PIECE_RESULT : 0;
	const bool inbound = call_is_inbound(facts->record->call);
	struct text bytes = record_piece(facts, PIECE_SOCKET, arg);
	struct piece_socket socket;
	size_t len;
	char *tuple, *end;

	if (bytes.len != sizeof(socket))
		return (struct text){ 0 };
	memcpy(&socket, bytes.ptr, sizeof(socket));
	if (socket.family == AF_UNIX)
		return unix_tuple(decoder, facts, &socket, arg, inbound);
	len = address_length(socket.family);
	choose_remote(facts, &socket);
	tuple = decoder_take(decoder, TUPLE_MAX);
	if (len == 0 || tuple == NULL)
		return (struct text){ 0 };
	tuple[0] = (char)socket.family;
	end = inbound ? put_end(tuple + 1, socket.remote, len, socket.remote_port)
		      : put_end(tuple + 1, socket.local, len, socket.local_port);
	end = inbound ? put_end(end, socket.local, len, socket.local_port)
		      : put_end(end, socket.remote, len, socket.remote_port);
	return (struct text){ tuple, (size_t)(end - tuple) };
}
