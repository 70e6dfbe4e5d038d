/* SPDX-License-Identifier: Apache-2.0 */
/* socket.h — sockets as we want them: non-blocking, close-on-exec, TCP_NODELAY. */
#pragma once

#include "net/address.h"

/* Returns a listening descriptor, or -Exxx. TCP listeners share their port among the workers
 * (SO_REUSEPORT); a unix path is unlinked first if nothing answers there, and gets `mode`. */
int socket_listen(const struct address *address, mode_t mode, struct error *err);

/* -EADDRINUSE where somebody listens there already, even one that would share the port with us. */
int socket_check_free(const struct address *address, struct error *err);

/* Starts to connect; writable (or an error) tells the end. Returns the descriptor, or -Exxx. */
int socket_connect(const struct address *address, struct error *err);

/* The next connection, or -EAGAIN, or another -Exxx. */
int socket_accept(int listener, struct address *peer);

/* The kernel asks a silent peer after `idle_s` seconds, then each `interval_s`, `probes` times. */
void socket_keep_alive(int fd, uint32_t idle_s, uint32_t interval_s, uint32_t probes);

int socket_error(int fd); /* 0 or -Exxx of a finished connect */
void socket_local_address(int fd, struct address *out);
