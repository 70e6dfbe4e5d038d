/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/socket.h"

#include <stdio.h>

/* What is left to read. Reading past the end gives zeros and is remembered. */
struct reader {
	const unsigned char *next;
	size_t left;
	bool short_of;
};

static const unsigned char *take(struct reader *reader, size_t len)
{
	const unsigned char *taken = reader->next;

	if (reader->left < len) {
		reader->short_of = true;
		return NULL;
	}
	reader->next += len;
	reader->left -= len;
	return taken;
}

static uint64_t take_number(struct reader *reader, size_t len)
{
	const unsigned char *bytes = take(reader, len);
	uint64_t number = 0;

	for (size_t i = 0; bytes != NULL && i < len; i++)
		number |= (uint64_t)bytes[i] << (8 * i);
	return number;
}

static struct socket_end take_end(struct reader *reader, size_t address_len)
{
	const unsigned char *bytes = take(reader, address_len);
	struct socket_end end = { 0 };

	if (bytes != NULL)
		end.ip = ip_from_bytes(bytes, address_len);
	end.port = (uint16_t)take_number(reader, 2);
	return end;
}

static struct text take_path(struct reader *reader)
{
	return (struct text){ (const char *)reader->next,
			      strnlen((const char *)reader->next, reader->left) };
}

static bool finish(const struct reader *reader, struct socket_address *out)
{
	if (!reader->short_of && out->family != 0)
		return true;
	*out = (struct socket_address){ 0 };
	return false;
}

bool socket_address_parse(struct text bytes, struct socket_address *out)
{
	struct reader reader = { (const unsigned char *)bytes.ptr, bytes.len, false };
	const uint8_t family = (uint8_t)take_number(&reader, 1);

	*out = (struct socket_address){ 0 };
	if (family == AF_UNIX)
		out->path = take_path(&reader);
	else if (family == AF_INET || family == AF_INET6)
		out->destination = take_end(&reader, family == AF_INET ? 4 : 16);
	else
		return false;
	out->family = family;
	return finish(&reader, out);
}

bool socket_tuple_parse(struct text bytes, struct socket_address *out)
{
	struct reader reader = { (const unsigned char *)bytes.ptr, bytes.len, false };
	const uint8_t family = (uint8_t)take_number(&reader, 1);

	*out = (struct socket_address){ 0 };
	if (family == AF_UNIX) {
		out->source_id = take_number(&reader, 8);
		out->destination_id = take_number(&reader, 8);
		if (!reader.short_of)
			out->path = take_path(&reader);
	} else if (family == AF_INET || family == AF_INET6) {
		out->source = take_end(&reader, family == AF_INET ? 4 : 16);
		out->destination = take_end(&reader, family == AF_INET ? 4 : 16);
	} else {
		return false;
	}
	out->family = family;
	return finish(&reader, out);
}

/* An address that is not known yet reads as zeros, as in Falco. IPv6 stands without brackets there
 * too. */
static void format_end(char *out, size_t size, const struct socket_end *end)
{
	char address[IP_TEXT_MAX];

	ip_format(address, end->ip);
	snprintf(out, size, "%s:%u", address[0] != '\0' ? address : "0.0.0.0", end->port);
}

struct text socket_end_text(char out[SOCKET_TEXT_MAX], const struct socket_end *end)
{
	format_end(out, SOCKET_TEXT_MAX, end);
	return text_of(out);
}

struct text socket_tuple_text(char out[SOCKET_TEXT_MAX], const struct socket_end *source,
			      const struct socket_end *destination)
{
	char ends[2][IP_TEXT_MAX + 8];

	format_end(ends[0], sizeof(ends[0]), source);
	format_end(ends[1], sizeof(ends[1]), destination);
	snprintf(out, SOCKET_TEXT_MAX, "%s->%s", ends[0], ends[1]);
	return text_of(out);
}
