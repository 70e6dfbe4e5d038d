/* SPDX-License-Identifier: Apache-2.0 */
/* ca_make.c — how a generation comes to be: its key, its certificate, its files. */
#include "identity/ca_private.h"

#include "identity/key_vault.h"
#include "identity/openssl.h"

#include <errno.h>

struct validity validity_from(int64_t now_ns, uint64_t life_ns, int64_t limit_ns)
{
	const uint64_t lag = MIN_OF(60 * NS_PER_SEC, life_ns / 60);

	return (struct validity){ .not_before_ns = now_ns - (int64_t)lag,
				  .not_after_ns = MIN_OF(now_ns + (int64_t)life_ns, limit_ns) };
}

static int record(const struct ca *ca, const struct authority *authority, const char *event,
		  const char *serial, const char *until, struct error *err)
{
	char number[32], key[KEY_HASH_TEXT_MAX];
	struct key_hash hash;

	snprintf(number, sizeof(number), "%u", authority->number);
	key_hash_of_certificate(authority->certificate, &hash);
	return AUDIT_WRITE(ca->options.audit, event, err,
			   { "authority", authority_kind_name(authority->kind) },
			   { "generation", number }, { "serial", serial },
			   { "key", key_hash_format(&hash, key) }, { "not_after", until });
}

static int save(struct ca *ca, struct authority *authority, const char *event, struct error *err)
{
	char until[CLOCK_TEXT_MAX], serial[SERIAL_TEXT_MAX];
	int result;

	authority->not_before_ns = asn1_time_ns(X509_get0_notBefore(authority->certificate));
	authority->not_after_ns = asn1_time_ns(X509_get0_notAfter(authority->certificate));
	clock_format_utc(until, authority->not_after_ns);
	certificate_serial(authority->certificate, serial);
	result = record(ca, authority, event, serial, until, err);
	if (result == 0)
		result = audit_sync(ca->options.audit, err);
	if (result == 0)
		result = ca_store_save(&ca->store, authority, err);
	if (result == 0)
		log_info("%s %s %u of trust domain %s, serial %s, valid until %s",
			 strcmp(event, "import") == 0 ? "imported" : "made",
			 authority_kind_name(authority->kind), authority->number, ca->trust_domain,
			 serial, until);
	return result;
}

int ca_add(struct ca *ca, struct authority *authority, const char *event, struct error *err)
{
	const int result = save(ca, authority, event, err);

	if (result < 0) {
		authority_done(authority);
		return result;
	}
	ca->authorities = mem_realloc_array(ca->authorities, ca->authority_count + 1,
					    sizeof(struct authority));
	ca->authorities[ca->authority_count++] = *authority;
	ca->crl_due_ns = 0; /* it needs a list of its own */
	return 0;
}

static X509 *make_certificate(const struct ca *ca, const struct authority *authority,
			      int64_t now_ns, struct error *err)
{
	const struct text trust_domain = text_of(ca->trust_domain);
	const struct ca_lifetimes *lifetimes = &ca->options.lifetimes;

	if (authority->kind == AUTHORITY_ROOT)
		return certificate_make_root(authority->key, trust_domain,
					     validity_from(now_ns, lifetimes->root_ns, INT64_MAX),
					     err);
	if (authority->kind == AUTHORITY_JWT)
		return certificate_make_jwt(authority->key,
					    validity_from(now_ns, lifetimes->issuer_ns, INT64_MAX),
					    err);

	const struct authority *root = &ca->authorities[ca->root];
	const struct signer signer = authority_signer(root);

	return certificate_make_issuer(
		authority->key, trust_domain,
		validity_from(now_ns, lifetimes->issuer_ns, root->not_after_ns), &signer, err);
}

static void take_key(const struct ca *ca, struct authority *authority)
{
	EVP_PKEY *of_token = authority->kind == AUTHORITY_ROOT     ? ca->root_key
			     : authority->kind == AUTHORITY_ISSUER ? ca->issuer_key
								   : NULL;

	if (of_token == NULL) {
		authority->key = p256_key_new();
		return;
	}
	EVP_PKEY_up_ref(of_token);
	authority->key = of_token;
	authority->key_address =
		authority->kind == AUTHORITY_ROOT ? ca->options.root_key : ca->options.issuer_key;
}

int ca_make(struct ca *ca, enum authority_kind kind, int64_t now_ns, struct error *err)
{
	struct authority authority = { .kind = kind };

	if (kind == AUTHORITY_ISSUER) {
		const struct authority *root = &ca->authorities[ca->root];

		if (root->key == NULL)
			return error_set(err, -ENOKEY,
					 "a new issuer is needed, but the key of root %u is not in "
					 "%s",
					 root->number, ca->store.directory);
		authority.root = root->number;
	}
	authority.number = ca_store_next(&ca->store, kind, authority.root);
	take_key(ca, &authority);
	if (authority.key == NULL)
		return openssl_error(err, -EIO, "cannot make a key");
	authority.certificate = make_certificate(ca, &authority, now_ns, err);
	if (authority.certificate == NULL) {
		authority_done(&authority);
		return -EIO;
	}
	return ca_add(ca, &authority, "create", err);
}
