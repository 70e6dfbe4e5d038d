/* SPDX-License-Identifier: Apache-2.0 */
/* X509-SVID.md, sections 2 to 5, a row each: one point is wrong, and that is the reason given. */
#include "identity/certificates.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Only what differs from the good recipes is written down. */
static const struct verify_case {
	const char *name;
	enum verify_reason want;
	struct recipe leaf, issuer, root;
	enum tls_role role;
} rows[] = {
	{ .name = "all is well", .want = VERIFY_TRUSTED },
	{ "names of other kinds beside the ID do not matter", VERIFY_TRUSTED,
	  .leaf = { .names = "URI:spiffe://d.test/x,DNS:web.test,IP:10.0.0.1", .subject = "web" } },
	{ "no extended key usage allows a client", VERIFY_TRUSTED,
	  .leaf = { .extended_key_usage = "" } },
	{ "no extended key usage allows a server", VERIFY_TRUSTED,
	  .leaf = { .extended_key_usage = "" }, .role = TLS_ROLE_SERVER },
	{ "basic constraints may be absent in a leaf", VERIFY_TRUSTED, .leaf = { .basic = "" } },
	{ "an authority needs no name", VERIFY_TRUSTED, .issuer = { .names = "" } },
	{ "an authority may name something else", VERIFY_TRUSTED,
	  .issuer = { .names = "URI:https://d.test/pki", .name_constraints = "" } },
	{ "a root without key usage is the operator's choice", VERIFY_TRUSTED,
	  .root = { .key_usage = "" } },

	{ "no name at all", VERIFY_NO_URI_NAME, .leaf = { .names = "" } },
	{ "DNS names only", VERIFY_NO_URI_NAME, .leaf = { .names = "critical,DNS:web.d.test" } },
	{ "two SPIFFE IDs", VERIFY_SEVERAL_URI_NAMES,
	  .leaf = { .names = "critical,URI:spiffe://d.test/x,URI:spiffe://d.test/y" } },
	{ "the same SPIFFE ID twice", VERIFY_SEVERAL_URI_NAMES,
	  .leaf = { .names = "critical,URI:spiffe://d.test/x,URI:spiffe://d.test/x" } },
	{ "a SPIFFE ID and another URI", VERIFY_SEVERAL_URI_NAMES,
	  .leaf = { .names = "critical,URI:spiffe://d.test/x,URI:https://d.test/" } },
	{ "another URI alone", VERIFY_MALFORMED_ID,
	  .leaf = { .names = "critical,URI:https://d.test/x" } },
	{ "a malformed SPIFFE ID", VERIFY_MALFORMED_ID,
	  .leaf = { .names = "critical,URI:spiffe://D.test/x" } },
	{ "a SPIFFE ID without path", VERIFY_NO_PATH_IN_ID,
	  .leaf = { .names = "critical,URI:spiffe://d.test" } },
	{ "no subject, and the name is not critical", VERIFY_NAME_NOT_CRITICAL,
	  .leaf = { .names = "URI:spiffe://d.test/x" } },
	{ "an authority used as a leaf", VERIFY_LEAF_IS_CA,
	  .leaf = { .basic = "critical,CA:TRUE",
		    .key_usage = "critical,digitalSignature,keyCertSign" } },
	{ "an authority without the right to sign used as a leaf", VERIFY_LEAF_IS_CA,
	  .leaf = { .basic = "critical,CA:TRUE" } },
	{ "no key usage", VERIFY_KEY_USAGE_MISSING, .leaf = { .key_usage = "" } },
	{ "key usage not critical", VERIFY_KEY_USAGE_NOT_CRITICAL,
	  .leaf = { .key_usage = "digitalSignature" } },
	{ "no digital signature", VERIFY_NO_DIGITAL_SIGNATURE,
	  .leaf = { .key_usage = "critical,keyAgreement" } },
	{ "the leaf may sign certificates", VERIFY_LEAF_MAY_SIGN,
	  .leaf = { .key_usage = "critical,digitalSignature,keyCertSign" } },
	{ "the leaf may sign revocation lists", VERIFY_LEAF_MAY_SIGN,
	  .leaf = { .key_usage = "critical,digitalSignature,cRLSign" } },
	{ "a server's certificate used by a client", VERIFY_WRONG_EXTENDED_KEY_USAGE,
	  .leaf = { .extended_key_usage = "serverAuth" } },
	{ "a client's certificate used by a server", VERIFY_WRONG_EXTENDED_KEY_USAGE,
	  .leaf = { .extended_key_usage = "clientAuth" }, .role = TLS_ROLE_SERVER },
	{ "a server's certificate used by a server", VERIFY_TRUSTED,
	  .leaf = { .extended_key_usage = "serverAuth" }, .role = TLS_ROLE_SERVER },
	{ "any extended key usage is not the right one", VERIFY_WRONG_EXTENDED_KEY_USAGE,
	  .leaf = { .extended_key_usage = "anyExtendedKeyUsage" } },

	{ "a trust domain nobody told us of", VERIFY_UNKNOWN_TRUST_DOMAIN,
	  .leaf = { .names = "critical,URI:spiffe://elsewhere.test/x" } },
	{ "a trust domain whose roots are others", VERIFY_UNKNOWN_AUTHORITY,
	  .leaf = { .names = "critical,URI:spiffe://other.test/x" },
	  .issuer = { .name_constraints = "" } },
	{ "a name outside of the issuer's constraint", VERIFY_NAME_NOT_PERMITTED,
	  .leaf = { .names = "critical,URI:spiffe://d.test/x" },
	  .issuer = { .name_constraints = "critical,permitted;URI:e.test" } },
	{ "expired", VERIFY_EXPIRED, .leaf = { .from_s = -20, .until_s = -10 } },
	{ "not yet valid", VERIFY_NOT_YET_VALID, .leaf = { .from_s = 60, .until_s = 120 } },
	{ "the issuer has expired", VERIFY_AUTHORITY_NOT_VALID_NOW,
	  .issuer = { .from_s = -20, .until_s = -10 } },
	{ "the root has expired", VERIFY_AUTHORITY_NOT_VALID_NOW,
	  .root = { .from_s = -20, .until_s = -10 } },
	{ "the issuer is a workload", VERIFY_AUTHORITY_NOT_CA,
	  .issuer = { .basic = "critical,CA:FALSE" } },
	{ "the issuer has no basic constraints", VERIFY_AUTHORITY_NOT_CA,
	  .issuer = { .basic = "" } },
	{ "the issuer has no key usage", VERIFY_AUTHORITY_MAY_NOT_SIGN,
	  .issuer = { .key_usage = "" } },
	{ "the issuer may not sign certificates", VERIFY_AUTHORITY_NOT_CA,
	  .issuer = { .key_usage = "critical,cRLSign" } },
	{ "the issuer has a workload's ID", VERIFY_AUTHORITY_ID_HAS_PATH,
	  .issuer = { .names = "URI:spiffe://d.test/x" } },
	{ "the issuer belongs to another trust domain", VERIFY_AUTHORITY_OF_OTHER_DOMAIN,
	  .issuer = { .names = "URI:spiffe://other.test" } },
	{ "the root allows no issuer below it", VERIFY_PATH_INVALID,
	  .root = { .basic = "critical,CA:TRUE,pathlen:0" } },
	{ "a leaf's key below 112 bits", VERIFY_PATH_INVALID, .leaf = { .key = "RSA-1024" } },
};

/* NULL: as in the good recipe; "": left out. */
static const char *choose(const char *wanted, const char *usual)
{
	if (wanted == NULL)
		return usual;
	return wanted[0] != '\0' ? wanted : NULL;
}

static struct recipe mix(const struct recipe *wanted, const struct recipe *usual)
{
	struct recipe mixed = *wanted;

	mixed.subject = choose(wanted->subject, usual->subject);
	mixed.names = choose(wanted->names, usual->names);
	mixed.basic = choose(wanted->basic, usual->basic);
	mixed.key_usage = choose(wanted->key_usage, usual->key_usage);
	mixed.extended_key_usage = choose(wanted->extended_key_usage, usual->extended_key_usage);
	mixed.name_constraints = choose(wanted->name_constraints, usual->name_constraints);
	return mixed;
}

struct path {
	struct certificate root, issuer, leaf, other_root;
	struct bundles *bundles; /* "d.test": root; "other.test": other_root; "void.test": none */
	STACK_OF(X509) * sent;
};

static void make_path(struct path *path, const struct verify_case *row)
{
	const struct recipe root = mix(&row->root, &good_root),
			    issuer = mix(&row->issuer, &good_issuer),
			    leaf = mix(&row->leaf, &good_leaf);

	path->root = certificate_make(&root, NULL);
	path->other_root = certificate_make(&good_root, NULL);
	path->issuer = certificate_make(&issuer, &path->root);
	path->leaf = certificate_make(&leaf, &path->issuer);
	path->bundles = bundles_new();
	assert_int_equal(bundles_add(path->bundles, TEXT("d.test"), path->root.x509, NULL), 0);
	assert_int_equal(
		bundles_add(path->bundles, TEXT("other.test"), path->other_root.x509, NULL), 0);
	bundles_add_trust_domain(path->bundles, TEXT("void.test"));
	path->sent = sk_X509_new_null();
	sk_X509_push(path->sent, path->leaf.x509);
	sk_X509_push(path->sent, path->issuer.x509);
}

static void path_done(struct path *path)
{
	sk_X509_free(path->sent);
	bundles_unref(path->bundles);
	certificate_done(&path->leaf);
	certificate_done(&path->issuer);
	certificate_done(&path->other_root);
	certificate_done(&path->root);
}

static void check_row(void **state)
{
	const struct verify_case *row = *state;
	const enum tls_role role = row->role != 0 ? row->role : TLS_ROLE_CLIENT;
	struct peer_identity peer;
	struct error err = { 0 };
	struct path path;

	make_path(&path, row);

	const int result = identity_verify_peer(path.bundles, path.leaf.x509, path.sent, role,
						clock_wall_ns(), &peer, &err);

	assert_string_equal(verify_reason_name(peer.reason), verify_reason_name(row->want));
	assert_int_equal(result, row->want == VERIFY_TRUSTED ? 0 : -EACCES);
	if (result == 0)
		assert_true(text_is(peer.id.trust_domain, "d.test"));
	else
		assert_non_null(strstr(err.text, verify_reason_text(row->want)));
	path_done(&path);
}

static const struct verify_case good = { .name = "good" };

static enum verify_reason verify_with(const struct path *path, const struct certificate *leaf,
				      STACK_OF(X509) * sent)
{
	struct peer_identity peer;

	identity_verify_peer(path->bundles, leaf != NULL ? leaf->x509 : NULL, sent, TLS_ROLE_CLIENT,
			     clock_wall_ns(), &peer, NULL);
	return peer.reason;
}

static void no_certificate_is_no_identity(void **state)
{
	struct path path;

	(void)state;
	make_path(&path, &good);
	assert_int_equal(verify_with(&path, NULL, NULL), VERIFY_NO_CERTIFICATE);
	assert_int_equal(verify_with(&path, &path.leaf, NULL), VERIFY_UNKNOWN_AUTHORITY);
	path_done(&path);
}

/* One pooled store would accept these: the root is known, but for another trust domain. */
static void a_root_vouches_only_for_its_own_trust_domain(void **state)
{
	const struct recipe forged = { .names = "critical,URI:spiffe://d.test/ns/default/sa/web",
				       .key_usage = "critical,digitalSignature" };
	const struct recipe nowhere = { .names = "critical,URI:spiffe://void.test/x",
					.key_usage = "critical,digitalSignature" };
	struct path path;

	(void)state;
	make_path(&path, &good);

	struct certificate by_other_root = certificate_make(&forged, &path.other_root);
	struct certificate in_empty_domain = certificate_make(&nowhere, &path.root);

	sk_X509_push(path.sent, path.other_root.x509);
	assert_int_equal(verify_with(&path, &by_other_root, path.sent), VERIFY_UNKNOWN_AUTHORITY);
	assert_int_equal(verify_with(&path, &in_empty_domain, path.sent), VERIFY_UNKNOWN_AUTHORITY);
	certificate_done(&in_empty_domain);
	certificate_done(&by_other_root);
	path_done(&path);
}

static void a_self_signed_leaf_is_not_trusted(void **state)
{
	struct path path;

	(void)state;
	make_path(&path, &good);

	struct certificate self_signed = certificate_make(&good_leaf, NULL);

	assert_int_equal(verify_with(&path, &self_signed, path.sent), VERIFY_UNKNOWN_AUTHORITY);
	certificate_done(&self_signed);
	path_done(&path);
}

static void a_changed_byte_breaks_the_signature(void **state)
{
	unsigned char *der = NULL;
	struct path path;

	(void)state;
	make_path(&path, &good);

	const int len = i2d_X509(path.leaf.x509, &der);
	const unsigned char *next = der;

	der[len - 1] ^= 1; /* the last byte of the signature's second number */

	struct certificate changed = { .x509 = d2i_X509(NULL, &next, len) };

	assert_non_null(changed.x509);
	assert_int_equal(verify_with(&path, &changed, path.sent), VERIFY_BAD_SIGNATURE);
	OPENSSL_free(der);
	certificate_done(&changed);
	path_done(&path);
}

static void a_bundle_takes_authorities_only(void **state)
{
	AUTO(bundles_unref) struct bundles *bundles = bundles_new();
	struct certificate leaf = certificate_make(&good_leaf, NULL);
	struct certificate root = certificate_make(&good_root, NULL);
	struct error err = { 0 };

	(void)state;
	assert_int_equal(bundles_add(bundles, TEXT("d.test"), leaf.x509, &err), -EINVAL);
	assert_non_null(strstr(err.text, "is no certificate authority"));
	assert_null(bundles_find(bundles, TEXT("d.test")));
	assert_int_equal(bundles_add(bundles, TEXT("d.test"), root.x509, NULL), 0);
	assert_int_equal(bundles_add(bundles, TEXT("d.test"), root.x509, NULL), 0);
	assert_int_equal(sk_X509_num(bundles_find(bundles, TEXT("d.test"))->authorities), 1);
	certificate_done(&root);
	certificate_done(&leaf);
}

static void our_own_check_never_says_trusted(void **state)
{
	struct certificate leaf = certificate_make(&good_leaf, NULL);
	struct peer_identity identity;

	(void)state;
	assert_int_equal(identity_check_leaf(leaf.x509, &identity, NULL), 0);
	assert_int_equal(identity.reason, VERIFY_UNCHECKED);
	assert_string_equal(identity.text, "spiffe://d.test/ns/default/sa/web");
	certificate_done(&leaf);
}

static void every_reason_has_a_name_and_a_sentence(void **state)
{
	(void)state;
	for (enum verify_reason reason = 0; reason < VERIFY_REASON_COUNT; reason++) {
		assert_non_null(verify_reason_name(reason));
		assert_non_null(verify_reason_text(reason));
	}
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 7] = {
		cmocka_unit_test(no_certificate_is_no_identity),
		cmocka_unit_test(a_root_vouches_only_for_its_own_trust_domain),
		cmocka_unit_test(a_self_signed_leaf_is_not_trusted),
		cmocka_unit_test(a_changed_byte_breaks_the_signature),
		cmocka_unit_test(a_bundle_takes_authorities_only),
		cmocka_unit_test(our_own_check_never_says_trusted),
		cmocka_unit_test(every_reason_has_a_name_and_a_sentence),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[7 + i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = check_row,
						    .initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
