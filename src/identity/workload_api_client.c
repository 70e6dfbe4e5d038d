/* SPDX-License-Identifier: Apache-2.0 */
/* workload_api_client.c — identities from the SPIFFE Workload API, ours or any other agent's.
 *
 * One stream, each message of it the whole state. Where the agent is away it is asked again after
 * pauses that grow; the identities it gave last go on until it is back. */
#include "identity/source_base.h"
#include "identity/workload_messages.h"

#include "net/net.h"

#include <errno.h>
#include <stdlib.h>

#define RESPONSE_MAX     (4 << 20) /* as gRPC's own default */
#define FIRST_PAUSE_NS   (100 * NS_PER_MS)
#define LONGEST_PAUSE_NS (30 * NS_PER_SEC)

struct api_source {
	struct identity_source source;
	struct loop *loop;
	struct address agent;
	struct grpc_client *client; /* owned; NULL while pausing */
	struct grpc_request request;
	struct deferred hang_up;
	struct timer again;
	uint64_t pause_ns; /* the next one */
};

static void plan_retry(struct api_source *source, const char *problem)
{
	/* between half of the pause and all of it, so that many callers do not come together */
	const uint64_t pause = source->pause_ns / 2 + random_below(source->pause_ns / 2);

	if (source_note_problem(&source->source, problem))
		log_warn("the Workload API gives no identities, asking again: %s", problem);
	source->pause_ns = MIN_OF(source->pause_ns * 2, LONGEST_PAUSE_NS);
	timer_set(source->loop, &source->again, loop_now(source->loop) + pause);
}

static void on_message(struct grpc_request *request, struct text message)
{
	struct api_source *source = CONTAINER_OF(request, struct api_source, request);
	struct identity_set *set;
	struct error err = { 0 };

	if (workload_read_svids(message, source->source.generation + 1, &set, &err) < 0) {
		log_problem(LOG_LEVEL_ERROR, "keeping the identities we have", &err);
		return;
	}
	if (source->source.problem[0] != '\0')
		log_info("the Workload API is back");
	source->pause_ns = FIRST_PAUSE_NS;
	source->source.generation++;
	source_publish(&source->source, set);
}

/* A stream never ends by itself: the agent goes, or has nothing for us. */
static void on_end(struct grpc_request *request, enum grpc_status status, struct text message)
{
	struct api_source *source = CONTAINER_OF(request, struct api_source, request);
	char problem[256];

	snprintf(problem, sizeof(problem), "%s: %.*s", grpc_status_name(status),
		 TEXT_ARGS(message));
	loop_defer(source->loop, &source->hang_up); /* not inside the client's callback */
	plan_retry(source, problem);
}

static void hang_up(struct deferred *deferred)
{
	struct api_source *source = CONTAINER_OF(deferred, struct api_source, hang_up);

	grpc_client_free(TAKE(source->client));
}

static void on_closed(void *owner, const struct error *err)
{
	struct api_source *source = owner;

	(void)err; /* on_end said it */
	grpc_client_free(TAKE(source->client));
}

static void connect_agent(struct api_source *source)
{
	static const struct grpc_metadata metadata[] = {
		{ "workload.spiffe.io", { "true", 4 } },
	};
	struct error err = { 0 };

	if (grpc_client_connect(source->loop, &source->agent, on_closed, source, &source->client,
				&err)
	    < 0) {
		plan_retry(source, err.text);
		return;
	}
	source->request = (struct grpc_request){ .path = "/SpiffeWorkloadAPI/FetchX509SVID",
						 .metadata = metadata,
						 .metadata_count = COUNT_OF(metadata),
						 .response_limit = RESPONSE_MAX,
						 .on_message = on_message,
						 .on_end = on_end };
	grpc_client_call(source->client, &source->request, TEXT(""));
}

static void ask_again(struct timer *timer)
{
	connect_agent(CONTAINER_OF(timer, struct api_source, again));
}

static void free_api_source(struct identity_source *base)
{
	struct api_source *source = CONTAINER_OF(base, struct api_source, source);

	timer_cancel(source->loop, &source->again);
	loop_undefer(&source->hang_up);
	grpc_client_free(source->client);
	mem_free(source);
}

/* SPIFFE_Workload_Endpoint.md, section 4: "unix:///path" or "tcp://IP:port". */
static int parse_endpoint(const char *endpoint, struct address *out, struct error *err)
{
	const struct text tcp = TEXT("tcp://");
	struct text text = text_of(endpoint);
	int result;

	if (endpoint == NULL)
		return error_set(err, -EINVAL,
				 "SPIFFE_ENDPOINT_SOCKET is not set; it names the "
				 "agent's socket: unix:///path or tcp://IP:port");
	if (text_starts_with(text, tcp))
		text = text_from(text, tcp.len);
	else if (!text_starts_with(text, TEXT("unix:///")))
		return error_set(err, -EINVAL,
				 "'%s' is no Workload API endpoint: unix:///path or tcp://IP:port",
				 endpoint);
	result = address_parse(text, out, err);
	return result < 0 ? error_prefix(err, "'%s'", endpoint) : 0;
}

int identity_source_from_workload_api(struct loop *loop, const char *endpoint,
				      identity_changed_fn changed, void *owner,
				      struct identity_source **out, struct error *err)
{
	struct error problem = { 0 };
	struct address agent;

	if (endpoint == NULL)
		endpoint = getenv("SPIFFE_ENDPOINT_SOCKET");
	if (parse_endpoint(endpoint, &agent, &problem) < 0)
		return error_set(err, problem.code, "%s", problem.text);

	struct api_source *source = MEM_NEW(struct api_source);

	source->source.free = free_api_source;
	source->source.changed = changed;
	source->source.owner = owner;
	source->loop = loop;
	source->agent = agent;
	source->hang_up.run = hang_up;
	source->again.fire = ask_again;
	source->pause_ns = FIRST_PAUSE_NS;
	connect_agent(source);
	*out = &source->source;
	return 0;
}
