/* SPDX-License-Identifier: Apache-2.0 */
/* id_issue.c — `mangrove id issue`: a certificate for a program that cannot speak the Workload API.
 * The key is made here and never leaves; the authority sees its public half. */
#include "cmd/id.h"

#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>

static int take_pem(BIO *bio, bool complete, struct buffer *out, struct error *err)
{
	char *pem;
	const long len = BIO_get_mem_data(bio, &pem);

	if (complete)
		buffer_add(out, pem, (size_t)len);
	BIO_free_all(bio);
	return complete ? 0 : error_set(err, -EIO, "OpenSSL cannot write a key");
}

static int write_public_key(EVP_PKEY *key, struct buffer *out, struct error *err)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return take_pem(bio, PEM_write_bio_PUBKEY(bio, key) == 1, out, err);
}

static int write_private_key(EVP_PKEY *key, struct buffer *out, struct error *err)
{
	BIO *bio = BIO_new(BIO_s_secmem());

	return take_pem(bio,
			PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1,
			out, err);
}

static int write_file(const char *folder, const char *name, mode_t mode, struct text content,
		      struct error *err)
{
	AUTO(mem_free_text) char *path = mem_printf("%s/%s", folder, name);

	return file_write_atomic(path, content.ptr, content.len, mode, err);
}

/* As spiffe-helper lays them out; the key first, as without it the rest is of no use. */
static int write_files(const char *folder, EVP_PKEY *key, const json_t *answer, struct error *err)
{
	AUTO_BUFFER struct buffer pem = { 0 };
	int result = file_make_directory(folder, 0700, err);

	if (result == 0)
		result = write_private_key(key, &pem, err);
	if (result == 0)
		result = write_file(folder, "svid_key.pem", 0600, buffer_text(&pem), err);
	if (pem.data != NULL)
		mem_wipe(pem.data, pem.capacity);
	if (result == 0)
		result = write_file(folder, "svid_bundle.pem", 0600,
				    text_of(id_member(answer, "bundle")), err);
	if (result == 0)
		result = write_file(folder, "svid.pem", 0600,
				    text_of(id_member(answer, "certificates")), err);
	return result;
}

static int ask(const struct id_arguments *arguments, EVP_PKEY *key, json_t **answer,
	       struct error *err)
{
	AUTO_BUFFER struct buffer pem = { 0 }, request = { 0 };
	struct json_writer json = { .out = &request };
	const int result = write_public_key(key, &pem, err);

	if (result < 0)
		return result;
	json_begin_object(&json);
	json_key(&json, "id");
	json_cstring(&json, arguments->subject);
	json_key(&json, "publicKey");
	json_text(&json, buffer_text(&pem));
	json_end_object(&json);
	return id_ask(arguments, "Issue", buffer_text(&request), answer, err);
}

int id_issue(const struct id_arguments *arguments)
{
	const char *folder = arguments->out != NULL ? arguments->out : ".";
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	AUTO_ANSWER json_t *answer = NULL;
	struct error err = { 0 };
	int result = ask(arguments, key, &answer, &err);

	if (result == 0)
		result = write_files(folder, key, answer, &err);
	EVP_PKEY_free(key);
	if (result < 0)
		return id_fail(&err);
	if (arguments->json)
		printf("{\"id\":\"%s\",\"folder\":\"%s\"}\n", id_member(answer, "id"), folder);
	else
		printf("%s: svid.pem, svid_key.pem and svid_bundle.pem are in %s\n",
		       id_member(answer, "id"), folder);
	return STATUS_FINE;
}
