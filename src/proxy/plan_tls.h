/* SPDX-License-Identifier: Apache-2.0 */
/* plan_tls.h — TLS versions and ciphers as resources write them, as OpenSSL knows them. */
#pragma once

#include "proxy/mesh_tls.h"
#include "proxy/plan_parts.h"

struct tls_limits plan_tls_limits(struct plan_build *build, enum tls_version min,
				  enum tls_version max, const struct text_list *suites);
