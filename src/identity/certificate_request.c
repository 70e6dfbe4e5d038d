/* SPDX-License-Identifier: Apache-2.0 */
/* certificate_request.c — PKCS #10: what a root elsewhere is asked to sign. */
#include "identity/certificate.h"

#include "identity/certificate_parts.h"
#include "identity/der.h"
#include "identity/openssl.h"

#include <errno.h>

static bool push(STACK_OF(X509_EXTENSION) * list, int nid, bool critical, struct text der)
{
	X509_EXTENSION *extension = certificate_extension(nid, critical, der);

	return extension != NULL && sk_X509_EXTENSION_push(list, extension) > 0;
}

static bool ask_extensions(X509_REQ *request, struct text trust_domain)
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	AUTO_BUFFER struct buffer constraint = { 0 }, names = { 0 };
	char id[SPIFFE_ID_MAX + 1];
	const struct spiffe_id name = { .trust_domain = trust_domain };
	const size_t len = spiffe_id_format(id, &name);

	certificate_name_constraint(&constraint, trust_domain);
	der_add(&names, DER_URI, (struct text){ id, len });
	der_wrap(&names, DER_SEQUENCE);

	const bool complete = push(list, NID_basic_constraints, true, ISSUER_BASIC_CONSTRAINTS)
			      && push(list, NID_key_usage, true, AUTHORITY_KEY_USAGE)
			      && push(list, NID_name_constraints, true, buffer_text(&constraint))
			      && push(list, NID_subject_alt_name, false, buffer_text(&names))
			      && X509_REQ_add_extensions(request, list) == 1;

	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return complete;
}

X509_REQ *certificate_make_request(EVP_PKEY *key, struct text trust_domain, struct error *err)
{
	X509_REQ *request = X509_REQ_new();
	X509 *named = X509_new(); /* an authority's name is made from its key */
	const bool complete =
		request != NULL && named != NULL && X509_set_pubkey(named, key) == 1
		&& certificate_set_authority_subject(named, "issuer")
		&& X509_REQ_set_subject_name(request, X509_get_subject_name(named)) == 1
		&& X509_REQ_set_pubkey(request, key) == 1 && ask_extensions(request, trust_domain)
		&& X509_REQ_sign(request, key, EVP_sha256()) > 0;

	X509_free(named);
	if (complete)
		return request;
	X509_REQ_free(request);
	openssl_error(err, -EIO, "cannot make a certificate request");
	return NULL;
}
