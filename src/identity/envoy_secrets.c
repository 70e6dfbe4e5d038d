/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/envoy_secrets.h"

#include "envoy_sds.pb-c.h"
#include "identity/fetch.h"
#include "identity/openssl.h"
#include "identity/workload_messages.h"
#include "net/net.h"

#include <errno.h>

#define VALIDATOR "envoy.tls.cert_validator.spiffe"
#define VALIDATOR_TYPE                                                                             \
	"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig"

struct answer {
	struct arena arena;     /* what is no secret */
	struct buffer *secrets; /* packed, wiped at the end; owned */
	size_t count, room;
	const struct envoy_question *question;
};

static char *plain(const char *text) /* protobuf-c takes no const, and changes nothing */
{
	return (char *)(uintptr_t)text;
}

static void add_secret(struct answer *answer, const Secret *secret)
{
	protobuf_pack(&answer->secrets[answer->count++], &secret->base);
}

static ProtobufCBinaryData bytes_of(const struct buffer *buffer)
{
	return (ProtobufCBinaryData){ .len = buffer->len, .data = (uint8_t *)buffer->data };
}

static DataSource *inline_bytes(struct answer *answer, const struct buffer *bytes)
{
	DataSource *source = ARENA_NEW(&answer->arena, DataSource);

	data_source__init(source);
	source->inline_bytes = bytes_of(bytes);
	return source;
}

/* ---- an identity ---- */

static int add_svid(struct answer *answer, const char *name, const struct svid *svid,
		    struct error *err)
{
	AUTO_BUFFER struct buffer chain = { 0 };
	__attribute__((cleanup(buffer_wipe))) struct buffer key = { 0 };
	TlsCertificate certificate = TLS_CERTIFICATE__INIT;
	Secret secret = SECRET__INIT;
	const int result = pem_write_key(&key, svid->key, err);

	if (result < 0)
		return result;
	for (int i = 0; i < sk_X509_num(svid->chain); i++)
		pem_write_certificate(&chain, sk_X509_value(svid->chain, i));
	certificate.certificate_chain = inline_bytes(answer, &chain);
	certificate.private_key = inline_bytes(answer, &key);
	secret.name = plain(name);
	secret.type_case = SECRET__TYPE_TLS_CERTIFICATE;
	secret.tls_certificate = &certificate;
	add_secret(answer, &secret);
	return 0;
}

/* ---- bundles ---- */

static void add_validation(struct answer *answer, const char *name, ValidationContext *context)
{
	Secret secret = SECRET__INIT;

	secret.name = plain(name);
	secret.type_case = SECRET__TYPE_VALIDATION_CONTEXT;
	secret.validation_context = context;
	add_secret(answer, &secret);
}

static DataSource *pem_of(struct answer *answer, const struct bundle *bundle)
{
	AUTO_BUFFER struct buffer pem = { 0 };
	DataSource *source;

	bundle_write_pem(bundle, &pem);
	source = inline_bytes(answer, &pem);
	source->inline_bytes.data =
		(uint8_t *)arena_strndup(&answer->arena, pem.len > 0 ? pem.data : "", pem.len);
	return source;
}

static void add_validator(struct answer *answer, const char *name, struct bundle *const *bundles,
			  size_t count)
{
	AUTO_BUFFER struct buffer packed = { 0 };
	SpiffeValidator validator = SPIFFE_VALIDATOR__INIT;
	TypedMessage config = TYPED_MESSAGE__INIT;
	TypedExtension extension = TYPED_EXTENSION__INIT;
	ValidationContext context = VALIDATION_CONTEXT__INIT;

	validator.trust_domains = ARENA_ARRAY(&answer->arena, count, ValidatedDomain *);
	for (size_t i = 0; i < count; i++) {
		ValidatedDomain *domain = ARENA_NEW(&answer->arena, ValidatedDomain);

		validated_domain__init(domain);
		domain->name = plain(bundles[i]->trust_domain);
		domain->trust_bundle = pem_of(answer, bundles[i]);
		validator.trust_domains[validator.n_trust_domains++] = domain;
	}
	protobuf_pack(&packed, &validator.base);
	config.type_url = plain(VALIDATOR_TYPE);
	config.value = bytes_of(&packed);
	extension.name = plain(VALIDATOR);
	extension.typed_config = &config;
	context.custom_validator_config = &extension;
	add_validation(answer, name, &context);
}

static void add_bundle(struct answer *answer, const char *name, struct bundle *bundle)
{
	ValidationContext context = VALIDATION_CONTEXT__INIT;

	if (answer->question->has_validator) {
		add_validator(answer, name, &bundle, 1);
		return;
	}
	context.trusted_ca = pem_of(answer, bundle);
	add_validation(answer, name, &context);
}

static struct bundle *find_bundle(const struct identity_set *set, const char *spiffe_id,
				  bool with_path)
{
	struct spiffe_id id;

	if (spiffe_id_parse(text_of(spiffe_id), &id, NULL) < 0
	    || (!with_path && !text_is_empty(id.path)))
		return NULL;
	for (size_t i = 0; i < set->bundles->count; i++)
		if (text_is(id.trust_domain, set->bundles->items[i]->trust_domain))
			return set->bundles->items[i];
	return NULL;
}

/* ---- the answer ---- */

static int add_named(struct answer *answer, const struct identity_set *set, const char *name,
		     struct error *err)
{
	const bool has_any = set->svid_count > 0;
	const struct svid *svid = strcmp(name, "default") == 0 && has_any
					  ? set->svids[0]
					  : identity_set_find(set, text_of(name));
	struct bundle *bundle = strcmp(name, "ROOTCA") == 0 && has_any
					? find_bundle(set, set->svids[0]->id, true)
					: find_bundle(set, name, false);

	if (svid != NULL)
		return add_svid(answer, name, svid, err);
	if (bundle != NULL)
		add_bundle(answer, name, bundle);
	else if (strcmp(name, "ALL") == 0)
		add_validator(answer, name, set->bundles->items, set->bundles->count);
	else
		return error_set(err, -EINVAL, "the workload is not entitled to the secret '%s'",
				 name);
	return 0;
}

static int add_everything(struct answer *answer, const struct identity_set *set, struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < set->bundles->count; i++)
		add_bundle(answer,
			   arena_printf(&answer->arena, "spiffe://%s",
					set->bundles->items[i]->trust_domain),
			   set->bundles->items[i]);
	for (size_t i = 0; result == 0 && i < set->svid_count; i++)
		result = add_svid(answer, set->svids[i]->id, set->svids[i], err);
	return result;
}

static void pack_answer(struct buffer *out, struct answer *answer)
{
	DiscoveryResponse response = DISCOVERY_RESPONSE__INIT;

	response.version_info = plain(answer->question->version);
	response.nonce = plain(answer->question->nonce);
	response.type_url = plain(ENVOY_SECRET_TYPE);
	response.resources = ARENA_ARRAY(&answer->arena, answer->count, TypedMessage *);
	for (size_t i = 0; i < answer->count; i++) {
		TypedMessage *resource = ARENA_NEW(&answer->arena, TypedMessage);

		typed_message__init(resource);
		resource->type_url = plain(ENVOY_SECRET_TYPE);
		resource->value = bytes_of(&answer->secrets[i]);
		response.resources[response.n_resources++] = resource;
	}
	protobuf_pack(out, &response.base);
}

int envoy_write_secrets(struct buffer *out, const struct identity_set *set,
			const struct envoy_question *question, struct error *err)
{
	struct answer answer = { .question = question,
				 .room = question->count > 0
						 ? question->count
						 : set->svid_count + set->bundles->count };
	int result = 0;

	arena_init(&answer.arena, 16384);
	answer.secrets = mem_alloc_array(answer.room, sizeof(struct buffer));
	if (question->count == 0)
		result = add_everything(&answer, set, err);
	for (size_t i = 0; result == 0 && i < question->count; i++)
		result = add_named(&answer, set, question->names[i], err);
	if (result == 0)
		pack_answer(out, &answer);
	for (size_t i = 0; i < answer.room; i++)
		buffer_wipe(&answer.secrets[i]);
	mem_free(answer.secrets);
	arena_done(&answer.arena);
	return result;
}

bool envoy_asks_for_keys(const struct envoy_question *question)
{
	for (size_t i = 0; i < question->count; i++) {
		struct spiffe_id id;

		if (strcmp(question->names[i], "default") == 0
		    || (spiffe_id_parse(text_of(question->names[i]), &id, NULL) == 0
			&& !text_is_empty(id.path)))
			return true;
	}
	return question->count == 0;
}
