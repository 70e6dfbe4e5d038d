/* SPDX-License-Identifier: Apache-2.0 */
/* id_verify.c — `mangrove id verify`: would a peer with this certificate be let in? */
#include "cmd/id.h"

#include <stdio.h>

/* The bundle file speaks for the trust domain that is given, or for the leaf's own. */
static int bundles_from_file(const struct id_arguments *arguments, X509 *leaf, struct bundles **out,
			     struct error *err)
{
	AUTO_CHAIN STACK_OF(X509) *authorities = NULL;
	AUTO(bundles_unref) struct bundles *bundles = bundles_new();
	struct peer_identity identity = { 0 };
	struct text trust_domain = text_of(arguments->trust_domain);
	int result = identity_read_certificates(arguments->bundle, &authorities, err);

	if (trust_domain.ptr == NULL && identity_check_leaf(leaf, &identity, NULL) == 0)
		trust_domain = identity.id.trust_domain;
	for (int i = 0; result == 0 && trust_domain.ptr != NULL && i < sk_X509_num(authorities);
	     i++)
		result = bundles_add(bundles, trust_domain, sk_X509_value(authorities, i), err);
	if (result < 0)
		return error_prefix(err, "%s", arguments->bundle);
	*out = TAKE(bundles);
	return 0;
}

static int find_bundles(const struct id_arguments *arguments, X509 *leaf, struct bundles **out,
			struct error *err)
{
	AUTO(identity_set_unref) struct identity_set *set = NULL;

	if (arguments->bundle != NULL)
		return bundles_from_file(arguments, leaf, out, err);

	const int result = id_fetch(arguments, &set, err);

	if (result == 0)
		*out = bundles_ref(set->bundles);
	return result;
}

static void print_verdict(const struct id_arguments *arguments, const struct peer_identity *peer,
			  const struct error *err)
{
	const bool trusted = peer->reason == VERIFY_TRUSTED;
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer json = { .out = &out };

	if (!arguments->json) {
		printf("%s: %s\n", verify_reason_name(peer->reason),
		       trusted ? peer->text : err->text);
		return;
	}
	json_begin_object(&json);
	json_key(&json, "trusted");
	json_bool(&json, trusted);
	json_key(&json, "reason");
	json_cstring(&json, verify_reason_name(peer->reason));
	json_key(&json, trusted ? "id" : "text");
	json_cstring(&json, trusted ? peer->text : err->text);
	json_end_object(&json);
	puts(out.data);
}

int id_verify(const struct id_arguments *arguments)
{
	AUTO_CHAIN STACK_OF(X509) *chain = NULL;
	AUTO(bundles_unref) struct bundles *bundles = NULL;
	struct peer_identity peer = { 0 };
	struct error err = { 0 };

	if (identity_read_certificates(arguments->subject, &chain, &err) < 0
	    || find_bundles(arguments, sk_X509_value(chain, 0), &bundles, &err) < 0)
		return id_fail(&err);
	identity_verify_peer(bundles, sk_X509_value(chain, 0), chain, arguments->role,
			     clock_wall_ns(), &peer, &err);
	print_verdict(arguments, &peer, &err);
	return peer.reason == VERIFY_TRUSTED ? STATUS_FINE : STATUS_NO;
}
