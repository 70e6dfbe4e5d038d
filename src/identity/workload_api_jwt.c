/* SPDX-License-Identifier: Apache-2.0 */
/* workload_api_jwt.c — the three methods of the Workload API that speak of tokens. */
#include "identity/workload_api_private.h"

#include "identity/fetch.h"
#include "identity/jwt_svid.h"
#include "net/net.h"
#include "workload_api.pb-c.h"

#define AUDIENCES_MAX 32

DEFINE_AUTO(json_t, json_decref)

static void finish_with(struct grpc_call *call, const ProtobufCMessage *message)
{
	AUTO_BUFFER struct buffer packed = { 0 };

	protobuf_pack(&packed, message);
	grpc_call_send(call, buffer_text(&packed));
	grpc_call_finish(call, GRPC_OK, NULL);
}

/* ---- FetchJWTSVID ---- */

struct token_request {
	struct text audiences[AUDIENCES_MAX];
	size_t audience_count;
	struct text spiffe_id; /* empty: all */
};

/* NULL, or what is wrong with it. */
static const char *read_request(const JWTSVIDRequest *message, struct token_request *out)
{
	struct spiffe_id id;

	if (message == NULL)
		return "the request is malformed";
	if (message->n_audience == 0 || message->n_audience > AUDIENCES_MAX)
		return "between 1 and 32 audiences are needed";
	for (size_t i = 0; i < message->n_audience; i++) {
		out->audiences[i] = text_of(message->audience[i]);
		if (text_is_empty(out->audiences[i]))
			return "an audience is empty";
	}
	out->audience_count = message->n_audience;
	out->spiffe_id = text_of(message->spiffe_id);
	if (!text_is_empty(out->spiffe_id) && spiffe_id_parse(out->spiffe_id, &id, NULL) < 0)
		return "the SPIFFE ID is malformed";
	return NULL;
}

static int add_token(struct workload_api *api, struct arena *arena,
		     const struct token_request *request, const struct svid *svid,
		     JWTSVIDResponse *response, struct error *err)
{
	AUTO_BUFFER struct buffer token = { 0 };
	JWTSVID *item = ARENA_NEW(arena, JWTSVID);
	const int result = api->ops->issue_token(api->owner, text_of(svid->id), request->audiences,
						 request->audience_count, &token, err);

	if (result < 0)
		return result;
	jwtsvid__init(item);
	item->spiffe_id = arena_strdup(arena, svid->id);
	item->svid = arena_strdup(arena, token.data);
	response->svids[response->n_svids++] = item;
	return 0;
}

static void answer_with_tokens(struct grpc_call *call, struct arena *arena,
			       const struct token_request *request, const struct identity_set *set)
{
	JWTSVIDResponse response = JWTSVIDRESPONSE__INIT;
	struct error err = { 0 };

	response.svids = ARENA_ARRAY(arena, set->svid_count, JWTSVID *);
	for (size_t i = 0; i < set->svid_count; i++) {
		const struct svid *svid = set->svids[i];

		if (!text_is_empty(request->spiffe_id) && !text_is(request->spiffe_id, svid->id))
			continue;
		if (add_token(grpc_call_owner(call), arena, request, svid, &response, &err) < 0) {
			log_problem(LOG_LEVEL_ERROR, svid->id, &err);
			grpc_call_finish(call, GRPC_UNAVAILABLE, "no token can be signed now");
			return;
		}
	}
	if (response.n_svids == 0)
		grpc_call_finish(call, GRPC_PERMISSION_DENIED, "no identity issued");
	else
		finish_with(call, &response.base);
}

void workload_fetch_jwt_svid(struct grpc_call *call, struct text message)
{
	AUTO_ARENA struct arena arena;
	struct token_request request = { 0 };
	const char *problem;

	arena_init(&arena, 4096);
	problem = read_request(protobuf_unpack(&arena, &jwtsvidrequest__descriptor, message),
			       &request);
	if (problem != NULL) {
		grpc_call_finish(call, GRPC_INVALID_ARGUMENT, problem);
		return;
	}

	AUTO(identity_set_unref) struct identity_set *set = NULL;

	if (workload_entitled(call, workload_fetch_jwt_svid, message, &set))
		answer_with_tokens(call, &arena, &request, set);
}

/* ---- FetchJWTBundles ---- */

static int write_jwt_bundles(struct buffer *out, const struct identity_set *set, void *question,
			     struct error *err)
{
	AUTO_ARENA struct arena arena;
	JWTBundlesResponse response = JWTBUNDLES_RESPONSE__INIT;

	(void)question;
	arena_init(&arena, 4096);
	response.bundles =
		ARENA_ARRAY(&arena, set->bundles->count, JWTBundlesResponse__BundlesEntry *);
	for (size_t i = 0; i < set->bundles->count; i++) {
		const struct bundle *bundle = set->bundles->items[i];
		JWTBundlesResponse__BundlesEntry *entry =
			ARENA_NEW(&arena, JWTBundlesResponse__BundlesEntry);
		AUTO_BUFFER struct buffer keys = { 0 };
		const int result = bundle_write_jwt_keys(bundle, &keys, err);

		if (result < 0)
			return result;
		jwtbundles_response__bundles_entry__init(entry);
		entry->key = arena_printf(&arena, "spiffe://%s", bundle->trust_domain);
		entry->value.data = (uint8_t *)arena_strndup(&arena, keys.data, keys.len);
		entry->value.len = keys.len;
		response.bundles[response.n_bundles++] = entry;
	}
	protobuf_pack(out, &response.base);
	return 0;
}

static const struct stream_kind jwt_bundle_stream = { .write = write_jwt_bundles,
						      .is_same = workload_has_same_bundles };

void workload_fetch_jwt_bundles(struct grpc_call *call, struct text message)
{
	(void)message; /* has no fields */
	workload_begin_stream(call, &jwt_bundle_stream, NULL);
}

/* ---- ValidateJWTSVID ---- */

static ClaimValue *claim_of(struct arena *arena, const json_t *value);

static Claims *claims_of(struct arena *arena, const json_t *object)
{
	Claims *claims = ARENA_NEW(arena, Claims);
	const char *name;
	json_t *value;

	claims__init(claims);
	claims->fields = ARENA_ARRAY(arena, json_object_size(object), Claims__FieldsEntry *);
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		Claims__FieldsEntry *entry = ARENA_NEW(arena, Claims__FieldsEntry);

		claims__fields_entry__init(entry);
		entry->key = arena_strdup(arena, name);
		entry->value = claim_of(arena, value);
		claims->fields[claims->n_fields++] = entry;
	}
	return claims;
}

static ClaimList *list_of(struct arena *arena, const json_t *array)
{
	ClaimList *list = ARENA_NEW(arena, ClaimList);

	claim_list__init(list);
	list->values = ARENA_ARRAY(arena, json_array_size(array), ClaimValue *);
	for (size_t i = 0; i < json_array_size(array); i++)
		list->values[list->n_values++] = claim_of(arena, json_array_get(array, i));
	return list;
}

static ClaimValue *claim_of(struct arena *arena, const json_t *value)
{
	ClaimValue *claim = ARENA_NEW(arena, ClaimValue);

	claim_value__init(claim);
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		claim->kind_case = CLAIM_VALUE__KIND_STRUCT_VALUE;
		claim->struct_value = claims_of(arena, value);
		break;
	case JSON_ARRAY:
		claim->kind_case = CLAIM_VALUE__KIND_LIST_VALUE;
		claim->list_value = list_of(arena, value);
		break;
	case JSON_STRING:
		claim->kind_case = CLAIM_VALUE__KIND_STRING_VALUE;
		claim->string_value = arena_strdup(arena, json_string_value(value));
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		claim->kind_case = CLAIM_VALUE__KIND_NUMBER_VALUE;
		claim->number_value = json_number_value(value);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		claim->kind_case = CLAIM_VALUE__KIND_BOOL_VALUE;
		claim->bool_value = json_is_true(value);
		break;
	case JSON_NULL:
		claim->kind_case = CLAIM_VALUE__KIND_NULL_VALUE;
		break;
	}
	return claim;
}

static void answer_with_claims(struct grpc_call *call, struct arena *arena, const json_t *claims)
{
	ValidateJWTSVIDResponse response = VALIDATE_JWTSVIDRESPONSE__INIT;

	response.spiffe_id = arena_strdup(arena, json_string_value(json_object_get(claims, "sub")));
	response.claims = claims_of(arena, claims);
	finish_with(call, &response.base);
}

/* A token that does not say when it was issued is as old as can be. */
static int check_revoked(struct workload_api *api, const json_t *claims, struct error *err)
{
	const double issued_s = json_number_value(json_object_get(claims, "iat"));

	return api->ops->check_subject(api->owner,
				       text_of(json_string_value(json_object_get(claims, "sub"))),
				       (int64_t)issued_s * (int64_t)NS_PER_SEC, err);
}

void workload_validate_jwt_svid(struct grpc_call *call, struct text message)
{
	AUTO_ARENA struct arena arena;
	AUTO(json_decref) json_t *claims = NULL;
	const ValidateJWTSVIDRequest *request;
	struct workload_api *api = grpc_call_owner(call);
	struct error err = { 0 };

	arena_init(&arena, 4096);
	request = protobuf_unpack(&arena, &validate_jwtsvidrequest__descriptor, message);
	if (request == NULL || request->audience[0] == '\0' || request->svid[0] == '\0') {
		grpc_call_finish(call, GRPC_INVALID_ARGUMENT, "an audience and a token are needed");
		return;
	}

	AUTO(identity_set_unref) struct identity_set *set = NULL;

	if (!workload_entitled(call, workload_validate_jwt_svid, message, &set))
		return;
	if (jwt_svid_validate(set->bundles, text_of(request->svid), text_of(request->audience),
			      loop_wall(api->loop), &claims, &err)
		    < 0
	    || check_revoked(api, claims, &err) < 0)
		grpc_call_finish(call, GRPC_INVALID_ARGUMENT, err.text);
	else
		answer_with_claims(call, &arena, claims);
}
