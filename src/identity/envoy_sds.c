/* SPDX-License-Identifier: Apache-2.0 */
/* envoy_sds.c — Envoy's Secret Discovery Service, version 3, on the Workload API's socket, as SPIRE
 * serves it: an Envoy takes its certificate, its key and its bundles from here.
 *
 * Who calls is attested as for the Workload API. A stream sends the state of what was asked for,
 * and again at each change of it or of the names; each answer has a version and a nonce, and a
 * request with an older nonce is about an answer that has been superseded. DeltaSecrets is
 * Unimplemented. */
#include "identity/envoy_secrets.h"
#include "identity/workload_api_private.h"

#include "envoy_sds.pb-c.h"
#include "identity/workload_messages.h"

#include <errno.h>
#include <stdio.h>

#define NAMES_MAX  64
#define NONCE_SIZE 33 /* 128 bits in hexadecimal, and a NUL */

struct subscription {       /* a stream's question */
	struct arena arena; /* the names */
	const char *names[NAMES_MAX];
	size_t count;
	bool has_validator;
	bool has_complained; /* its refusal was logged */
	uint64_t version;
	char nonce[NONCE_SIZE]; /* of the last answer; "" before the first */
};

/* The validator came with Envoy 1.18. A stream's later requests may leave the node out. */
static bool knows_validator(const DiscoveryRequest *request)
{
	const EnvoyNode *node = request->node;
	const EnvoyBuild *build = node != NULL ? node->user_agent_build_version : NULL;
	const EnvoyVersion *version = build != NULL ? build->version : NULL;

	return version != NULL
	       && (version->major_number > 1
		   || (version->major_number == 1 && version->minor_number > 17));
}

/* NULL, or what is wrong with it. */
static const char *problem_with(const DiscoveryRequest *request)
{
	if (request == NULL)
		return "the request is malformed";
	if (request->n_resource_names > NAMES_MAX)
		return "at most 64 secrets can be asked for in one request";
	if (request->type_url[0] != '\0' && strcmp(request->type_url, ENVOY_SECRET_TYPE) != 0)
		return "only secrets of Envoy's API version 3 are served here";
	return NULL;
}

static struct envoy_question question_of(const struct subscription *subscription,
					 const char *version)
{
	return (struct envoy_question){
		.names = subscription->names,
		.count = subscription->count,
		.has_validator = subscription->has_validator,
		.version = version,
		.nonce = subscription->nonce,
	};
}

/* Repeated and empty names mean nothing. */
static void take_names(struct subscription *subscription, const DiscoveryRequest *request)
{
	arena_done(&subscription->arena);
	arena_init(&subscription->arena, 1024);
	subscription->count = 0;
	for (size_t i = 0; i < request->n_resource_names; i++) {
		const char *name = request->resource_names[i];
		bool is_new = name[0] != '\0';

		for (size_t k = 0; k < subscription->count; k++)
			is_new = is_new && strcmp(subscription->names[k], name) != 0;
		if (is_new)
			subscription->names[subscription->count++] =
				arena_strdup(&subscription->arena, name);
	}
	subscription->has_validator |= knows_validator(request);
}

static struct subscription *subscription_new(const DiscoveryRequest *request)
{
	struct subscription *subscription = MEM_NEW(struct subscription);

	arena_init(&subscription->arena, 1024);
	take_names(subscription, request);
	return subscription;
}

static void forget(void *question)
{
	struct subscription *subscription = question;

	arena_done(&subscription->arena);
	mem_free(subscription);
}

/* ---- StreamSecrets ---- */

static void make_nonce(char out[NONCE_SIZE])
{
	uint64_t bits[2];

	random_bytes(bits, sizeof(bits));
	snprintf(out, NONCE_SIZE, "%016llx%016llx", (unsigned long long)bits[0],
		 (unsigned long long)bits[1]);
}

static int write_state(struct buffer *out, const struct identity_set *set, void *question,
		       struct error *err)
{
	struct subscription *subscription = question;
	char version[TEXT_NUMBER_MAX + 1];
	struct envoy_question asked = question_of(subscription, version);

	version[text_format_number(version, ++subscription->version)] = '\0';
	make_nonce(subscription->nonce);
	return envoy_write_secrets(out, set, &asked, err);
}

static bool sends_keys(const void *question)
{
	const struct envoy_question asked = question_of(question, "");

	return envoy_asks_for_keys(&asked);
}

static const struct stream_kind secret_stream = { .write = write_state,
						  .is_same = workload_has_same_svids,
						  .sends_keys = sends_keys,
						  .forget = forget };

static bool asks_the_same(const struct subscription *subscription, const DiscoveryRequest *request)
{
	struct subscription *other = subscription_new(request);
	bool is_same = other->count == subscription->count;

	for (size_t i = 0; is_same && i < other->count; i++) {
		bool is_there = false;

		for (size_t k = 0; !is_there && k < subscription->count; k++)
			is_there = strcmp(other->names[i], subscription->names[k]) == 0;
		is_same = is_there;
	}
	forget(other);
	return is_same;
}

static void note_refusal(struct subscription *subscription, const DiscoveryError *refusal)
{
	if (refusal == NULL || subscription->has_complained)
		return;
	subscription->has_complained = true; /* once a stream: a caller must not fill the log */
	log_line(LOG_LEVEL_WARN, "an Envoy refuses its secrets: %.200s", refusal->message);
}

static void stream_secrets(struct grpc_call *call, struct text message)
{
	AUTO_ARENA struct arena arena;
	struct subscription *subscription = workload_stream_question(call);
	const DiscoveryRequest *request;
	const char *problem;

	arena_init(&arena, 4096);
	request = protobuf_unpack(&arena, &discovery_request__descriptor, message);
	problem = problem_with(request);
	if (problem != NULL) {
		grpc_call_finish(call, GRPC_INVALID_ARGUMENT, problem);
		return;
	}
	if (subscription == NULL) {
		workload_begin_stream(call, &secret_stream, subscription_new(request));
		return;
	}
	note_refusal(subscription, request->error_detail);
	if (strcmp(request->response_nonce, subscription->nonce) != 0
	    || asks_the_same(subscription, request))
		return;
	take_names(subscription, request);
	workload_stream_asked_again(call);
}

/* ---- FetchSecrets ---- */

static void answer_once(struct grpc_call *call, const struct subscription *subscription,
			const struct identity_set *set)
{
	__attribute__((cleanup(buffer_wipe))) struct buffer packed = { 0 };
	const struct envoy_question asked = question_of(subscription, "");
	struct error err = { 0 };
	const int result = envoy_write_secrets(&packed, set, &asked, &err);

	if (result < 0) {
		grpc_call_finish(call, result == -EINVAL ? GRPC_INVALID_ARGUMENT : GRPC_INTERNAL,
				 err.text);
		return;
	}
	if (envoy_asks_for_keys(&asked))
		workload_note_delivery(call, set);
	grpc_call_send(call, buffer_text(&packed));
	grpc_call_finish(call, GRPC_OK, NULL);
}

static void fetch_secrets(struct grpc_call *call, struct text message)
{
	AUTO_ARENA struct arena arena;
	AUTO(identity_set_unref) struct identity_set *set = NULL;
	const DiscoveryRequest *request;
	const char *problem;

	arena_init(&arena, 4096);
	request = protobuf_unpack(&arena, &discovery_request__descriptor, message);
	problem = problem_with(request);
	if (problem != NULL) {
		grpc_call_finish(call, GRPC_INVALID_ARGUMENT, problem);
		return;
	}
	if (!workload_entitled(call, fetch_secrets, message, &set))
		return;

	struct subscription *subscription = subscription_new(request);

	answer_once(call, subscription, set);
	forget(subscription);
}

static const struct grpc_method methods[] = {
	{ .path = "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets",
	  .client_streams = true,
	  .on_message = stream_secrets,
	  .on_writable = workload_stream_writable,
	  .on_end = workload_stream_end },
	{ .path = "/envoy.service.secret.v3.SecretDiscoveryService/FetchSecrets",
	  .on_message = fetch_secrets,
	  .on_end = workload_parked_end },
};

const struct grpc_service envoy_secret_service = { .methods = methods,
						   .method_count = COUNT_OF(methods) };
