/* SPDX-License-Identifier: Apache-2.0 */
/* id_common.c — what several verbs of `mangrove id` need. */
#include "cmd/id.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PATIENCE_NS (3 * NS_PER_SEC)

int id_fail(const struct error *err)
{
	char text[sizeof(err->text) + 256];

	fprintf(stderr, "mangrove id: %s\n", error_format(err, text, sizeof(text)));
	return err->code == -EACCES || err->code == -EPERM ? STATUS_FORBIDDEN : STATUS_USAGE;
}

char *id_state(const struct id_arguments *arguments)
{
	return arguments->state != NULL ? mem_strdup(arguments->state) : identity_default_state();
}

/* --socket, --state, SPIFFE_ENDPOINT_SOCKET, the default state directory: the first that is given.
 */
char *id_endpoint(const struct id_arguments *arguments)
{
	AUTO(mem_free_text) char *state = NULL;

	if (arguments->socket != NULL)
		return arguments->socket[0] == '/' ? mem_printf("unix://%s", arguments->socket)
						   : mem_strdup(arguments->socket);
	if (arguments->state != NULL)
		return identity_state_endpoint(arguments->state);
	if (getenv("SPIFFE_ENDPOINT_SOCKET") != NULL)
		return mem_strdup(getenv("SPIFFE_ENDPOINT_SOCKET"));
	state = identity_default_state();
	return identity_state_endpoint(state);
}

int id_fetch(const struct id_arguments *arguments, struct identity_set **out, struct error *err)
{
	AUTO(mem_free_text) char *endpoint = id_endpoint(arguments);
	const int result = identity_fetch(endpoint, PATIENCE_NS, out, err);

	return result < 0 ? error_prefix(err, "%s", endpoint) : 0;
}

int id_ask(const struct id_arguments *arguments, const char *method, struct text request,
	   json_t **answer, struct error *err)
{
	AUTO(mem_free_text) char *state = id_state(arguments);
	AUTO_BUFFER struct buffer out = { 0 };
	const int result = admin_ask(state, method, request, &out, err);

	if (result < 0)
		return result;
	*answer = json_loadb(out.data, out.len, 0, NULL);
	return json_is_object(*answer) ? 0 : error_set(err, -EPROTO, "the answer is no object");
}

const char *id_member(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value != NULL ? value : "";
}

void id_free_answer(json_t **slot)
{
	json_decref(*slot);
}

void id_write_facts(struct json_writer *json, const struct certificate_facts *facts)
{
	const struct {
		const char *name, *value;
	} members[] = {
		{ "id", facts->id[0] != '\0' ? facts->id : NULL },
		{ "subject", facts->subject },
		{ "issuer", facts->issuer },
		{ "serial", facts->serial },
		{ "sha256", facts->sha256 },
		{ "notBefore", facts->not_before },
		{ "notAfter", facts->not_after },
		{ "key", facts->key },
		{ "usage", facts->usage },
	};

	json_begin_object(json);
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		json_key(json, members[i].name);
		json_cstring(json, members[i].value);
	}
	json_key(json, "authority");
	json_bool(json, facts->is_authority);
	json_end_object(json);
}

void id_print_json_chain(STACK_OF(X509) * chain)
{
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer json = { .out = &out };

	json_begin_array(&json);
	for (int i = 0; i < sk_X509_num(chain); i++) {
		struct certificate_facts facts;

		certificate_describe(sk_X509_value(chain, i), &facts);
		id_write_facts(&json, &facts);
	}
	json_end_array(&json);
	puts(out.data);
}

void id_free_chain(STACK_OF(X509) * *slot)
{
	sk_X509_pop_free(*slot, X509_free);
}
