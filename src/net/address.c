/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static int parse_unix(struct text path, struct text whole, struct address *out, struct error *err)
{
	if (path.len == 0 || path.len >= sizeof(out->local.sun_path) || path.ptr[0] != '/')
		return error_set(err, -EINVAL,
				 "'%.*s' is no unix address: an absolute path of at most %zu bytes "
				 "must follow unix://",
				 TEXT_ARGS(whole), sizeof(out->local.sun_path) - 1);
	*out = (struct address){ .local.sun_family = AF_UNIX };
	memcpy(out->local.sun_path, path.ptr, path.len);
	out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len + 1);
	return 0;
}

int address_parse_ip(struct text ip, uint16_t port, struct address *out, struct error *err)
{
	char copy[INET6_ADDRSTRLEN];

	if (ip.len >= 2 && ip.ptr[0] == '[' && ip.ptr[ip.len - 1] == ']')
		ip = (struct text){ ip.ptr + 1, ip.len - 2 };
	if (ip.len < sizeof(copy) && ip.len > 0) {
		memcpy(copy, ip.ptr, ip.len);
		copy[ip.len] = '\0';
		*out = (struct address){ .len = sizeof(out->v4) };
		if (inet_pton(AF_INET, copy, &out->v4.sin_addr) == 1) {
			out->v4.sin_family = AF_INET;
			out->v4.sin_port = htons(port);
			return 0;
		}
		*out = (struct address){ .len = sizeof(out->v6) };
		if (inet_pton(AF_INET6, copy, &out->v6.sin6_addr) == 1) {
			out->v6.sin6_family = AF_INET6;
			out->v6.sin6_port = htons(port);
			return 0;
		}
	}
	return error_set(err, -EINVAL, "'%.*s' is no IP address", TEXT_ARGS(ip));
}

void address_of_ip(struct ip_address ip, uint16_t port, struct address *out)
{
	*out = (struct address){ 0 };
	if (ip.family == IP_V4) {
		out->len = sizeof(out->v4);
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		memcpy(&out->v4.sin_addr, ip.bytes + 12, 4); /* ip.h: the mapped range */
	} else {
		out->len = sizeof(out->v6);
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons(port);
		memcpy(&out->v6.sin6_addr, ip.bytes, 16);
	}
}

int address_parse(struct text text, struct address *out, struct error *err)
{
	const struct text scheme = TEXT("unix://");
	const size_t colon = text_find_last_char(text, ':');
	uint64_t port;

	if (text_starts_with(text, scheme))
		return parse_unix(text_from(text, scheme.len), text, out, err);
	if (colon == TEXT_NONE || !text_parse_number(text_from(text, colon + 1), 65535, &port)
	    || address_parse_ip(text_until(text, colon), (uint16_t)port, out, NULL) < 0)
		return error_set(
			err, -EINVAL,
			"'%.*s' is no address: write 10.0.0.1:80, [::1]:80 or unix:///path",
			TEXT_ARGS(text));
	return 0;
}

size_t address_format_ip(const struct address *address, char out[ADDRESS_TEXT_MAX])
{
	switch (address->any.sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &address->v4.sin_addr, out, ADDRESS_TEXT_MAX);
		break;
	case AF_INET6:
		if (IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr))
			inet_ntop(AF_INET, &address->v6.sin6_addr.s6_addr[12], out,
				  ADDRESS_TEXT_MAX);
		else
			inet_ntop(AF_INET6, &address->v6.sin6_addr, out, ADDRESS_TEXT_MAX);
		break;
	default:
		out[0] = '\0';
	}
	return strlen(out);
}

size_t address_format(const struct address *address, char out[ADDRESS_TEXT_MAX])
{
	char ip[ADDRESS_TEXT_MAX];
	int len;

	address_format_ip(address, ip);
	if (address->any.sa_family == AF_UNIX)
		len = snprintf(out, ADDRESS_TEXT_MAX, "unix://%s", address->local.sun_path);
	else if (strchr(ip, ':') != NULL)
		len = snprintf(out, ADDRESS_TEXT_MAX, "[%.50s]:%u", ip, address_port(address));
	else
		len = snprintf(out, ADDRESS_TEXT_MAX, "%.50s:%u", ip, address_port(address));
	return (size_t)len;
}

uint16_t address_port(const struct address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohs(address->v4.sin_port);
	return address->any.sa_family == AF_INET6 ? ntohs(address->v6.sin6_port) : 0;
}

void address_set_port(struct address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET)
		address->v4.sin_port = htons(port);
	else if (address->any.sa_family == AF_INET6)
		address->v6.sin6_port = htons(port);
}

bool address_equal(const struct address *a, const struct address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	switch (a->any.sa_family) {
	case AF_INET:
		return a->v4.sin_port == b->v4.sin_port
		       && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	case AF_INET6:
		return a->v6.sin6_port == b->v6.sin6_port
		       && memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, 16) == 0;
	default:
		return a->len == b->len && strcmp(a->local.sun_path, b->local.sun_path) == 0;
	}
}

bool address_is_loopback(const struct address *address)
{
	switch (address->any.sa_family) {
	case AF_INET:
		return (ntohl(address->v4.sin_addr.s_addr) >> 24) == 127;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
	default:
		return address->any.sa_family == AF_UNIX;
	}
}

bool address_is_any(const struct address *address)
{
	if (address->any.sa_family == AF_INET)
		return address->v4.sin_addr.s_addr == htonl(INADDR_ANY);
	return address->any.sa_family == AF_INET6
	       && IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
}

bool address_is_local(const struct address *address)
{
	struct address probe = *address;

	if (address->any.sa_family == AF_UNIX)
		return true;

	AUTO_FD int fd = socket(address->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	address_set_port(&probe, 0);
	return fd >= 0 && bind(fd, &probe.any, probe.len) == 0;
}

void address_bytes(const struct address *address, uint8_t out[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	memset(out, 0, 16);
	if (address->any.sa_family == AF_INET) {
		memcpy(out, mapped, sizeof(mapped));
		memcpy(out + 12, &address->v4.sin_addr, 4);
	} else if (address->any.sa_family == AF_INET6) {
		memcpy(out, &address->v6.sin6_addr, 16);
	}
}
