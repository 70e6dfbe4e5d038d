/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/workload_api_private.h"

#include "identity/workload_messages.h"

#include <errno.h>

/* Thousands of streams are told of a change in portions, so that the loop stays quick and the
 * callers do not all renew at the same moment. */
#define PUSH_PORTION  64
#define PUSH_PAUSE_NS (5 * NS_PER_MS)

struct stream {
	struct list place; /* in `streams` or `due`; the call owns it */
	struct workload_api *api;
	struct grpc_call *call;
	const struct stream_kind *kind;
	void *question; /* the kind's; owned */
	struct caller caller;
	struct identity_set *sent; /* the last state the caller got; owned */
	bool is_behind;            /* it is not the newest */
	bool is_pending;           /* the caller is still being attested */
};

bool workload_has_same_bundles(const struct identity_set *a, const struct identity_set *b)
{
	return a->bundles == b->bundles;
}

/* SVIDs are immutable and shared, so the same pointer is the same identity. */
bool workload_has_same_svids(const struct identity_set *a, const struct identity_set *b)
{
	return workload_has_same_bundles(a, b) && a->svid_count == b->svid_count
	       && memcmp(a->svids, b->svids, a->svid_count * sizeof(struct svid *)) == 0;
}

static int write_svids(struct buffer *out, const struct identity_set *set, void *question,
		       struct error *err)
{
	(void)question;
	return workload_write_svids(out, set, err);
}

static int write_bundles(struct buffer *out, const struct identity_set *set, void *question,
			 struct error *err)
{
	(void)question;
	return workload_write_bundles(out, set, err);
}

static bool always(const void *question)
{
	(void)question;
	return true;
}

static const struct stream_kind svid_stream = { .write = write_svids,
						.is_same = workload_has_same_svids,
						.sends_keys = always };
static const struct stream_kind bundle_stream = { .write = write_bundles,
						  .is_same = workload_has_same_bundles };

static void note_delivery(const struct workload_api *api, const struct caller *caller,
			  const struct identity_set *set)
{
	if (api->ops->delivered != NULL)
		api->ops->delivered(api->owner, caller, set);
}

static void send_state(struct stream *stream, struct identity_set *set)
{
	__attribute__((cleanup(buffer_wipe))) struct buffer message = { 0 };
	struct error err = { 0 };
	const int result = stream->kind->write(&message, set, stream->question, &err);

	if (result == -EINVAL) {
		grpc_call_finish(stream->call, GRPC_INVALID_ARGUMENT, err.text);
		return;
	}
	if (result < 0) {
		log_problem(LOG_LEVEL_ERROR, "workload API", &err);
		grpc_call_finish(stream->call, GRPC_INTERNAL, "the answer could not be made");
		return;
	}
	grpc_call_send(stream->call, buffer_text(&message));
}

static void set_behind(struct stream *stream, bool is_behind)
{
	if (stream->is_behind != is_behind)
		stream->api->behind += is_behind ? 1 : (size_t)-1;
	stream->is_behind = is_behind;
}

/* Brings the caller up to date: every message is the whole state. */
static void update(struct stream *stream)
{
	struct workload_api *api = stream->api;

	set_behind(stream, false);

	AUTO(identity_set_unref) struct identity_set *set = NULL;

	stream->is_pending = false;
	set = api->ops->entitled(api->owner, &stream->caller, &stream->is_pending);
	if (stream->is_pending)
		return;
	if (set == NULL) {
		note_delivery(api, &stream->caller, NULL);
		grpc_call_finish(stream->call, GRPC_PERMISSION_DENIED, "no identity issued");
		return;
	}
	if (stream->sent != NULL && stream->kind->is_same(stream->sent, set))
		return;
	if (stream->kind->sends_keys != NULL && stream->kind->sends_keys(stream->question))
		note_delivery(api, &stream->caller, set);
	send_state(stream, set);
	identity_set_unref(stream->sent);
	stream->sent = TAKE(set);
}

static void push_portion(struct timer *timer)
{
	struct workload_api *api = CONTAINER_OF(timer, struct workload_api, push);

	for (int i = 0; i < PUSH_PORTION && !list_is_empty(&api->due); i++) {
		struct stream *stream = LIST_ITEM(api->due.next, struct stream, place);

		list_remove(&stream->place);
		list_append(&api->streams, &stream->place);
		if (grpc_call_has_room(stream->call))
			update(stream); /* otherwise on_writable will: only the newest state counts
					 */
	}
	if (!list_is_empty(&api->due))
		timer_set(api->loop, &api->push, loop_now(api->loop) + PUSH_PAUSE_NS);
}

void workload_api_changed(struct workload_api *api)
{
	LIST_FOR_EACH_SAFE (&api->streams, link) {
		set_behind(LIST_ITEM(link, struct stream, place), true);
		list_remove(link);
		list_append(&api->due, link);
	}
	if (!list_is_empty(&api->due))
		timer_set(api->loop, &api->push, loop_now(api->loop));
}

void workload_api_attested(struct workload_api *api)
{
	LIST_FOR_EACH_SAFE (&api->streams, link) {
		if (!LIST_ITEM(link, struct stream, place)->is_pending)
			continue;
		list_remove(link);
		list_append(&api->due, link);
	}
	if (!list_is_empty(&api->due))
		timer_set(api->loop, &api->push, loop_now(api->loop));
	workload_unpark(api);
}

size_t workload_api_behind(const struct workload_api *api)
{
	return api->behind;
}

void workload_stream_writable(struct grpc_call *call)
{
	update(grpc_call_data(call));
}

void workload_stream_end(struct grpc_call *call)
{
	struct stream *stream = grpc_call_data(call);

	if (stream == NULL)
		return;
	set_behind(stream, false);
	list_remove(&stream->place);
	identity_set_unref(stream->sent);
	if (stream->kind->forget != NULL)
		stream->kind->forget(stream->question);
	mem_free(stream);
}

void *workload_stream_question(struct grpc_call *call)
{
	struct stream *stream = grpc_call_data(call);

	return stream != NULL ? stream->question : NULL;
}

void workload_stream_asked_again(struct grpc_call *call)
{
	struct stream *stream = grpc_call_data(call);

	identity_set_unref(TAKE(stream->sent));
	if (grpc_call_has_room(call))
		update(stream); /* otherwise on_writable will */
}

void workload_begin_stream(struct grpc_call *call, const struct stream_kind *kind, void *question)
{
	struct workload_api *api = grpc_call_owner(call);
	struct caller caller;

	if (caller_of_socket(grpc_call_socket(call), &caller) < 0) {
		if (kind->forget != NULL)
			kind->forget(question);
		grpc_call_finish(call, GRPC_UNAVAILABLE, "the kernel does not say who is calling");
		return;
	}

	struct stream *stream = MEM_NEW(struct stream);

	stream->api = api;
	stream->call = call;
	stream->kind = kind;
	stream->question = question;
	stream->caller = caller;
	list_append(&api->streams, &stream->place);
	grpc_call_set_data(call, stream);
	update(stream);
}

void workload_note_delivery(struct grpc_call *call, const struct identity_set *set)
{
	struct caller caller;

	if (caller_of_socket(grpc_call_socket(call), &caller) == 0)
		note_delivery(grpc_call_owner(call), &caller, set);
}

bool workload_entitled(struct grpc_call *call, workload_method *method, struct text message,
		       struct identity_set **out)
{
	struct workload_api *api = grpc_call_owner(call);
	bool is_pending = false;
	struct caller caller;

	if (caller_of_socket(grpc_call_socket(call), &caller) < 0) {
		grpc_call_finish(call, GRPC_UNAVAILABLE, "the kernel does not say who is calling");
		return false;
	}
	*out = api->ops->entitled(api->owner, &caller, &is_pending);
	if (is_pending)
		workload_park(call, method, message);
	else if (*out == NULL)
		grpc_call_finish(call, GRPC_PERMISSION_DENIED, "no identity issued");
	return *out != NULL;
}

static void fetch_x509_svid(struct grpc_call *call, struct text message)
{
	(void)message; /* has no fields */
	workload_begin_stream(call, &svid_stream, NULL);
}

static void fetch_x509_bundles(struct grpc_call *call, struct text message)
{
	(void)message; /* has no fields */
	workload_begin_stream(call, &bundle_stream, NULL);
}

/* SPIFFE_Workload_Endpoint.md, section 4: a browser tricked into calling cannot set it. */
static enum grpc_status admit(struct grpc_call *call, const char **message)
{
	struct text value;

	if (grpc_call_metadata(call, "workload.spiffe.io", &value) == 1 && text_is(value, "true"))
		return GRPC_OK;
	*message = "the metadata 'workload.spiffe.io: true' is missing";
	return GRPC_INVALID_ARGUMENT;
}

static const struct grpc_method methods[] = {
	{ .path = "/SpiffeWorkloadAPI/FetchX509SVID",
	  .on_message = fetch_x509_svid,
	  .on_writable = workload_stream_writable,
	  .on_end = workload_stream_end },
	{ .path = "/SpiffeWorkloadAPI/FetchX509Bundles",
	  .on_message = fetch_x509_bundles,
	  .on_writable = workload_stream_writable,
	  .on_end = workload_stream_end },
	{ .path = "/SpiffeWorkloadAPI/FetchJWTSVID",
	  .on_message = workload_fetch_jwt_svid,
	  .on_end = workload_parked_end },
	{ .path = "/SpiffeWorkloadAPI/FetchJWTBundles",
	  .on_message = workload_fetch_jwt_bundles,
	  .on_writable = workload_stream_writable,
	  .on_end = workload_stream_end },
	{ .path = "/SpiffeWorkloadAPI/ValidateJWTSVID",
	  .on_message = workload_validate_jwt_svid,
	  .on_end = workload_parked_end },
};

static const struct grpc_service workload_service = { .methods = methods,
						      .method_count = COUNT_OF(methods),
						      .admit = admit };
static const struct grpc_service *const services[] = { &workload_service, &envoy_secret_service };

static int socket_address(const char *path, struct address *out, struct error *err)
{
	AUTO(mem_free_text) char *text = mem_printf("unix://%s", path);

	return address_parse(text_of(text), out, err);
}

int workload_api_listen(struct loop *loop, const char *socket_path,
			const struct workload_api_ops *ops, void *owner, struct workload_api **out,
			struct error *err)
{
	AUTO(workload_api_free) struct workload_api *api = MEM_NEW(struct workload_api);
	struct address address;
	int result = socket_address(socket_path, &address, err);

	api->loop = loop;
	api->ops = ops;
	api->owner = owner;
	api->push.fire = push_portion;
	list_init(&api->streams);
	list_init(&api->due);
	list_init(&api->parked);
	if (result == 0) /* anybody may connect: the kernel says who it is */
		result = grpc_server_listen(loop, &address, 0666, services, COUNT_OF(services), api,
					    &api->server, err);
	if (result == 0)
		*out = TAKE(api);
	return result;
}

void workload_api_free(struct workload_api *api)
{
	if (api == NULL)
		return;
	timer_cancel(api->loop, &api->push);
	grpc_server_free(api->server);
	mem_free(api);
}
