/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/workload_messages.h"

#include "identity/openssl.h"
#include "net/net.h"
#include "workload_api.pb-c.h"

#include <errno.h>

void buffer_wipe(struct buffer *buffer)
{
	if (buffer->data != NULL)
		mem_wipe(buffer->data, buffer->capacity);
	buffer_done(buffer);
}

/* ---- writing ---- */

static int add_certificates(struct buffer *out, STACK_OF(X509) * certificates, struct error *err)
{
	for (int i = 0; i < sk_X509_num(certificates); i++) {
		unsigned char *der = NULL;
		const int len = i2d_X509(sk_X509_value(certificates, i), &der);

		if (len < 0)
			return openssl_error(err, -EIO, "cannot encode a certificate");
		buffer_add(out, der, (size_t)len);
		OPENSSL_free(der);
	}
	return 0;
}

/* Concatenated DER in the arena. */
static int encode_certificates(struct arena *arena, STACK_OF(X509) * certificates,
			       ProtobufCBinaryData *out, struct error *err)
{
	AUTO_BUFFER struct buffer der = { 0 };
	const int result = add_certificates(&der, certificates, err);

	if (result < 0)
		return result;
	out->len = der.len;
	out->data = arena_alloc_bytes(arena, der.len + 1);
	if (der.len > 0)
		memcpy(out->data, der.data, der.len);
	return 0;
}

/* Of OpenSSL's memory: free_key wipes it. */
static int encode_key(EVP_PKEY *key, ProtobufCBinaryData *out, struct error *err)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	const int len = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, &out->data) : -1;

	PKCS8_PRIV_KEY_INFO_free(info);
	if (len < 0)
		return openssl_error(err, -EIO, "cannot encode a private key");
	out->len = (size_t)len;
	return 0;
}

static void free_keys(X509SVID **svids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		OPENSSL_clear_free(svids[i]->x509_svid_key.data, svids[i]->x509_svid_key.len);
}

static struct text trust_domain_of(const struct svid *svid)
{
	struct spiffe_id id = { 0 };

	spiffe_id_parse(text_of(svid->id), &id, NULL); /* an SVID's ID is well-formed */
	return id.trust_domain;
}

static int encode_svid(struct arena *arena, const struct identity_set *set, const struct svid *svid,
		       X509SVID *out, struct error *err)
{
	const struct bundle *bundle = bundles_find(set->bundles, trust_domain_of(svid));
	int result;

	x509_svid__init(out);
	out->spiffe_id = arena_strdup(arena, svid->id);
	result = encode_certificates(arena, svid->chain, &out->x509_svid, err);
	if (result == 0 && bundle != NULL)
		result = encode_certificates(arena, bundle->authorities, &out->bundle, err);
	if (result == 0)
		result = encode_key(svid->key, &out->x509_svid_key, err);
	return result;
}

static char *trust_domain_id(struct arena *arena, const struct bundle *bundle)
{
	return arena_printf(arena, "spiffe://%s", bundle->trust_domain);
}

/* One of the set's own identities has this trust domain; otherwise it is a federated one. */
static bool is_own_domain(const struct identity_set *set, const struct bundle *bundle)
{
	for (size_t i = 0; i < set->svid_count; i++)
		if (text_is(trust_domain_of(set->svids[i]), bundle->trust_domain))
			return true;
	return false;
}

static int add_federated(struct arena *arena, const struct identity_set *set,
			 X509SVIDResponse *response, struct error *err)
{
	typedef X509SVIDResponse__FederatedBundlesEntry entry_type;

	response->federated_bundles = ARENA_ARRAY(arena, set->bundles->count, entry_type *);
	for (size_t i = 0; i < set->bundles->count; i++) {
		const struct bundle *bundle = set->bundles->items[i];
		entry_type *entry = ARENA_NEW(arena, entry_type);

		if (is_own_domain(set, bundle))
			continue;
		x509_svidresponse__federated_bundles_entry__init(entry);
		entry->key = trust_domain_id(arena, bundle);
		response->federated_bundles[response->n_federated_bundles++] = entry;

		const int result =
			encode_certificates(arena, bundle->authorities, &entry->value, err);

		if (result < 0)
			return result;
	}
	return 0;
}

/* Field `crl` of both responses; views into the bundles. */
static size_t list_crls(struct arena *arena, const struct bundles *bundles,
			ProtobufCBinaryData **out)
{
	size_t count = 0, filled = 0;

	for (size_t i = 0; i < bundles->count; i++)
		count += bundles->items[i]->crl_count;
	*out = ARENA_ARRAY(arena, count, ProtobufCBinaryData);
	for (size_t i = 0; i < bundles->count; i++)
		for (size_t k = 0; k < bundles->items[i]->crl_count; k++) {
			const struct buffer *crl = &bundles->items[i]->crls[k];

			(*out)[filled++] = (ProtobufCBinaryData){
				.len = crl->len,
				.data = (uint8_t *)crl->data,
			};
		}
	return count;
}

int workload_write_svids(struct buffer *out, const struct identity_set *set, struct error *err)
{
	AUTO_ARENA struct arena arena;
	X509SVIDResponse response = X509_SVIDRESPONSE__INIT;
	int result = 0;

	arena_init(&arena, 4096);
	response.svids = ARENA_ARRAY(&arena, set->svid_count, X509SVID *);
	for (size_t i = 0; result == 0 && i < set->svid_count; i++) {
		response.svids[i] = ARENA_NEW(&arena, X509SVID);
		response.n_svids++;
		result = encode_svid(&arena, set, set->svids[i], response.svids[i], err);
	}
	response.n_crl = list_crls(&arena, set->bundles, &response.crl);
	if (result == 0)
		result = add_federated(&arena, set, &response, err);
	if (result == 0)
		protobuf_pack(out, &response.base);
	free_keys(response.svids, response.n_svids);
	return result;
}

int workload_write_bundles(struct buffer *out, const struct identity_set *set, struct error *err)
{
	AUTO_ARENA struct arena arena;
	X509BundlesResponse response = X509_BUNDLES_RESPONSE__INIT;

	arena_init(&arena, 4096);
	response.n_crl = list_crls(&arena, set->bundles, &response.crl);
	response.bundles =
		ARENA_ARRAY(&arena, set->bundles->count, X509BundlesResponse__BundlesEntry *);
	for (size_t i = 0; i < set->bundles->count; i++) {
		const struct bundle *bundle = set->bundles->items[i];
		X509BundlesResponse__BundlesEntry *entry =
			ARENA_NEW(&arena, X509BundlesResponse__BundlesEntry);

		x509_bundles_response__bundles_entry__init(entry);
		entry->key = trust_domain_id(&arena, bundle);
		response.bundles[response.n_bundles++] = entry;

		const int result =
			encode_certificates(&arena, bundle->authorities, &entry->value, err);

		if (result < 0)
			return result;
	}
	protobuf_pack(out, &response.base);
	return 0;
}

/* ---- reading ---- */

static int decode_certificates(ProtobufCBinaryData der, STACK_OF(X509) * *out, struct error *err)
{
	AUTO(x509_chain_free) STACK_OF(X509) *certificates = sk_X509_new_null();
	const unsigned char *next = der.data, *end = der.data + der.len;

	while (next < end) {
		X509 *certificate = d2i_X509(NULL, &next, end - next);

		if (certificate == NULL)
			return openssl_error(err, -EINVAL, "malformed certificate");
		sk_X509_push(certificates, certificate);
	}
	*out = TAKE(certificates);
	return 0;
}

static int decode_key(ProtobufCBinaryData der, EVP_PKEY **out, struct error *err)
{
	const unsigned char *next = der.data;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &next, (long)der.len);

	*out = info != NULL ? EVP_PKCS82PKEY(info) : NULL;
	PKCS8_PRIV_KEY_INFO_free(info);
	return *out != NULL ? 0 : openssl_error(err, -EINVAL, "malformed private key");
}

static int add_bundle(struct bundles *bundles, struct text trust_domain, ProtobufCBinaryData der,
		      struct error *err)
{
	AUTO(x509_chain_free) STACK_OF(X509) *authorities = NULL;
	int result = decode_certificates(der, &authorities, err);

	if (result == 0)
		bundles_add_trust_domain(bundles, trust_domain);
	for (int i = 0; result == 0 && i < sk_X509_num(authorities); i++)
		result = bundles_add(bundles, trust_domain, sk_X509_value(authorities, i), err);
	return result;
}

static int decode_svid(const X509SVID *message, struct bundles *bundles, struct svid **out,
		       struct error *err)
{
	STACK_OF(X509) *chain = NULL;
	EVP_PKEY *key = NULL;
	int result = decode_certificates(message->x509_svid, &chain, err);

	if (result == 0)
		result = decode_key(message->x509_svid_key, &key, err);
	if (result < 0) {
		x509_chain_free(chain);
		return result;
	}
	result = svid_new(chain, key, out, err);
	if (result < 0)
		return result;
	return add_bundle(bundles, trust_domain_of(*out), message->bundle, err);
}

static int add_federated_bundles(const X509SVIDResponse *message, struct bundles *bundles,
				 struct error *err)
{
	for (size_t i = 0; i < message->n_federated_bundles; i++) {
		const X509SVIDResponse__FederatedBundlesEntry *entry =
			message->federated_bundles[i];
		struct text trust_domain;
		int result = trust_domain_parse(text_of(entry->key), &trust_domain, err);

		if (result == 0)
			result = add_bundle(bundles, trust_domain, entry->value, err);
		if (result < 0)
			return result;
	}
	return 0;
}

struct svid_list {
	struct svid **items;
	size_t count;
};

static void svid_list_done(struct svid_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		svid_unref(list->items[i]);
	mem_free(list->items);
}

static void wipe_keys(const X509SVIDResponse *response)
{
	for (size_t i = 0; i < response->n_svids; i++)
		mem_wipe(response->svids[i]->x509_svid_key.data,
			 response->svids[i]->x509_svid_key.len);
}

int workload_read_svids(struct text message, uint64_t generation, struct identity_set **out,
			struct error *err)
{
	AUTO_ARENA struct arena arena;
	__attribute__((cleanup(svid_list_done))) struct svid_list svids = { 0 };
	AUTO(bundles_unref) struct bundles *bundles = bundles_new();
	int result = 0;

	arena_init(&arena, 16384);

	const X509SVIDResponse *response =
		protobuf_unpack(&arena, &x509_svidresponse__descriptor, message);

	if (response == NULL)
		return error_set(err, -EPROTO, "the Workload API's message is malformed");
	svids.items = mem_alloc_array(response->n_svids, sizeof(struct svid *));
	for (size_t i = 0; result == 0 && i < response->n_svids; i++) {
		struct svid *svid = NULL;

		result = decode_svid(response->svids[i], bundles, &svid, err);
		if (svid != NULL)
			svids.items[svids.count++] = svid;
	}
	wipe_keys(response);
	if (result == 0)
		result = add_federated_bundles(response, bundles, err);
	if (result == 0)
		*out = identity_set_new(generation, svids.items, svids.count, bundles);
	return result;
}
