/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody without the authority's key is ever trusted, whatever bytes the certificates are; what
 * describes itself as a leaf has a well-formed ID. */
#include "identity/identity.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An authority whose key nobody has any more. */
static struct bundles *make_bundles(void)
{
	char directory[] = "/tmp/mangrove-fuzz-XXXXXX";
	struct ca *ca = NULL;
	struct bundles *bundles;

	log_set_level(LOG_LEVEL_ERROR);
	if (mkdtemp(directory) == NULL || ca_open(directory, "d.test", NULL, &ca, NULL) < 0)
		abort();
	bundles = bundles_ref(ca_bundles(ca));
	ca_close(ca);

	AUTO(mem_free_text) char *command = mem_printf("rm -rf '%s'", directory);

	/* a folder of our own making */
	if (system(command) != 0) // NOLINT(cert-env33-c)
		abort();
	return bundles;
}

/* A chain, one certificate after the other. */
static void parse_chain(const uint8_t *data, size_t size, STACK_OF(X509) * chain)
{
	const unsigned char *next = data, *end = data + size;

	while (next < end && sk_X509_num(chain) < 8) {
		X509 *certificate = d2i_X509(NULL, &next, end - next);

		if (certificate == NULL)
			return;
		sk_X509_push(chain, certificate);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bundles *bundles;
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct peer_identity peer = { 0 };
	struct certificate_facts facts;
	struct spiffe_id id;

	if (bundles == NULL)
		bundles = make_bundles();
	parse_chain(data, size, chain);
	if (identity_verify_peer(bundles, sk_X509_value(chain, 0), chain, TLS_ROLE_SERVER,
				 clock_wall_ns(), &peer, NULL)
		    == 0
	    || peer.reason == VERIFY_TRUSTED || peer.reason == VERIFY_UNCHECKED)
		abort();
	for (int i = 0; i < sk_X509_num(chain); i++) {
		certificate_describe(sk_X509_value(chain, i), &facts);
		if (facts.reason == VERIFY_UNCHECKED
		    && spiffe_id_parse(text_of(facts.id), &id, NULL) < 0)
			abort();
	}
	sk_X509_pop_free(chain, X509_free);
	return 0;
}
