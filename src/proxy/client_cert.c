/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/client_cert.h"

#include "proxy/downstream.h"

#include <openssl/x509v3.h>

#define SUBJECT_MAX 1024 /* bytes of it that are told */

static void add_hash(struct buffer *out, const unsigned char *hash, size_t len)
{
	static const char hex[] = "0123456789abcdef";

	buffer_printf(out, "Hash=");
	for (size_t i = 0; i < len; i++)
		buffer_printf(out, "%c%c", hex[hash[i] >> 4], hex[hash[i] & 15]);
}

/* Quotes and backslashes are escaped; what could end the field, or the header, is left out. */
static void add_quoted(struct buffer *out, struct text text)
{
	for (size_t i = 0; i < text.len; i++) {
		const char c = text.ptr[i];

		if (c == '"' || c == '\\')
			buffer_printf(out, "\\%c", c);
		else if ((unsigned char)c >= 0x20 && c != 0x7f)
			buffer_printf(out, "%c", c);
	}
}

static void add_subject(struct buffer *out, const X509 *leaf)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *subject = NULL;

	X509_NAME_print_ex(bio, X509_get_subject_name(leaf), 0, XN_FLAG_RFC2253);

	const long len = BIO_get_mem_data(bio, &subject);

	buffer_printf(out, ";Subject=\"");
	if (len > 0)
		add_quoted(out, (struct text){ subject, MIN_OF((size_t)len, (size_t)SUBJECT_MAX) });
	buffer_printf(out, "\"");
	BIO_free(bio);
}

/* Names that could be taken for something else in this header are not told. */
static bool is_plain(struct text name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.ptr[i] <= 0x20 || (unsigned char)name.ptr[i] >= 0x7f
		    || strchr(",;=\"\\", name.ptr[i]) != NULL)
			return false;
	return name.len > 0;
}

static void add_names(struct buffer *out, X509 *leaf)
{
	static const struct {
		int type;
		const char *key;
	} kinds[] = { { GEN_URI, "URI" }, { GEN_DNS, "DNS" } };
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

	for (size_t k = 0; k < COUNT_OF(kinds); k++)
		for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
			int type;
			const ASN1_STRING *value =
				GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

			if (type != kinds[k].type)
				continue;

			const struct text name = { (const char *)ASN1_STRING_get0_data(value),
						   (size_t)ASN1_STRING_length(value) };

			if (is_plain(name))
				buffer_printf(out, ";%s=%.*s", kinds[k].key, TEXT_ARGS(name));
		}
	GENERAL_NAMES_free(names);
}

/* Of the mesh only the SPIFFE ID counts, as Istio's sidecars tell it. */
static void describe_member(struct buffer *out, const struct downstream *downstream)
{
	add_hash(out, downstream->peer_fingerprint, sizeof(downstream->peer_fingerprint));
	buffer_printf(out, ";Subject=\"\";URI=%s", downstream->peer_id);
}

static void describe_stranger(struct buffer *out, X509 *leaf)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	X509_digest(leaf, EVP_sha256(), hash, &len);
	add_hash(out, hash, len);
	add_subject(out, leaf);
	add_names(out, leaf);
}

const char *client_cert_text(struct downstream *downstream)
{
	AUTO_BUFFER struct buffer text = { 0 };

	if (downstream->client_cert != NULL || downstream->peer_id == NULL)
		return downstream->client_cert;
	describe_member(&text, downstream);
	downstream->client_cert = mem_strndup(text.data, text.len);
	return downstream->client_cert;
}

void client_cert_note(struct downstream *downstream, X509 *leaf)
{
	AUTO_BUFFER struct buffer text = { 0 };

	describe_stranger(&text, leaf);
	mem_free(downstream->client_cert);
	downstream->client_cert = mem_strndup(text.data, text.len);
}
