/* SPDX-License-Identifier: Apache-2.0 */
/* plan_pem.h — certificates and keys that resources name: in files, or in Secrets
 * (credentialName), as Istio lays them out (facts 1.6). */
#pragma once

#include "proxy/plan_parts.h"

#include <openssl/x509.h>

/* Texts in the plan's arena or the resource set's; absent where not given. */
struct pem_material {
	struct text certificate, key, authorities, crl;
	const char *from; /* for errors: "Secret istio-system/web" */
};

/* On failure err says which file or Secret; nothing is added to the diagnostics. */
int plan_pem_file(struct plan_build *build, struct source_pos at, struct text path,
		  struct text *out, struct error *err);
/* Keys tls.crt, tls.key, ca.crt, ca.crl or cert, key, cacert, crl; authorities also from the Secret
 * NAME-cacert. */
int plan_pem_secret(struct plan_build *build, struct source_pos at, struct text namespace,
		    struct text name, struct pem_material *out, struct error *err);

/* ---- parsing; the caller frees ---- */

STACK_OF(X509) * pem_certificates(struct text pem); /* leaf first; perhaps empty */
EVP_PKEY *pem_private_key(struct text pem);         /* NULL: none, or not readable */
/* Whom to believe: authorities absent means those of this machine (OpenSSL's). With a CRL each
 * certificate of a chain is looked up. NULL: there is no certificate, or no CRL, in it. */
X509_STORE *pem_trust(struct text authorities, struct text crl, struct error *err);
