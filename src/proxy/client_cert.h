/* SPDX-License-Identifier: Apache-2.0 */
/* client_cert.h — what x-forwarded-client-cert says of a client's certificate
 * (envoy: docs/root/configuration/http/http_conn_man/headers.rst). */
#pragma once

#include <openssl/x509.h>

struct downstream;

/* "Hash=…;Subject="…";URI=…;DNS=…" of the certificate that the client has proven; NULL: none. Made
 * once a connection, and the connection's. */
const char *client_cert_text(struct downstream *downstream);
/* At the handshake, of a certificate that is not the mesh's: afterwards nobody has it. */
void client_cert_note(struct downstream *downstream, X509 *leaf);
