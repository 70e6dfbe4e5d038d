/* SPDX-License-Identifier: Apache-2.0 */
/* id_revoke.c — `mangrove id revoke`: writes a Revocation into the folder of resources, as an
 * operator could by hand; whoever reads that folder enforces it. */
#include "cmd/id.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* ---- what is denied ---- */

static void write_denial(struct json_writer *json, const char *name, const char *value)
{
	json_begin_object(json);
	json_key(json, name);
	json_cstring(json, value);
	json_end_object(json);
}

/* The certificate of a file, by its serial; --key: by its key, so that no other of the same helps.
 */
static int deny_certificate(const struct id_arguments *arguments, struct json_writer *json,
			    struct error *err)
{
	AUTO_CHAIN STACK_OF(X509) *chain = NULL;
	struct certificate_facts facts;
	const int result = identity_read_certificates(arguments->subject, &chain, err);

	if (result < 0)
		return result;
	certificate_describe(sk_X509_value(chain, 0), &facts);
	if (facts.is_authority) {
		struct key_hash hash;
		char text[KEY_HASH_TEXT_MAX];

		key_hash_of_certificate(sk_X509_value(chain, 0), &hash);
		write_denial(json, "authority", key_hash_format(&hash, text));
		return 0;
	}
	write_denial(json, "serial", facts.serial);
	return 0;
}

static int write_denials(const struct id_arguments *arguments, struct json_writer *json,
			 struct error *err)
{
	const char *subject = arguments->subject;

	if (arguments->serial != NULL)
		write_denial(json, "serial", arguments->serial);
	if (arguments->key != NULL)
		write_denial(json, "key", arguments->key);
	if (arguments->authority != NULL)
		write_denial(json, "authority", arguments->authority);
	if (subject == NULL)
		return arguments->serial == NULL && arguments->key == NULL
				       && arguments->authority == NULL
			       ? error_set(err, -EINVAL,
					   "whom? a SPIFFE ID, a certificate's file, --serial, "
					   "--key or --authority")
			       : 0;
	if (!text_starts_with(text_of(subject), TEXT("spiffe://")))
		return deny_certificate(arguments, json, err);
	write_denial(json, "spiffeID", subject);
	return 0;
}

/* ---- the resource ---- */

static void write_optional(struct json_writer *json, const char *name, const char *value)
{
	if (value == NULL)
		return;
	json_key(json, name);
	json_cstring(json, value);
}

static int write_resource(const struct id_arguments *arguments, const char *name,
			  struct buffer *out, struct error *err)
{
	struct json_writer json = { .out = out };
	int result;

	json_begin_object(&json);
	write_optional(&json, "apiVersion", "mangrove.dev/v1");
	write_optional(&json, "kind", "Revocation");
	json_key(&json, "metadata");
	write_denial(&json, "name", name);
	json_key(&json, "spec");
	json_begin_object(&json);
	write_optional(&json, "reason", arguments->reason);
	write_optional(&json, "since", arguments->since);
	write_optional(&json, "until", arguments->until);
	json_key(&json, "deny");
	json_begin_array(&json);
	result = write_denials(arguments, &json, err);
	json_end_array(&json);
	json_end_object(&json);
	json_end_object(&json);
	buffer_add_char(out, '\n');
	return result;
}

/* As those will read it who enforce it. */
static int check_resource(const struct buffer *text, struct error *err)
{
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	AUTO_DIAGNOSTICS struct diagnostics found;
	struct error problem = { 0 };

	diagnostics_init(&found);
	if (resource_set_parse("Revocation", buffer_text(text), NULL, &found, &set, &problem) == 0)
		return 0;
	return error_set(err, -EINVAL, "%s", problem.text);
}

/* ---- where it goes ---- */

static bool is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* --out, else the first folder that the authority watches. */
static int choose_folder(const struct id_arguments *arguments, char **out, struct error *err)
{
	AUTO_ANSWER json_t *answer = NULL;
	const json_t *paths;

	if (arguments->out != NULL) {
		*out = mem_strdup(arguments->out);
		return 0;
	}
	if (id_ask(arguments, "Status", TEXT("{}"), &answer, err) < 0)
		return error_prefix(err, "which folder? --out names it");
	paths = json_object_get(answer, "resources");
	for (size_t i = 0; i < json_array_size(paths); i++) {
		const char *path = json_string_value(json_array_get(paths, i));

		if (is_folder(path)) {
			*out = mem_strdup(path);
			return 0;
		}
	}
	return error_set(err, -EINVAL, "the authority watches no folder: --out names one");
}

static int write_revocation(const struct id_arguments *arguments, const char *name, char **path,
			    struct error *err)
{
	AUTO(mem_free_text) char *folder = NULL;
	AUTO_BUFFER struct buffer text = { 0 };
	int result = write_resource(arguments, name, &text, err);

	if (result == 0)
		result = check_resource(&text, err);
	if (result == 0)
		result = choose_folder(arguments, &folder, err);
	if (result < 0)
		return result;
	*path = mem_printf("%s/revocation-%s.json", folder, name);
	if (file_exists(*path))
		return error_set(err, -EEXIST, "%s is there already: --name gives another name",
				 *path);
	return file_write_atomic(*path, text.data, text.len, 0644, err);
}

int id_revoke(const struct id_arguments *arguments)
{
	AUTO(mem_free_text) char *path = NULL;
	struct error err = { 0 };
	char name[64];

	if (arguments->reason == NULL) {
		fputs("mangrove id: revoke needs --reason TEXT, for those who read it later\n",
		      stderr);
		return STATUS_USAGE;
	}
	snprintf(name, sizeof(name), "%lld", (long long)(clock_wall_ns() / (int64_t)NS_PER_MS));
	if (write_revocation(arguments, arguments->name != NULL ? arguments->name : name, &path,
			     &err)
	    < 0)
		return id_fail(&err);
	if (arguments->json)
		printf("{\"file\":\"%s\"}\n", path);
	else
		printf("revoked by %s; it holds until that file is deleted\n", path);
	return STATUS_FINE;
}
