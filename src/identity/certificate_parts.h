/* SPDX-License-Identifier: Apache-2.0 */
/* certificate_parts.h — what certificates and requests for them have in common. For the files
 * certificate*.c alone. */
#pragma once

#include "base/base.h"

#include <openssl/x509.h>

#define ISSUER_BASIC_CONSTRAINTS TEXT("\x30\x06\x01\x01\xff\x02\x01\x00") /* cA, pathLen 0 */
#define AUTHORITY_KEY_USAGE      TEXT("\x03\x02\x01\x06")                 /* keyCertSign, cRLSign */

X509_EXTENSION *certificate_extension(int nid, bool critical, struct text der); /* NULL: failed */
/* permitted [0]: one subtree, of URIs with this host. */
void certificate_name_constraint(struct buffer *out, struct text trust_domain);
/* "O=Mangrove, CN=root 1f3c…": unique through the key, as two generations of one subject send
 * verifiers searching. */
bool certificate_set_authority_subject(X509 *certificate, const char *role);
