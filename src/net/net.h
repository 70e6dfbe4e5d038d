/* SPDX-License-Identifier: Apache-2.0 */
/* net.h — bytes between machines: the event loop, sockets, TLS, and HTTP as bytes on a wire.
 *
 * Nothing here knows a resource, an identity or a policy: who may connect is asked by callback. */
#pragma once

#include "net/address.h"
#include "net/client_hello.h"
#include "net/curl.h"
#include "net/grpc.h"
#include "net/grpc_client.h"
#include "net/grpc_server.h"
#include "net/http.h"
#include "net/http1_body.h"
#include "net/http1_parse.h"
#include "net/http1_write.h"
#include "net/http2.h"
#include "net/http_authority.h"
#include "net/http_chars.h"
#include "net/http_guess.h"
#include "net/http_stream.h"
#include "net/input.h"
#include "net/link.h"
#include "net/loop.h"
#include "net/protobuf.h"
#include "net/proxy_protocol.h"
#include "net/resolver.h"
#include "net/slab.h"
#include "net/socket.h"
#include "net/tls.h"
#include "net/tls_memory.h"
