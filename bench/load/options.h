/* SPDX-License-Identifier: Apache-2.0 */
/* options.h — what the load client is asked to do. */
#pragma once

#include "base/base.h"

#include <netinet/in.h>

enum load_mode {
	LOAD_MEASURE = 0,
	LOAD_WAIT, /* until the first answer that is right; print when that was */
	LOAD_IDLE, /* hold connections open until standard input closes */
};

enum handshakes {
	HANDSHAKE_ONCE = 0, /* connections are kept */
	HANDSHAKE_FULL,     /* a new connection, and a full handshake, for each request */
	HANDSHAKE_RESUMED,  /* the same, resuming the session before */
};

struct load_options {
	enum load_mode mode;
	enum handshakes handshakes;
	struct sockaddr_in address; /* loopback only */
	const char *path;
	size_t connections;
	uint64_t requests, duration_ns; /* 0: no bound; either ends the run */
	double rate;                    /* requests a second in an open loop; 0: a closed loop */
	bool tls;
	const char *certificate, *key; /* the client's, or NULL */
	const char *server_name;
	struct buffer headers; /* additional ones, each with its line end */
	int expected_status;
	const char *measured_pids; /* comma-separated; NULL: none */
};

/* False, with the reason on standard error, where they make no sense. */
bool load_options_parse(int argc, char **argv, struct load_options *options);
