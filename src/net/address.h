/* SPDX-License-Identifier: Apache-2.0 */
/* address.h — where a socket is: IPv4, IPv6 or a unix path. A value, copied freely. */
#pragma once

#include "base/base.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct address {
	union {
		struct sockaddr any; /* any.sa_family AF_UNSPEC: no address */
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un local;
	};
	socklen_t len;
};

/* "10.0.0.1:80", "[::1]:80", "unix:///run/app.sock". Numbers only: no names are looked up. */
int address_parse(struct text text, struct address *out, struct error *err);
/* An IP address without a port, and the port beside it. */
int address_parse_ip(struct text ip, uint16_t port, struct address *out, struct error *err);

void address_of_ip(struct ip_address ip, uint16_t port, struct address *out);

#define ADDRESS_TEXT_MAX 128
/* The same forms address_parse reads. Returns the length; a NUL follows. */
size_t address_format(const struct address *address, char out[ADDRESS_TEXT_MAX]);
size_t address_format_ip(const struct address *address, char out[ADDRESS_TEXT_MAX]);

uint16_t address_port(const struct address *address); /* 0 for unix */
void address_set_port(struct address *address, uint16_t port);
bool address_equal(const struct address *a, const struct address *b);
bool address_is_loopback(const struct address *address); /* unix counts */
bool address_is_any(const struct address *address);      /* 0.0.0.0 or :: */
/* One of this machine's own addresses: it can be bound. */
bool address_is_local(const struct address *address);

/* Sixteen bytes in network order; IPv4 as ::ffff:a.b.c.d; all zero for unix. */
void address_bytes(const struct address *address, uint8_t out[16]);
