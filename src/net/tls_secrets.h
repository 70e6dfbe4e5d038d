/* SPDX-License-Identifier: Apache-2.0 */
/* tls_secrets.h — what is taken over from a handshake; for tls_records.c alone. */
#pragma once

#include "net/tls_records.h"

struct tls_secret {
	unsigned char bytes[EVP_MAX_MD_SIZE];
	size_t len; /* 0: not known */
};

struct tls_secrets {
	struct tls_secret client, server;
	uint64_t sealed; /* records with our own secret, by OpenSSL */
};
