/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_write.c — a bundle for people and other programs: PEM, or a SPIFFE bundle document. */
#include "identity/fetch.h"
#include "identity/jwk.h"
#include "identity/openssl.h"

#include <errno.h>

void bundle_write_pem(const struct bundle *bundle, struct buffer *out)
{
	for (int i = 0; i < sk_X509_num(bundle->authorities); i++)
		pem_write_certificate(out, sk_X509_value(bundle->authorities, i));
}

static int write_authority(struct json_writer *json, X509 *authority, struct error *err)
{
	AUTO_BUFFER struct buffer encoded = { 0 };
	unsigned char *der = NULL;
	const int len = i2d_X509(authority, &der);
	int result;

	if (len < 0)
		return openssl_error(err, -EIO, "cannot encode a certificate");
	base64_encode(&encoded, (struct text){ (const char *)der, (size_t)len }, BASE64_STANDARD);
	OPENSSL_free(der);
	json_begin_object(json);
	result = jwk_write_key(json, X509_get0_pubkey(authority), err);
	json_key(json, "use");
	json_cstring(json, "x509-svid");
	json_key(json, "x5c"); /* exactly one certificate; no key ID */
	json_begin_array(json);
	json_text(json, buffer_text(&encoded));
	json_end_array(json);
	json_end_object(json);
	return result;
}

static int write_jwt_authority(struct json_writer *json, const struct jwt_authority *authority,
			       const char *use, struct error *err)
{
	int result;

	json_begin_object(json);
	result = jwk_write_key(json, authority->key, err);
	json_key(json, "kid");
	json_cstring(json, authority->key_id);
	if (use != NULL) {
		json_key(json, "use");
		json_cstring(json, use);
	}
	json_end_object(json);
	return result;
}

static int write_jwt_authorities(struct json_writer *json, const struct bundle *bundle,
				 const char *use, struct error *err)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < bundle->jwt_authority_count; i++)
		result = write_jwt_authority(json, &bundle->jwt_authorities[i], use, err);
	return result;
}

int bundle_write_jwks(const struct bundle *bundle, struct buffer *out, struct error *err)
{
	struct json_writer json = { .out = out };
	int result = 0;

	json_begin_object(&json);
	json_key(&json, "keys");
	json_begin_array(&json);
	for (int i = 0; result == 0 && i < sk_X509_num(bundle->authorities); i++)
		result = write_authority(&json, sk_X509_value(bundle->authorities, i), err);
	if (result == 0)
		result = write_jwt_authorities(&json, bundle, "jwt-svid", err);
	json_end_array(&json);
	json_end_object(&json);
	buffer_add_char(out, '\n');
	return result;
}

int bundle_write_jwt_keys(const struct bundle *bundle, struct buffer *out, struct error *err)
{
	struct json_writer json = { .out = out };
	int result;

	json_begin_object(&json);
	json_key(&json, "keys");
	json_begin_array(&json);
	result = write_jwt_authorities(&json, bundle, NULL, err);
	json_end_array(&json);
	json_end_object(&json);
	return result;
}
