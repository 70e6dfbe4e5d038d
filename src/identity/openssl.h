/* SPDX-License-Identifier: Apache-2.0 */
/* openssl.h — OpenSSL's objects in our ownership and error conventions. For this room alone. */
#pragma once

#include "base/base.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline void x509_chain_free(STACK_OF(X509) * chain) /* accepts NULL */
{
	sk_X509_pop_free(chain, X509_free);
}

DEFINE_AUTO(BIO, BIO_free_all)
DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)
DEFINE_AUTO(X509, X509_free)
DEFINE_AUTO(X509_STORE_CTX, X509_STORE_CTX_free)
DEFINE_AUTO(GENERAL_NAMES, GENERAL_NAMES_free)
DEFINE_AUTO(STACK_OF(X509), x509_chain_free)

/* Fills err with "doing: OpenSSL's reason" and empties OpenSSL's error queue. Returns code. */
int openssl_error(struct error *err, int code, const char *doing);

int64_t asn1_time_ns(const ASN1_TIME *time); /* wall clock; INT64_MIN where it is malformed */

/* Certificates in the order they stand; at least one. Anything else in the PEM text is skipped. */
int pem_read_certificates(struct text pem, STACK_OF(X509) * *out, struct error *err);
/* An unencrypted private key. */
int pem_read_key(struct text pem, EVP_PKEY **out, struct error *err);
void pem_write_certificate(struct buffer *out, X509 *certificate);
int pem_write_key(struct buffer *out, EVP_PKEY *key, struct error *err); /* PKCS#8 */

EVP_PKEY *p256_key_new(void); /* NULL where OpenSSL fails */
