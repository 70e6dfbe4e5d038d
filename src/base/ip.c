/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ip.h"

#include <arpa/inet.h>
#include <stdio.h>

static const unsigned char mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct ip_address ip_from_bytes(const void *bytes, size_t len)
{
	struct ip_address ip = { 0 };

	if (len == 4) {
		memcpy(ip.bytes, mapped_prefix, sizeof(mapped_prefix));
		memcpy(ip.bytes + sizeof(mapped_prefix), bytes, 4);
		ip.family = IP_V4;
	} else if (len == 16) {
		memcpy(ip.bytes, bytes, 16);
		ip.family =
			memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0 ? IP_V4 : IP_V6;
	}
	return ip;
}

struct ip_address ip_from_sockaddr(const struct sockaddr *address, uint16_t *port)
{
	uint16_t number = 0;
	struct ip_address ip = { 0 };

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in4 = (const struct sockaddr_in *)address;

		ip = ip_from_bytes(&in4->sin_addr, 4);
		number = ntohs(in4->sin_port);
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

		ip = ip_from_bytes(&in6->sin6_addr, 16);
		number = ntohs(in6->sin6_port);
	}
	if (port != NULL)
		*port = number;
	return ip;
}

bool ip_parse(struct text text, struct ip_address *out)
{
	char copy[IP_TEXT_MAX];
	unsigned char bytes[16];

	if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len) != NULL)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET, copy, bytes) == 1)
		*out = ip_from_bytes(bytes, 4);
	else if (inet_pton(AF_INET6, copy, bytes) == 1)
		*out = ip_from_bytes(bytes, 16);
	else
		return false;
	return true;
}

const char *ip_format(char out[IP_TEXT_MAX], struct ip_address ip)
{
	out[0] = '\0';
	if (ip.family == IP_V4)
		inet_ntop(AF_INET, ip.bytes + sizeof(mapped_prefix), out, IP_TEXT_MAX);
	else if (ip.family == IP_V6)
		inet_ntop(AF_INET6, ip.bytes, out, IP_TEXT_MAX);
	return out;
}

bool ip_equal(struct ip_address a, struct ip_address b)
{
	return a.family != IP_NONE && a.family == b.family
	       && memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

struct ip_address ip_mask(struct ip_address ip, unsigned prefix_bits)
{
	unsigned kept = prefix_bits + (ip.family == IP_V4 ? 96 : 0);

	for (unsigned i = 0; i < sizeof(ip.bytes); i++) {
		unsigned bits = kept > i * 8 ? kept - i * 8 : 0;

		if (bits < 8)
			ip.bytes[i] = (unsigned char)(ip.bytes[i] & ~(0xffU >> bits));
	}
	return ip;
}

bool ip_range_parse(struct text text, struct ip_range *out)
{
	size_t slash = text_find_char(text, '/');
	struct ip_address base;
	uint64_t bits;

	if (!ip_parse(slash == TEXT_NONE ? text : text_until(text, slash), &base))
		return false;

	unsigned widest = base.family == IP_V4 ? 32 : 128;

	bits = widest;
	if (slash != TEXT_NONE && !text_parse_number(text_from(text, slash + 1), widest, &bits))
		return false;
	*out = (struct ip_range){ ip_mask(base, (unsigned)bits), (unsigned)bits };
	return true;
}

bool ip_range_contains(const struct ip_range *block, struct ip_address ip)
{
	if (ip.family == IP_NONE || ip.family != block->base.family)
		return false;

	unsigned bits = block->prefix_bits + (ip.family == IP_V4 ? 96 : 0);

	if (memcmp(block->base.bytes, ip.bytes, bits / 8) != 0)
		return false;
	return bits % 8 == 0
	       || ((block->base.bytes[bits / 8] ^ ip.bytes[bits / 8]) & (0xff00U >> (bits % 8))
		   & 0xff) == 0;
}
