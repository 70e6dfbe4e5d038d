/* SPDX-License-Identifier: Apache-2.0 */
#include "net/client_hello.h"

#define RECORD_HEAD      5
#define RECORD_HANDSHAKE 0x16
#define CLIENT_HELLO     0x01
#define NAME_HOST        0
#define NAME_MAX_LEN     255

enum { EXTENSION_SERVER_NAME = 0, EXTENSION_ALPN = 16 };

/* ---- reading numbers and vectors; false: there is not so much ---- */

static bool take(struct text *rest, size_t len, struct text *out)
{
	if (rest->len < len)
		return false;
	*out = text_until(*rest, len);
	*rest = text_from(*rest, len);
	return true;
}

static bool take_number(struct text *rest, size_t bytes, size_t *out)
{
	struct text digits;

	if (!take(rest, bytes, &digits))
		return false;
	*out = 0;
	for (size_t i = 0; i < bytes; i++)
		*out = *out << 8 | (unsigned char)digits.ptr[i];
	return true;
}

/* A vector: its length in so many bytes, then itself. */
static bool take_vector(struct text *rest, size_t length_bytes, struct text *out)
{
	size_t len;

	return take_number(rest, length_bytes, &len) && take(rest, len, out);
}

/* ---- records ---- */

/* Joins what the handshake records carry. */
static enum client_hello_result join_records(struct text bytes, struct client_hello *out,
					     struct text *message)
{
	size_t joined = 0;

	*message = (struct text){ out->joined, 0 };
	while (bytes.len > 0) {
		struct text head = bytes, payload;
		size_t type, version, len;

		if (!take_number(&head, 1, &type))
			break;
		if (type != RECORD_HANDSHAKE)
			return CLIENT_HELLO_REFUSED;
		if (!take_number(&head, 2, &version))
			break;
		if (version >> 8 != 3)
			return CLIENT_HELLO_REFUSED;
		if (!take_number(&head, 2, &len))
			break;
		if (len == 0 || len > CLIENT_HELLO_MAX - RECORD_HEAD)
			return CLIENT_HELLO_REFUSED;
		payload = text_until(head, MIN_OF(len, head.len));
		if (payload.len > sizeof(out->joined) - joined)
			return CLIENT_HELLO_REFUSED;
		memcpy(out->joined + joined, payload.ptr, payload.len);
		joined += payload.len;
		bytes = text_from(head, payload.len);
		message->len = joined;
	}
	return CLIENT_HELLO_DONE;
}

/* ---- extensions ---- */

static bool is_host_name(struct text name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.ptr[i] <= 0x20 || (unsigned char)name.ptr[i] >= 0x7f)
			return false;
	return name.len > 0 && name.len <= NAME_MAX_LEN;
}

static bool read_server_name(struct text extension, struct client_hello *out)
{
	struct text names, name;
	size_t type;

	if (!take_vector(&extension, 2, &names) || extension.len > 0)
		return false;
	if (!take_number(&names, 1, &type) || !take_vector(&names, 2, &name) || names.len > 0)
		return false; /* more than one name is of no use to anybody */
	if (type != NAME_HOST || !is_host_name(name))
		return false;
	out->server_name = name;
	return true;
}

static bool read_protocols(struct text extension, struct client_hello *out)
{
	struct text list, rest, name;

	if (!take_vector(&extension, 2, &list) || extension.len > 0 || list.len == 0)
		return false;
	rest = list;
	while (rest.len > 0)
		if (!take_vector(&rest, 1, &name) || name.len == 0)
			return false;
	out->protocols = list;
	return true;
}

static bool read_extensions(struct text all, struct client_hello *out)
{
	while (all.len > 0) {
		struct text extension;
		size_t type;

		if (!take_number(&all, 2, &type) || !take_vector(&all, 2, &extension))
			return false;
		if (type == EXTENSION_SERVER_NAME
		    && (out->server_name.ptr != NULL || !read_server_name(extension, out)))
			return false;
		if (type == EXTENSION_ALPN
		    && (out->protocols.ptr != NULL || !read_protocols(extension, out)))
			return false;
	}
	return true;
}

static bool read_hello(struct text body, struct client_hello *out)
{
	struct text ignored, extensions;

	if (!take(&body, 2 + 32, &ignored)       /* version, random */
	    || !take_vector(&body, 1, &ignored)  /* session id */
	    || !take_vector(&body, 2, &ignored)  /* cipher suites */
	    || !take_vector(&body, 1, &ignored)) /* compression methods */
		return false;
	if (body.len == 0)
		return true; /* TLS 1.2 without extensions */
	return take_vector(&body, 2, &extensions) && body.len == 0
	       && read_extensions(extensions, out);
}

enum client_hello_result client_hello_parse(struct text bytes, struct client_hello *out)
{
	struct text message, body;
	size_t type, len;

	out->server_name = out->protocols = (struct text){ NULL, 0 };
	if (join_records(bytes, out, &message) == CLIENT_HELLO_REFUSED)
		return CLIENT_HELLO_REFUSED;
	if (!take_number(&message, 1, &type))
		return CLIENT_HELLO_MORE;
	if (type != CLIENT_HELLO)
		return CLIENT_HELLO_REFUSED;
	if (!take_number(&message, 3, &len))
		return CLIENT_HELLO_MORE;
	if (len > CLIENT_HELLO_MAX - 4)
		return CLIENT_HELLO_REFUSED;
	if (!take(&message, len, &body))
		return CLIENT_HELLO_MORE;
	return read_hello(body, out) ? CLIENT_HELLO_DONE : CLIENT_HELLO_REFUSED;
}

bool client_hello_offers(const struct client_hello *hello, struct text protocol)
{
	struct text rest = hello->protocols, name;

	while (rest.len > 0 && take_vector(&rest, 1, &name))
		if (text_equal(name, protocol))
			return true;
	return false;
}
