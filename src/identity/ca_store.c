/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/ca_store.h"

#include "identity/openssl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_TRUST_DOMAIN "cluster.local"
#define FILE_SIZE_MAX        65536

void authority_done(struct authority *authority)
{
	X509_free(authority->certificate);
	EVP_PKEY_free(authority->key);
}

char *ca_store_path(const struct ca_store *store, const char *name)
{
	return mem_printf("%s/%s", store->directory, name);
}

static const char *const kind_names[] = {
	[AUTHORITY_ROOT] = "root",
	[AUTHORITY_ISSUER] = "issuer",
	[AUTHORITY_JWT] = "jwt",
};

const char *authority_kind_name(enum authority_kind kind)
{
	return kind_names[kind];
}

/* "root-1.key", "issuer-1-2.pem", "jwt-1.key" */
static char *path_of(const struct ca_store *store, enum authority_kind kind, unsigned root,
		     unsigned number, const char *ending)
{
	if (kind == AUTHORITY_ISSUER)
		return mem_printf("%s/issuer-%u-%u.%s", store->directory, root, number, ending);
	return mem_printf("%s/%s-%u.%s", store->directory, kind_names[kind], number, ending);
}

static char *path_of_authority(const struct ca_store *store, const struct authority *authority,
			       const char *ending)
{
	return path_of(store, authority->kind, authority->root, authority->number, ending);
}

static int prepare_directory(const char *directory, struct error *err)
{
	struct stat status;
	const int result = file_make_directory(directory, 0700, err);

	if (result < 0)
		return result;
	if (stat(directory, &status) < 0 || (status.st_mode & 0077) == 0)
		return 0;
	if (chmod(directory, 0700) < 0)
		return error_set(err, -EPERM,
				 "%s holds private keys and is open to others (mode %03o): "
				 "'chmod 700' it",
				 directory, status.st_mode & 0777);
	log_warn("%s was open to others (mode %03o); it is 700 now", directory,
		 status.st_mode & 0777);
	return 0;
}

static int take_lock(struct ca_store *store, struct error *err)
{
	AUTO(mem_free_text) char *path = ca_store_path(store, "lock");

	store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock < 0)
		return error_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
	if (flock(store->lock, LOCK_EX | LOCK_NB) < 0)
		return error_set(err, -EBUSY, "another process runs the authority in %s",
				 store->directory);
	return 0;
}

static int read_trust_domain(const char *path, char **out, struct error *err)
{
	AUTO_BUFFER struct buffer content = { 0 };
	struct text name;
	int result = file_read(path, FILE_SIZE_MAX, &content, err);

	if (result < 0)
		return result;
	while (content.len > 0 && char_is_space(content.data[content.len - 1]))
		content.len--;
	result = trust_domain_parse(buffer_text(&content), &name, err);
	if (result < 0)
		return error_prefix(err, "%s", path);
	*out = mem_strndup(name.ptr, name.len);
	return 0;
}

static int write_trust_domain(const char *path, struct text name, char **out, struct error *err)
{
	AUTO(mem_free_text) char *line = mem_printf("%.*s\n", TEXT_ARGS(name));
	const int result = file_write_atomic(path, line, strlen(line), 0644, err);

	if (result == 0)
		*out = mem_strndup(name.ptr, name.len);
	return result;
}

/* The authority's name is fixed at first start: certificates all over the mesh carry it. */
static int settle_trust_domain(const struct ca_store *store, const char *wanted, char **out,
			       struct error *err)
{
	AUTO(mem_free_text) char *path = ca_store_path(store, "trust-domain");
	struct text name = TEXT(DEFAULT_TRUST_DOMAIN);
	int result = 0;

	if (wanted != NULL)
		result = trust_domain_parse(text_of(wanted), &name, err);
	if (result < 0)
		return result;
	if (!file_exists(path))
		return write_trust_domain(path, name, out, err);
	result = read_trust_domain(path, out, err);
	if (result < 0 || wanted == NULL || text_is(name, *out))
		return result;
	result = error_set(
		err, -EEXIST,
		"the authority in %s belongs to the trust domain '%s', not to '%.*s'; give "
		"the new one a state directory of its own",
		store->directory, *out, TEXT_ARGS(name));
	mem_free(TAKE(*out));
	return result;
}

int ca_store_open(const char *directory, const char *wanted, const char *key_encryption,
		  struct ca_store *out, char **trust_domain, struct error *err)
{
	struct ca_store store = { .directory = mem_strdup(directory), .lock = -1 };
	int result = prepare_directory(directory, err);

	if (result == 0)
		result = take_lock(&store, err);
	if (result == 0)
		result = key_vault_open(key_encryption, &store.vault, err);
	if (result == 0)
		result = settle_trust_domain(&store, wanted, trust_domain, err);
	if (result < 0)
		ca_store_done(&store);
	else
		*out = store;
	return result;
}

void ca_store_done(struct ca_store *store)
{
	file_close(&store->lock);
	key_vault_close(&store->vault);
	mem_free(TAKE(store->directory));
}

static int load_certificate(const char *path, X509 **out, struct error *err)
{
	AUTO_BUFFER struct buffer pem = { 0 };
	AUTO(x509_chain_free) STACK_OF(X509) *certificates = NULL;
	int result = file_read(path, FILE_SIZE_MAX, &pem, err);

	if (result < 0)
		return result;
	result = pem_read_certificates(buffer_text(&pem), &certificates, err);
	if (result < 0)
		return error_prefix(err, "%s", path);
	*out = sk_X509_shift(certificates);
	return 0;
}

/* A token that is away takes its keys along, but not the authority: others may do the work. */
static int load_key(const struct ca_store *store, const char *path, struct authority *authority,
		    struct error *err)
{
	struct error problem = { 0 };
	const int result = key_vault_load(&store->vault, path, &authority->key, &problem);

	if (result == -ENODEV) {
		log_problem(LOG_LEVEL_WARN, "without this key", &problem);
		return 0;
	}
	return result < 0 ? error_set(err, result, "%s", problem.text) : 0;
}

static int load_authority(const struct ca_store *store, struct authority *authority,
			  struct error *err)
{
	AUTO(mem_free_text)
	char *certificate = path_of_authority(store, authority, "pem");
	AUTO(mem_free_text)
	char *key = path_of_authority(store, authority, "key");
	int result = load_certificate(certificate, &authority->certificate, err);

	if (result == 0 && file_exists(key))
		result = load_key(store, key, authority, err);
	if (result < 0)
		return result;
	if (authority->key != NULL
	    && X509_check_private_key(authority->certificate, authority->key) != 1)
		return openssl_error(err, -EINVAL, key);
	authority->not_before_ns = asn1_time_ns(X509_get0_notBefore(authority->certificate));
	authority->not_after_ns = asn1_time_ns(X509_get0_notAfter(authority->certificate));
	return 0;
}

static bool take_number(struct text *rest, unsigned *out)
{
	uint64_t number;

	if (rest->ptr == NULL || !text_parse_number(text_split(rest, '-'), UINT32_MAX - 1, &number)
	    || number == 0)
		return false;
	*out = (unsigned)number;
	return true;
}

/* Which generation a certificate's file name speaks of; false where it is none of ours. */
static bool parse_name(struct text name, struct authority *out)
{
	const struct text ending = TEXT(".pem");

	*out = (struct authority){ 0 };
	if (!text_ends_with(name, ending))
		return false;
	name.len -= ending.len;

	const struct text kind = text_split(&name, '-');

	for (size_t i = AUTHORITY_ROOT; i < COUNT_OF(kind_names); i++)
		if (text_is(kind, kind_names[i]))
			out->kind = (enum authority_kind)i;
	if (out->kind == 0 || (out->kind == AUTHORITY_ISSUER && !take_number(&name, &out->root)))
		return false;
	return take_number(&name, &out->number) && name.ptr == NULL;
}

static void close_directory(DIR **slot)
{
	if (*slot != NULL)
		closedir(*slot);
}

int ca_store_load(const struct ca_store *store, struct authority **out, size_t *count,
		  struct error *err)
{
	__attribute__((cleanup(close_directory))) DIR *directory = opendir(store->directory);
	const struct dirent *entry;

	*out = NULL;
	*count = 0;
	if (directory == NULL)
		return error_set(err, -errno, "cannot read %s: %s", store->directory,
				 strerror(errno));
	while ((entry = readdir(directory)) != NULL) {
		struct authority authority;

		if (!parse_name(text_of(entry->d_name), &authority))
			continue;

		const int result = load_authority(store, &authority, err);

		if (result < 0) {
			authority_done(&authority);
			return result;
		}
		*out = mem_realloc_array(*out, *count + 1, sizeof(authority));
		(*out)[(*count)++] = authority;
	}
	return 0;
}

/* A key that was written just before a crash counts too: nothing is ever overwritten. */
static bool is_taken(const struct ca_store *store, enum authority_kind kind, unsigned root,
		     unsigned number)
{
	AUTO(mem_free_text) char *certificate = path_of(store, kind, root, number, "pem");
	AUTO(mem_free_text) char *key = path_of(store, kind, root, number, "key");

	return file_exists(certificate) || file_exists(key);
}

unsigned ca_store_next(const struct ca_store *store, enum authority_kind kind, unsigned root)
{
	unsigned number = 1;

	while (is_taken(store, kind, root, number))
		number++;
	return number;
}

static int save_key(const struct ca_store *store, const struct authority *authority,
		    struct error *err)
{
	AUTO(mem_free_text)
	char *path = path_of_authority(store, authority, "key");

	if (authority->key_address != NULL)
		return key_vault_save_address(path, authority->key_address, err);
	return authority->key != NULL ? key_vault_save(&store->vault, path, authority->key, err)
				      : 0;
}

int ca_store_save(const struct ca_store *store, const struct authority *authority,
		  struct error *err)
{
	AUTO(mem_free_text) char *path = path_of_authority(store, authority, "pem");
	AUTO_BUFFER struct buffer certificate = { 0 };
	const int result = save_key(store, authority, err);

	if (result < 0)
		return result;
	pem_write_certificate(&certificate, authority->certificate);
	return file_write_atomic(path, certificate.data, certificate.len, 0644, err);
}
