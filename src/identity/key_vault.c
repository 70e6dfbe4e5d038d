/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/key_vault.h"

#include "identity/openssl.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SECRET_MIN    32
#define SECRET_MAX    4096
#define KEY_FILE_MAX  65536
#define ADDRESS_START "pkcs11:"

/* ---- the secret ---- */

static int read_keyring(const char *name, struct buffer *out, struct error *err)
{
	const long key = syscall(SYS_request_key, "user", name, NULL, 0);
	long len;

	if (key < 0 && (errno == ENOSYS || errno == EPERM))
		return error_set(err, -EPERM,
				 "this machine (or container) does not permit kernel keyrings");
	if (key < 0)
		return error_set(err, -ENOKEY,
				 "the kernel has no key '%s': 'head -c 32 /dev/urandom | keyctl "
				 "padd user %s @u' makes one",
				 name, name);
	len = syscall(SYS_keyctl, KEYCTL_READ, key, buffer_reserve(out, SECRET_MAX), SECRET_MAX);
	if (len < 0)
		return error_set(err, -errno, "cannot read the kernel's key '%s': %s", name,
				 strerror(errno));
	out->len = (size_t)MIN_OF(len, (long)SECRET_MAX);
	return 0;
}

static int read_secret(const char *where, struct buffer *out, struct error *err)
{
	const struct text text = text_of(where), keyring = TEXT("keyring:"), file = TEXT("file:");

	if (text_starts_with(text, keyring))
		return read_keyring(where + keyring.len, out, err);
	if (text_starts_with(text, file))
		return file_read(where + file.len, SECRET_MAX, out, err);
	return error_set(err, -EINVAL, "'%s' names no secret: keyring:NAME or file:PATH", where);
}

int key_vault_open(const char *where, struct key_vault *out, struct error *err)
{
	AUTO_BUFFER struct buffer secret = { 0 }, text = { 0 };
	int result = 0;

	*out = (struct key_vault){ 0 };
	if (where == NULL)
		return 0;
	result = read_secret(where, &secret, err);
	if (result == 0 && secret.len < SECRET_MIN)
		result = error_set(err, -EINVAL, "%s has %zu bytes; at least %d are needed", where,
				   secret.len, SECRET_MIN);
	for (size_t i = 0; result == 0 && i < secret.len; i++)
		buffer_printf(&text, "%02x", (unsigned char)secret.data[i]);
	if (secret.data != NULL)
		mem_wipe(secret.data, secret.capacity);
	if (result == 0)
		out->secret = buffer_take(&text);
	return result;
}

void key_vault_close(struct key_vault *vault)
{
	if (vault->secret != NULL)
		mem_wipe(vault->secret, strlen(vault->secret));
	mem_free(TAKE(vault->secret));
}

/* ---- files ---- */

static int check_mode(const char *path, struct error *err)
{
	struct stat status;

	if (stat(path, &status) == 0 && (status.st_mode & 0077) != 0)
		return error_set(
			err, -EPERM,
			"the private key %s is open to others (mode %03o): 'chmod 600' it, "
			"and think about who may have read it",
			path, status.st_mode & 0777);
	return 0;
}

static int give_secret(char *out, int size, int writing, void *secret)
{
	(void)writing;
	if (secret == NULL) /* never ask on the terminal */
		return -1;
	return snprintf(out, (size_t)size, "%s", (const char *)secret);
}

static bool is_encrypted(struct text pem)
{
	return text_contains(pem, TEXT("BEGIN ENCRYPTED PRIVATE KEY"));
}

static int read_pem(const struct key_vault *vault, struct text pem, EVP_PKEY **out,
		    struct error *err)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);

	if (is_encrypted(pem) && vault->secret == NULL)
		return error_set(err, -ENOKEY,
				 "the key is encrypted: --key-encryption names its secret");
	*out = PEM_read_bio_PrivateKey(bio, NULL, give_secret, vault->secret);
	if (*out != NULL)
		return 0;
	return openssl_error(err, -EINVAL,
			     is_encrypted(pem) ? "the secret does not open this key"
					       : "no private key");
}

static int read_address(struct text line, EVP_PKEY **out, struct error *err)
{
	AUTO(mem_free_text) char *uri = mem_strndup(line.ptr, line.len);

	return key_from_pkcs11(uri, out, err);
}

int key_vault_load(const struct key_vault *vault, const char *path, EVP_PKEY **out,
		   struct error *err)
{
	AUTO_BUFFER struct buffer content = { 0 };
	bool is_plain = false;
	int result = check_mode(path, err);

	if (result == 0)
		result = file_read(path, KEY_FILE_MAX, &content, err);
	if (result < 0)
		return result;

	struct text text = buffer_text(&content);

	if (text_starts_with(text, TEXT(ADDRESS_START))) {
		result = read_address(text_split(&text, '\n'), out, err);
	} else {
		is_plain = !is_encrypted(text);
		result = read_pem(vault, text, out, err);
	}
	mem_wipe(content.data, content.capacity);
	if (result < 0)
		return error_prefix(err, "%s", path);
	if (!is_plain || vault->secret == NULL)
		return 0;
	log_info("%s was stored plain; it is encrypted now", path);
	return key_vault_save(vault, path, *out, err);
}

int key_vault_save(const struct key_vault *vault, const char *path, EVP_PKEY *key,
		   struct error *err)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new(BIO_s_secmem());
	const EVP_CIPHER *cipher = vault->secret != NULL ? EVP_aes_256_cbc() : NULL;
	char *pem;

	if (PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, NULL, 0, give_secret, vault->secret)
	    != 1)
		return openssl_error(err, -EIO, "cannot encode a private key");

	const long len = BIO_get_mem_data(bio, &pem);

	return file_write_atomic(path, pem, (size_t)len, 0600, err);
}

int key_vault_save_address(const char *path, const char *uri, struct error *err)
{
	AUTO(mem_free_text) char *line = mem_printf("%s\n", uri);

	return file_write_atomic(path, line, strlen(line), 0600, err);
}
