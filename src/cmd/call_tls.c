/* SPDX-License-Identifier: Apache-2.0 */
/* call_tls.c — mutual TLS with an SVID on both sides. */
#include "cmd/call.h"

#include <errno.h>

/* Istio's name first: a port that is PERMISSIVE knows the mesh's connections by it. */
#define ALPN TEXT("\x0eistio-http/1.1\x08http/1.1")

static bool is_expected(const struct call *call)
{
	for (size_t i = 0; i < call->expected_count; i++)
		if (strcmp(call->expected[i], call->peer.text) == 0)
			return true;
	return false;
}

static int judge_server(struct call *call, X509 *leaf, STACK_OF(X509) * chain, struct error *err)
{
	const int result = identity_verify_peer(call->identities->bundles, leaf, chain,
						TLS_ROLE_SERVER, clock_wall_ns(), &call->peer, err);

	if (result < 0)
		return result;
	if (is_expected(call))
		return 0;
	call->peer.reason = VERIFY_OTHER_IDENTITY;
	return error_set(err, -EACCES, "the server is %s, not %s%s", call->peer.text,
			 call->expected[0], call->expected_count > 1 ? " or another expected" : "");
}

static int verify(X509_STORE_CTX *context, void *owner)
{
	struct call *call = owner;

	if (judge_server(call, X509_STORE_CTX_get0_cert(context),
			 X509_STORE_CTX_get0_untrusted(context), &call->peer_problem)
	    == 0)
		return 1;
	X509_STORE_CTX_set_error(context, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

static bool show_svid(const struct svid *svid, SSL_CTX *context)
{
	if (SSL_CTX_use_certificate(context, svid_leaf(svid)) != 1
	    || SSL_CTX_use_PrivateKey(context, svid->key) != 1)
		return false;
	for (int i = 1; i < sk_X509_num(svid->chain); i++)
		if (SSL_CTX_add1_chain_cert(context, sk_X509_value(svid->chain, i)) != 1)
			return false;
	return true;
}

int call_prepare_tls(struct call *call, SSL_CTX *context, struct error *err)
{
	if (!show_svid(call->svid, context)
	    || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1
	    || SSL_CTX_set_alpn_protos(context, (const unsigned char *)ALPN.ptr, (unsigned)ALPN.len)
		       != 0)
		return error_set(err, -EIO, "OpenSSL does not take the identity");
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context, verify, call);
	return 0;
}
