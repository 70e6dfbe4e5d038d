/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_clients.h — clients of a gateway that show a certificate (MUTUAL, OPTIONAL_MUTUAL): by
 * whom it must be signed, which names, keys or fingerprints it may have.
 *
 * What a client was checked by is remembered with its connection: when a Gateway asks for more, who
 * came in before is sent away. Semantics: api:networking/v1alpha3/gateway.proto (facts 1.6). */
#pragma once

#include "proxy/plan_pem.h"

struct downstream;

/* Fills in the settings' peer_certificate and verify; and what connections have to fulfil. */
int gateway_check_clients(const struct server_tls *tls, const struct pem_material *material,
			  struct tls_settings *settings, struct client_demand *demand,
			  struct error *err);

/* A connection that is open already may stay as far as its client's certificate goes. */
bool gateway_client_fits(const struct client_demand *demand, const struct downstream *downstream);
