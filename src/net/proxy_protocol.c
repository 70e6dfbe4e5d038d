/* SPDX-License-Identifier: Apache-2.0 */
#include "net/proxy_protocol.h"

#include <arpa/inet.h>
#include <stdio.h>

#define V1_MAX  107 /* the longest line, with its end */
#define V2_HEAD 16

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

static enum proxy_protocol_result refuse(const char **why, const char *reason)
{
	*why = reason;
	return PROXY_PROTOCOL_REFUSED;
}

/* ---- version 1: a line of text ---- */

/* As they are written: no sign, no leading zeros. */
static bool parse_port(struct text text, uint16_t *out)
{
	uint64_t number;

	if (!text_parse_number(text, UINT16_MAX, &number) || (text.len > 1 && text.ptr[0] == '0'))
		return false;
	*out = (uint16_t)number;
	return true;
}

static bool parse_end(struct text ip, struct text port, int family, struct address *out)
{
	uint16_t number;

	return parse_port(port, &number) && address_parse_ip(ip, number, out, NULL) == 0
	       && out->any.sa_family == family;
}

static bool parse_addresses(struct text rest, int family, struct proxy_header *out)
{
	const struct text source = text_split(&rest, ' '), destination = text_split(&rest, ' ');
	const struct text source_port = text_split(&rest, ' ');

	out->says_where = true;
	return rest.ptr != NULL && parse_end(source, source_port, family, &out->source)
	       && parse_end(destination, rest, family, &out->destination);
}

static enum proxy_protocol_result parse_v1(struct text bytes, struct proxy_header *out,
					   const char **why)
{
	const size_t end =
		text_find_char(text_until(bytes, MIN_OF(bytes.len, (size_t)V1_MAX)), '\n');
	struct text rest;

	if (end == TEXT_NONE)
		return bytes.len < V1_MAX ? PROXY_PROTOCOL_MORE
					  : refuse(why, "PROXY line longer than 107 bytes");
	if (bytes.ptr[end - 1] != '\r')
		return refuse(why, "PROXY line that does not end in CR LF");
	out->len = end + 1;
	rest = text_until(bytes, end - 1);
	text_split(&rest, ' '); /* "PROXY" */

	const struct text family = text_split(&rest, ' ');

	if (text_is(family, "UNKNOWN"))
		return PROXY_PROTOCOL_DONE; /* what follows is to be ignored */
	if (text_is(family, "TCP4") && parse_addresses(rest, AF_INET, out))
		return PROXY_PROTOCOL_DONE;
	if (text_is(family, "TCP6") && parse_addresses(rest, AF_INET6, out))
		return PROXY_PROTOCOL_DONE;
	return refuse(why, "malformed PROXY line");
}

/* ---- version 2: bytes ---- */

enum { V2_LOCAL = 0x20, V2_PROXY = 0x21 };   /* version and command */
enum { V2_TCP4 = 0x11, V2_TCP6 = 0x21 };     /* family and transport */
enum { V2_TCP4_LEN = 12, V2_TCP6_LEN = 36 }; /* of the addresses */
enum { TLV_HEAD = 3, TLV_CRC32C = 3, CRC32C_LEN = 4 };

static uint16_t read_16(const char *bytes)
{
	uint16_t number;

	memcpy(&number, bytes, sizeof(number));
	return ntohs(number);
}

/* RFC 3720, appendix B.4; once a connection, so no table. */
static uint32_t crc32c(uint32_t crc, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

/* Of the whole header, the checksum itself taken for zeros. */
static bool checksum_fits(struct text header, size_t at)
{
	static const char zeros[CRC32C_LEN];
	uint32_t want, crc = crc32c(UINT32_MAX, header.ptr, at);

	memcpy(&want, header.ptr + at, sizeof(want));
	crc = crc32c(crc, zeros, CRC32C_LEN);
	crc = crc32c(crc, header.ptr + at + CRC32C_LEN, header.len - at - CRC32C_LEN);
	return ~crc == ntohl(want);
}

static bool check_extras(struct text header, size_t at, const char **why)
{
	while (at < header.len) {
		const size_t left = header.len - at;

		*why = "PROXY header with a field that is longer than it";
		if (left < TLV_HEAD || read_16(header.ptr + at + 1) > left - TLV_HEAD)
			return false;

		const size_t len = read_16(header.ptr + at + 1);

		*why = "PROXY header whose checksum is wrong";
		if (header.ptr[at] == TLV_CRC32C
		    && (len != CRC32C_LEN || !checksum_fits(header, at + TLV_HEAD)))
			return false;
		at += TLV_HEAD + len;
	}
	return true;
}

static void set_v4(struct address *out, const char *ip, const char *port)
{
	*out = (struct address){ .v4 = { .sin_family = AF_INET }, .len = sizeof(out->v4) };
	memcpy(&out->v4.sin_addr, ip, 4);
	memcpy(&out->v4.sin_port, port, 2);
}

static void set_v6(struct address *out, const char *ip, const char *port)
{
	*out = (struct address){ .v6 = { .sin6_family = AF_INET6 }, .len = sizeof(out->v6) };
	memcpy(&out->v6.sin6_addr, ip, 16);
	memcpy(&out->v6.sin6_port, port, 2);
}

/* What follows the addresses of a family; SIZE_MAX: there is no room for them. */
static size_t read_addresses(struct text body, unsigned char family, struct proxy_header *out)
{
	const char *bytes = body.ptr;

	if (family == V2_TCP4 && body.len >= V2_TCP4_LEN) {
		set_v4(&out->source, bytes, bytes + 8);
		set_v4(&out->destination, bytes + 4, bytes + 10);
		out->says_where = true;
		return V2_TCP4_LEN;
	}
	if (family == V2_TCP6 && body.len >= V2_TCP6_LEN) {
		set_v6(&out->source, bytes, bytes + 32);
		set_v6(&out->destination, bytes + 16, bytes + 34);
		out->says_where = true;
		return V2_TCP6_LEN;
	}
	return family == V2_TCP4 || family == V2_TCP6 ? SIZE_MAX : body.len;
}

static enum proxy_protocol_result parse_v2(struct text bytes, struct proxy_header *out,
					   const char **why)
{
	if (bytes.len < V2_HEAD)
		return PROXY_PROTOCOL_MORE;

	const unsigned char command = (unsigned char)bytes.ptr[12];
	const size_t len = read_16(bytes.ptr + 14);

	if (command != V2_LOCAL && command != V2_PROXY)
		return refuse(why, "PROXY header of an unknown version or command");
	if (V2_HEAD + len > PROXY_PROTOCOL_MAX)
		return refuse(why, "PROXY header longer than 4096 bytes");
	if (bytes.len < V2_HEAD + len)
		return PROXY_PROTOCOL_MORE;
	out->len = V2_HEAD + len;
	if (command == V2_LOCAL)
		return PROXY_PROTOCOL_DONE; /* the proxy's own, a health check */

	const struct text header = text_until(bytes, out->len);
	const size_t used =
		read_addresses(text_from(header, V2_HEAD), (unsigned char)bytes.ptr[13], out);

	if (used == SIZE_MAX)
		return refuse(why, "PROXY header too short for its addresses");
	return check_extras(header, V2_HEAD + used, why) ? PROXY_PROTOCOL_DONE
							 : PROXY_PROTOCOL_REFUSED;
}

static bool begins_like(struct text bytes, const char *beginning, size_t len)
{
	return memcmp(bytes.ptr, beginning, MIN_OF(bytes.len, len)) == 0;
}

enum proxy_protocol_result proxy_protocol_parse(struct text bytes, struct proxy_header *out,
						const char **why)
{
	*out = (struct proxy_header){ 0 };
	if (bytes.len == 0)
		return PROXY_PROTOCOL_MORE;
	if (begins_like(bytes, signature, sizeof(signature)))
		return parse_v2(bytes, out, why);
	if (begins_like(bytes, "PROXY ", 6))
		return bytes.len < 6 ? PROXY_PROTOCOL_MORE : parse_v1(bytes, out, why);
	return refuse(why, "no PROXY header, which has to come first here");
}

/* ---- writing ---- */

static size_t write_v1(char *out, const struct address *source, const struct address *destination,
		       bool is_known)
{
	char from[ADDRESS_TEXT_MAX], to[ADDRESS_TEXT_MAX];

	if (!is_known)
		return (size_t)snprintf(out, PROXY_PROTOCOL_WRITE_MAX, "PROXY UNKNOWN\r\n");
	address_format_ip(source, from);
	address_format_ip(destination, to);
	return (size_t)snprintf(out, PROXY_PROTOCOL_WRITE_MAX, "PROXY %s %s %s %u %u\r\n",
				source->any.sa_family == AF_INET ? "TCP4" : "TCP6", from, to,
				address_port(source), address_port(destination));
}

static size_t put(char *out, size_t at, const void *bytes, size_t len)
{
	memcpy(out + at, bytes, len);
	return at + len;
}

static size_t write_v2(char *out, const struct address *source, const struct address *destination,
		       bool is_known)
{
	const bool v4 = source->any.sa_family == AF_INET;
	size_t at = put(out, 0, signature, sizeof(signature));

	out[at++] = V2_PROXY;
	out[at++] = is_known ? (v4 ? V2_TCP4 : V2_TCP6) : 0;
	out[at++] = 0;
	out[at++] = is_known ? (v4 ? V2_TCP4_LEN : V2_TCP6_LEN) : 0;
	if (is_known && v4) {
		at = put(out, at, &source->v4.sin_addr, 4);
		at = put(out, at, &destination->v4.sin_addr, 4);
		at = put(out, at, &source->v4.sin_port, 2);
		at = put(out, at, &destination->v4.sin_port, 2);
	} else if (is_known) {
		at = put(out, at, &source->v6.sin6_addr, 16);
		at = put(out, at, &destination->v6.sin6_addr, 16);
		at = put(out, at, &source->v6.sin6_port, 2);
		at = put(out, at, &destination->v6.sin6_port, 2);
	}
	return at;
}

/* An IPv4 address in the dress of IPv6, which sockets for both give. */
static struct address undressed(const struct address *address)
{
	struct address plain;

	if (address->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr))
		return *address;
	set_v4(&plain, (const char *)&address->v6.sin6_addr + 12,
	       (const char *)&address->v6.sin6_port);
	return plain;
}

size_t proxy_protocol_write(char out[PROXY_PROTOCOL_WRITE_MAX], unsigned version,
			    const struct address *source, const struct address *destination)
{
	const struct address from = undressed(source), to = undressed(destination);
	const bool is_known = (from.any.sa_family == AF_INET || from.any.sa_family == AF_INET6)
			      && to.any.sa_family == from.any.sa_family;

	return version == 1 ? write_v1(out, &from, &to, is_known)
			    : write_v2(out, &from, &to, is_known);
}
