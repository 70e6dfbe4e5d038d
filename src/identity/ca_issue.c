/* SPDX-License-Identifier: Apache-2.0 */
/* ca_issue.c — what the authority signs: X.509-SVIDs and JWT-SVIDs, each with a line in the log. */
#include "identity/ca_private.h"

#include "identity/jwt_svid.h"
#include "identity/openssl.h"

#include <errno.h>

static int check_name(const struct ca *ca, struct text spiffe_id, struct error *err)
{
	struct spiffe_id id;
	const int result = spiffe_id_parse(spiffe_id, &id, err);

	if (result < 0)
		return result;
	if (!text_is(id.trust_domain, ca->trust_domain))
		return error_set(err, -EINVAL, "'%.*s' lies outside of the trust domain '%s'",
				 TEXT_ARGS(spiffe_id), ca->trust_domain);
	if (text_is_empty(id.path))
		return error_set(err, -EINVAL, "'%.*s' has no path, so it names no workload",
				 TEXT_ARGS(spiffe_id));
	return 0;
}

static int check_allowed(struct ca *ca, struct text spiffe_id, int64_t now_ns, struct error *err)
{
	int result = check_name(ca, spiffe_id, err);

	if (result == 0)
		result = denial_refuse(
			revocations_find_id(ca->revocations, spiffe_id, now_ns, now_ns), err);
	return result == 0 ? ca_limit_take(&ca->limit, spiffe_id, now_ns, err) : result;
}

/* The root above an issuer, or NULL where its certificate is here no longer. */
static const struct authority *root_above(const struct ca *ca, const X509 *issuer)
{
	unsigned number = 0;

	for (size_t i = 0; i < ca->authority_count; i++)
		if (ca->authorities[i].kind == AUTHORITY_ISSUER
		    && X509_cmp(ca->authorities[i].certificate, issuer) == 0)
			number = ca->authorities[i].root;
	for (size_t i = 0; i < ca->authority_count; i++)
		if (ca->authorities[i].kind == AUTHORITY_ROOT
		    && ca->authorities[i].number == number)
			return &ca->authorities[i];
	return NULL;
}

void ca_credential(const struct ca *ca, const struct svid *svid, struct credential *out)
{
	const struct authority *root = root_above(ca, sk_X509_value(svid->chain, 1));

	credential_of_path(svid->chain, out);
	if (root != NULL)
		key_hash_of_certificate(root->certificate,
					&out->authorities[out->authority_count++]);
}

/* The authority at this place, if it may sign now. */
static const struct authority *signing(const struct ca *ca, size_t place, int64_t now_ns,
				       struct error *err)
{
	if (place == NOT_THERE || ca->authorities[place].key == NULL
	    || !authority_is_valid(&ca->authorities[place], now_ns)) {
		error_set(err, -EKEYEXPIRED, "there is no issuer that is valid now");
		return NULL;
	}
	return &ca->authorities[place];
}

/* The record is written before anybody gets the certificate. */
static int record_issue(struct ca *ca, const struct svid *svid, struct error *err)
{
	char until[CLOCK_TEXT_MAX], serial[SERIAL_TEXT_MAX], key[KEY_HASH_TEXT_MAX];
	char issuer[SERIAL_TEXT_MAX];
	struct credential credential;

	clock_format_utc(until, svid->not_after_ns);
	certificate_serial(svid_leaf(svid), serial);
	certificate_serial(sk_X509_value(svid->chain, 1), issuer);
	credential_of_path(svid->chain, &credential);
	issued_add(&ca->issued, text_of(svid->id), issuer, &credential, svid->not_after_ns);
	log_info("issued %s, serial %s, valid until %s", svid->id, serial, until);
	return AUDIT_WRITE(ca->options.audit, "issue", err, { "id", svid->id },
			   { "serial", serial }, { "key", key_hash_format(&credential.key, key) },
			   { "issuer", issuer }, { "not_after", until });
}

/* Who asks too often would fill the record too: once a second is enough to know. */
static int record_denial(struct ca *ca, struct text spiffe_id, int64_t now_ns,
			 const struct error *problem, struct error *err)
{
	AUTO(mem_free_text) char *id = mem_strndup(spiffe_id.ptr, spiffe_id.len);
	const int code = problem->code;

	if (code != -EBUSY || now_ns >= ca->busy_recorded_ns + (int64_t)NS_PER_SEC) {
		log_warn("no identity for %s: %s", id, problem->text);
		AUDIT_WRITE(ca->options.audit, "deny", NULL, { "id", id },
			    { "reason", problem->text });
		if (code == -EBUSY)
			ca->busy_recorded_ns = now_ns;
	}
	return error_set(err, code, "%s", problem->text);
}

static EVP_PKEY *given_or_new_key(EVP_PKEY *given)
{
	if (given != NULL)
		EVP_PKEY_up_ref(given);
	return given != NULL ? given : p256_key_new();
}

/* The issuer's own list: "{issuer}" in the address stands for its serial, as in the file's name. */
static char *crl_url_of(const struct ca *ca, const struct authority *issuer)
{
	const char *mark = "{issuer}", *url = ca->options.crl_url;
	const char *place = url != NULL ? strstr(url, mark) : NULL;
	char serial[SERIAL_TEXT_MAX];

	if (place == NULL)
		return url != NULL ? mem_strdup(url) : NULL;
	return mem_printf("%.*s%s%s", (int)(place - url), url,
			  certificate_serial(issuer->certificate, serial), place + strlen(mark));
}

int ca_issue(struct ca *ca, struct text spiffe_id, EVP_PKEY *subject_key, int64_t now_ns,
	     struct svid **out, struct error *err)
{
	const struct authority *issuer = signing(ca, ca->issuer, now_ns, err);
	struct error problem = { 0 };

	if (check_allowed(ca, spiffe_id, now_ns, &problem) < 0)
		return record_denial(ca, spiffe_id, now_ns, &problem, err);
	if (issuer == NULL)
		return -EKEYEXPIRED;

	AUTO(EVP_PKEY_free) EVP_PKEY *key = given_or_new_key(subject_key);

	if (key == NULL)
		return openssl_error(err, -EIO, "cannot make a key");

	const struct signer signer = authority_signer(issuer);
	AUTO(mem_free_text) char *crl_url = crl_url_of(ca, issuer);
	X509 *leaf = certificate_make_leaf(
		key, spiffe_id,
		validity_from(now_ns, ca->options.lifetimes.svid_ns, issuer->not_after_ns), crl_url,
		&signer, err);

	if (leaf == NULL)
		return -EIO;

	AUTO(mem_free_text) char *id = mem_strndup(spiffe_id.ptr, spiffe_id.len);
	STACK_OF(X509) *chain = sk_X509_new_null();

	X509_up_ref(issuer->certificate);
	sk_X509_push(chain, leaf);
	sk_X509_push(chain, issuer->certificate);
	*out = svid_of_authority(chain, TAKE(key), id);
	const int result = record_issue(ca, *out, err);

	if (result < 0)
		svid_unref(TAKE(*out));
	return result;
}

int ca_issue_jwt(struct ca *ca, struct text spiffe_id, const struct text *audiences,
		 size_t audience_count, int64_t now_ns, struct buffer *out, struct error *err)
{
	const struct authority *signer = signing(ca, ca->jwt, now_ns, err);
	char key_id[KEY_NAME_MAX], until[CLOCK_TEXT_MAX];
	struct error problem = { 0 };

	if (check_allowed(ca, spiffe_id, now_ns, &problem) < 0)
		return record_denial(ca, spiffe_id, now_ns, &problem, err);
	if (signer == NULL)
		return -EKEYEXPIRED;

	const struct jwt_svid_claims claims = {
		.subject = spiffe_id,
		.audiences = audiences,
		.audience_count = audience_count,
		.issued_ns = now_ns,
		.expires_ns = MIN_OF(now_ns + (int64_t)ca->options.lifetimes.jwt_ns,
				     signer->not_after_ns),
	};

	certificate_key_name(signer->certificate, key_id);

	const int result = jwt_svid_sign(&claims, key_id, signer->key, out, err);
	if (result < 0)
		return result;
	clock_format_utc(until, claims.expires_ns);
	log_info("issued a token for %.*s, audience %.*s, key %s, valid until %s",
		 TEXT_ARGS(spiffe_id), TEXT_ARGS(audiences[0]), key_id, until);

	AUTO(mem_free_text) char *id = mem_strndup(spiffe_id.ptr, spiffe_id.len);
	AUTO(mem_free_text) char *audience = mem_strndup(audiences[0].ptr, audiences[0].len);

	return AUDIT_WRITE(ca->options.audit, "issue-token", err, { "id", id },
			   { "audience", audience }, { "key", key_id }, { "not_after", until });
}

bool ca_can_issue(const struct ca *ca, int64_t now_ns)
{
	return signing(ca, ca->issuer, now_ns, NULL) != NULL;
}
