/* SPDX-License-Identifier: Apache-2.0 */
/* id_bundle.c — `mangrove id bundle`: whom to trust. */
#include "cmd/id.h"

#include <stdio.h>

static const struct bundle *choose_bundle(const struct id_arguments *arguments,
					  const struct identity_set *set)
{
	if (arguments->trust_domain != NULL)
		return bundles_find(set->bundles, text_of(arguments->trust_domain));
	return set->bundles->count > 0 ? set->bundles->items[0] : NULL;
}

/* A bundle document says of each key what it is for; the Workload API's own sets do not. */
static void add_jwt_keys(json_t *document, const json_t *set)
{
	const json_t *keys = json_object_get(set, "keys");

	for (size_t i = 0; i < json_array_size(keys); i++) {
		json_t *key = json_array_get(keys, i);

		json_object_set_new(key, "use", json_string("jwt-svid"));
		json_array_append(json_object_get(document, "keys"), key);
	}
}

static int print_jwks(const struct id_arguments *arguments, const struct bundle *bundle,
		      struct error *err)
{
	AUTO(mem_free_text) char *endpoint = id_endpoint(arguments);
	AUTO_BUFFER struct buffer certificates = { 0 }, keys = { 0 };
	AUTO_ANSWER json_t *document = NULL, *set = NULL;
	int result = bundle_write_jwks(bundle, &certificates, err);

	if (result == 0)
		result = identity_fetch_jwt_keys(endpoint, bundle->trust_domain, &keys, err);
	if (result < 0)
		return result;
	document = json_loadb(certificates.data, certificates.len, 0, NULL);
	set = keys.len > 0 ? json_loadb(keys.data, keys.len, 0, NULL) : NULL;
	add_jwt_keys(document, set);
	json_dumpf(document, stdout, JSON_COMPACT);
	putchar('\n');
	return 0;
}

int id_bundle(const struct id_arguments *arguments)
{
	AUTO(identity_set_unref) struct identity_set *set = NULL;
	AUTO_BUFFER struct buffer out = { 0 };
	struct error err = { 0 };

	if (id_fetch(arguments, &set, &err) < 0)
		return id_fail(&err);

	const struct bundle *bundle = choose_bundle(arguments, set);

	if (bundle == NULL) {
		fputs("mangrove id: there is no bundle of this trust domain\n", stderr);
		return STATUS_NO;
	}
	if (strcmp(arguments->format, "jwks") == 0)
		return print_jwks(arguments, bundle, &err) < 0 ? id_fail(&err) : STATUS_FINE;
	bundle_write_pem(bundle, &out);
	fputs(out.data, stdout);
	return STATUS_FINE;
}
