/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gateway_clients.h"

#include "proxy/client_cert.h"
#include "proxy/downstream.h"
#include "proxy/revoke.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#define SHA256_SIZE 32

struct client_check {
	X509_STORE *store;
	struct text *names; /* subjectAltNames; owned; count 0: any */
	size_t count;
	unsigned char (*digests)[SHA256_SIZE]; /* of keys or certificates; owned; count 0: any */
	size_t digest_count;
	uint64_t terms; /* tells checks apart */
};

static void release_check(void *arg)
{
	struct client_check *check = arg;

	X509_STORE_free(check->store);
	for (size_t i = 0; i < check->count; i++)
		mem_free((void *)check->names[i].ptr);
	mem_free(check->names);
	mem_free(check->digests);
	mem_free(check);
}

/* ---- asked at each handshake ---- */

static bool has_wanted_name(const struct client_check *check, X509 *leaf)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool found = check->count == 0;

	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
		int type;
		const ASN1_STRING *value =
			GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

		if (type != GEN_DNS && type != GEN_URI && type != GEN_EMAIL)
			continue;

		const struct text name = { (const char *)ASN1_STRING_get0_data(value),
					   (size_t)ASN1_STRING_length(value) };

		for (size_t k = 0; k < check->count && !found; k++)
			found = text_equal(name, check->names[k]);
	}
	GENERAL_NAMES_free(names);
	return found;
}

static bool is_listed(const struct client_check *check, const unsigned char *digest)
{
	for (size_t i = 0; i < check->digest_count; i++)
		if (memcmp(check->digests[i], digest, SHA256_SIZE) == 0)
			return true;
	return false;
}

/* verifyCertificateSpki and verifyCertificateHash: the key or the whole certificate is listed. */
static bool is_pinned(const struct client_check *check, X509 *leaf)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned char *key = NULL;
	unsigned size = 0;
	const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &key);
	bool found = check->digest_count == 0;

	if (!found && X509_digest(leaf, EVP_sha256(), digest, &size) == 1)
		found = is_listed(check, digest);
	if (!found && len > 0
	    && EVP_Digest(key, (size_t)len, digest, &size, EVP_sha256(), NULL) == 1)
		found = is_listed(check, digest);
	OPENSSL_free(key);
	return found;
}

/* Such a client need have no SPIFFE ID: it can be revoked by serial, key and authority. */
static int check_revoked(struct link *link, X509_STORE_CTX *context, struct error *err)
{
	struct downstream *downstream = downstream_of_link(link);
	struct credential credential;

	credential_of_path(X509_STORE_CTX_get0_chain(context), &credential);
	downstream_set_credential(downstream, &credential);
	return worker_check_revoked(downstream->worker, (struct text){ 0 }, &credential,
				    &downstream->verified.reason, err);
}

static int check_client(struct link *link, X509 *leaf, STACK_OF(X509) * chain, void *arg,
			struct error *err)
{
	const struct client_check *check = arg;
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int code = 0;

	if (context == NULL || X509_STORE_CTX_init(context, check->store, leaf, chain) != 1)
		code = error_set(err, -ENOMEM, "certificate check failed");
	else if (X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT) != 1
		 || X509_verify_cert(context) != 1)
		code = error_set(err, -EACCES, "client certificate: %s",
				 X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
	else if (!has_wanted_name(check, leaf))
		code = error_set(err, -EACCES,
				 "client certificate: none of its names is in subjectAltNames");
	else if (!is_pinned(check, leaf))
		code = error_set(err, -EACCES,
				 "client certificate: it is not in verifyCertificateHash, nor its "
				 "key in verifyCertificateSpki");
	else
		code = check_revoked(link, context, err);
	if (code == 0)
		downstream_of_link(link)->checked_by = check->terms;
	if (code == 0)
		client_cert_note(downstream_of_link(link), leaf);
	X509_STORE_CTX_free(context);
	return code;
}

/* ---- made with the plan ---- */

static int hex_digit(char c)
{
	if (char_is_digit(c))
		return c - '0';
	c = char_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 64 digits, perhaps with colons between the bytes. */
static bool read_hex(struct text text, unsigned char out[SHA256_SIZE])
{
	size_t digits = 0;

	for (size_t i = 0; i < text.len; i++) {
		const int digit = hex_digit(text.ptr[i]);

		if (text.ptr[i] == ':')
			continue;
		if (digit < 0 || digits == 2 * SHA256_SIZE)
			return false;
		out[digits / 2] = (unsigned char)(out[digits / 2] << 4 | digit);
		digits++;
	}
	return digits == 2 * SHA256_SIZE;
}

static bool read_base64(struct text text, unsigned char out[SHA256_SIZE])
{
	unsigned char bytes[SHA256_SIZE + 4];
	const int len =
		text.len == 44 ? EVP_DecodeBlock(bytes, (const unsigned char *)text.ptr, 44) : 0;

	if (len != SHA256_SIZE + 1) /* one padding sign counts as a byte */
		return false;
	memcpy(out, bytes, SHA256_SIZE);
	return true;
}

static int add_digests(struct client_check *check, const struct text_list *list, bool is_hex,
		       struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct text item = list->items[i];
		unsigned char *out = check->digests[check->digest_count++];

		if (!(is_hex ? read_hex(item, out) : read_base64(item, out)))
			return error_at(err, -EINVAL, list->at[i], "'%.*s' is no SHA-256 in %s",
					TEXT_ARGS(item), is_hex ? "hexadecimal" : "base64");
	}
	return 0;
}

static void add_names(struct client_check *check, const struct text_list *names)
{
	check->count = names->count;
	check->names = mem_alloc_array(check->count, sizeof(struct text));
	for (size_t i = 0; i < check->count; i++)
		check->names[i] = (struct text){
			mem_strndup(names->items[i].ptr, names->items[i].len),
			names->items[i].len,
		};
}

static uint64_t mix(uint64_t terms, const void *bytes, size_t len)
{
	return terms * 31 + hash_bytes(bytes, len);
}

static uint64_t terms_of(const struct client_check *check, const struct pem_material *material)
{
	uint64_t terms = mix(1, material->authorities.ptr, material->authorities.len);

	if (material->crl.ptr != NULL)
		terms = mix(terms, material->crl.ptr, material->crl.len);
	for (size_t i = 0; i < check->count; i++)
		terms = mix(terms, check->names[i].ptr, check->names[i].len);
	for (size_t i = 0; i < check->digest_count; i++)
		terms = mix(terms, check->digests[i], SHA256_SIZE);
	return terms != 0 ? terms : 1; /* 0 is nobody's */
}

int gateway_check_clients(const struct server_tls *tls, const struct pem_material *material,
			  struct tls_settings *settings, struct client_demand *demand,
			  struct error *err)
{
	const struct text_list *keys = &tls->verify_certificate_spki;
	const struct text_list *hashes = &tls->verify_certificate_hash;
	struct client_check *check;
	int code;

	if (material->authorities.len == 0)
		return error_at(err, -EINVAL, tls->at,
				"%s has no certificates to check clients by (ca.crt)",
				material->from != NULL ? material->from : "this server");
	check = MEM_NEW(struct client_check);
	check->store = pem_trust(material->authorities, material->crl, err);
	check->digests = mem_alloc_array(keys->count + hashes->count, SHA256_SIZE);
	add_names(check, &tls->subject_alt_names);
	code = check->store != NULL ? 0 : err->code;
	if (code == 0)
		code = add_digests(check, keys, false, err);
	if (code == 0)
		code = add_digests(check, hashes, true, err);
	if (code < 0) {
		release_check(check);
		return code;
	}
	check->terms = terms_of(check, material);
	demand->terms = check->terms;
	demand->is_required = tls->mode == SERVER_TLS_MUTUAL;
	settings->peer_certificate = demand->is_required ? TLS_PEER_REQUIRED : TLS_PEER_OPTIONAL;
	settings->verify = check_client;
	settings->verify_arg = check;
	settings->release_arg = release_check;
	return 0;
}

/* ---- connections that were opened under another plan ---- */

bool gateway_client_fits(const struct client_demand *demand, const struct downstream *downstream)
{
	if (demand->is_mesh)
		return downstream->peer_id != NULL;
	if (downstream->checked_by == demand->terms)
		return true;
	return downstream->checked_by == 0 && !demand->is_required;
}
