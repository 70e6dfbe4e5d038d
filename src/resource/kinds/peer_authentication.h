/* SPDX-License-Identifier: Apache-2.0 */
/* peer_authentication.h — security.istio.io PeerAuthentication: who must come with mutual TLS.
 * Source: istio/api security/v1beta1/peer_authentication.proto. */
#pragma once

#include "resource/kinds/common.h"

enum peer_mtls_mode {
	PEER_MTLS_UNSET = 0, /* inherits */
	PEER_MTLS_DISABLE,
	PEER_MTLS_PERMISSIVE,
	PEER_MTLS_STRICT,
};

struct peer_authentication_mtls {
	struct source_pos at;
	enum peer_mtls_mode mode;
};

struct peer_authentication_port {
	struct source_pos at;
	struct text key; /* the workload's port as text … */
	uint32_t port;   /* … and as number */
	enum peer_mtls_mode mode;
};

struct peer_authentication {
	struct resource meta;
	const struct workload_selector *selector;
	const struct peer_authentication_mtls *mtls;
	LIST_OF(struct peer_authentication_port) port_level_mtls;
};

static inline const struct peer_authentication *
peer_authentication_of(const struct resource *resource)
{
	return (const struct peer_authentication *)resource;
}
