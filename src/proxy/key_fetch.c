/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/key_fetch.h"

#include "proxy/key_transfer.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>

#define DISCOVERY_PATH "/.well-known/openid-configuration"
#define FIRST_RETRY_NS NS_PER_SEC
#define HURRY_PARTS    10 /* of the refresh time: not sooner for an unknown key */
#define IDLE_MS        3600000

struct source { /* what is fetched; all but the list of wishes is the thread's own */
	struct source *next;
	char *uri, *issuer; /* owned; either may be NULL */
	uint64_t timeout_ns;
	bool is_wanted, is_settled;
	struct jwks *keys;           /* the last good ones, a reference */
	uint64_t got_ns;             /* when they came */
	uint64_t started_ns, due_ns; /* the newest fetch; the next */
	unsigned failures;           /* in a row */
	char *found_uri;             /* by discovery, in the fetch that is under way */
	struct key_transfer transfer;
};

struct key_fetch {
	struct key_fetch_options options;
	pthread_t thread;
	const struct curl_library *curl;
	CURLM *multi;
	struct source *sources;
	struct key_set *published; /* a reference */
	bool has_changed;

	pthread_mutex_t lock;  /* what follows */
	struct source *wishes; /* a list that replaces `sources`; owned */
	bool has_wishes, is_stopping;
};

/* ---- what is wanted ---- */

static void free_source(struct key_fetch *fetch, struct source *source)
{
	key_transfer_clear(&source->transfer, fetch->curl, fetch->multi);
	jwks_unref(source->keys);
	mem_free(source->uri);
	mem_free(source->issuer);
	mem_free(source->found_uri);
	mem_free(source);
}

static void free_list(struct key_fetch *fetch, struct source *source)
{
	while (source != NULL) {
		struct source *next = source->next;

		free_source(fetch, source);
		source = next;
	}
}

static struct source *take_known(struct key_fetch *fetch, const struct source *wanted)
{
	const struct key_source named = { .uri = wanted->uri, .issuer = wanted->issuer };

	for (struct source **at = &fetch->sources; *at != NULL; at = &(*at)->next)
		if (key_source_is(&named, (*at)->uri, (*at)->issuer)) {
			struct source *found = *at;

			*at = found->next;
			return found;
		}
	return NULL;
}

/* What was wanted before and still is keeps its keys. */
static void adopt(struct key_fetch *fetch, struct source *wishes)
{
	struct source *kept = NULL;

	while (wishes != NULL) {
		struct source *wish = wishes;
		struct source *known = take_known(fetch, wish);

		wishes = wish->next;
		if (known != NULL) {
			known->timeout_ns = wish->timeout_ns;
			free_source(fetch, wish);
			wish = known;
		}
		wish->next = kept;
		kept = wish;
	}
	free_list(fetch, fetch->sources);
	fetch->sources = kept;
	fetch->has_changed = true;
}

/* ---- what there is ---- */

static char *copy_text(const char *text)
{
	return text != NULL ? mem_strdup(text) : NULL;
}

static void publish(struct key_fetch *fetch)
{
	size_t count = 0;

	for (const struct source *source = fetch->sources; source != NULL; source = source->next)
		count++;

	struct key_set *set = key_set_new(count);
	struct fetched_keys *next = set->items;

	for (const struct source *source = fetch->sources; source != NULL; source = source->next) {
		next->uri = copy_text(source->uri);
		next->issuer = copy_text(source->issuer);
		next->keys = source->keys != NULL ? jwks_ref(source->keys) : NULL;
		next->is_pending = !source->is_settled;
		next++;
	}
	key_set_unref(fetch->published);
	fetch->published = set;
	fetch->has_changed = false;
	fetch->options.changed(fetch->options.owner, set);
}

/* ---- one source ---- */

static const char *name_of(const struct source *source)
{
	return source->uri != NULL ? source->uri : source->issuer;
}

/* A second, two, four, …, at most as long as between good ones. */
static uint64_t retry_delay(const struct key_fetch *fetch, unsigned failures)
{
	const uint64_t most = fetch->options.refresh_ns;
	uint64_t delay = MIN_OF(FIRST_RETRY_NS, most);

	for (unsigned i = 1; i < failures && delay < most; i++)
		delay *= 2;
	return MIN_OF(delay, most);
}

static void fail(struct key_fetch *fetch, struct source *source, const struct error *err)
{
	const uint64_t now = clock_monotonic_ns();
	const uint64_t keep_ns = fetch->options.refresh_ns * KEEP_REFRESHES;

	if (source->failures++ == 0)
		log_warn("keys of %s: %s; %s", name_of(source), err->text,
			 source->keys != NULL ? "the last good ones stay"
					      : "its tokens are refused");
	if (source->keys != NULL && now > source->got_ns + keep_ns) {
		log_error("keys of %s: the last good ones are too old; its tokens are refused",
			  name_of(source));
		jwks_unref(TAKE(source->keys));
		fetch->has_changed = true;
	}
	source->due_ns = now + retry_delay(fetch, source->failures);
	fetch->has_changed |= !source->is_settled;
	source->is_settled = true;
}

static void succeed(struct key_fetch *fetch, struct source *source, struct jwks *keys)
{
	if (source->failures > 0 || source->keys == NULL)
		log_info("keys of %s: %zu", name_of(source), jwks_usable_count(keys));
	jwks_unref(source->keys);
	source->keys = keys;
	source->got_ns = clock_monotonic_ns();
	source->due_ns = source->got_ns + fetch->options.refresh_ns;
	source->failures = 0;
	source->is_settled = true;
	fetch->has_changed = true;
}

static int start_transfer(struct key_fetch *fetch, struct source *source, const char *url,
			  struct error *err)
{
	const struct key_transfer_options options = {
		.url = url,
		.ca_file = fetch->options.ca_file,
		.limit_bytes = JWKS_SIZE_MAX,
		.timeout_ns = source->timeout_ns,
	};

	return key_transfer_start(&source->transfer, fetch->curl, fetch->multi, &options, err);
}

static int start_discovery(struct key_fetch *fetch, struct source *source, struct error *err)
{
	AUTO_BUFFER struct buffer url = { 0 };
	struct text issuer = text_of(source->issuer);

	if (issuer.len > 0 && issuer.ptr[issuer.len - 1] == '/')
		issuer.len--;
	buffer_printf(&url, "%.*s%s", TEXT_ARGS(issuer), DISCOVERY_PATH);
	return start_transfer(fetch, source, url.data, err);
}

static void start_fetch(struct key_fetch *fetch, struct source *source)
{
	struct error err = { 0 };
	int code;

	source->started_ns = clock_monotonic_ns();
	mem_free(TAKE(source->found_uri));
	if (source->uri != NULL)
		code = start_transfer(fetch, source, source->uri, &err);
	else
		code = start_discovery(fetch, source, &err);
	if (code < 0)
		fail(fetch, source, &err);
}

/* ---- what came ---- */

/* OpenID Connect Discovery 1.0, section 4: the document names where the keys are. An issuer that is
 * asked by https may not send us to http. */
static int take_discovered(struct source *source, struct text document, struct error *err)
{
	json_t *json = json_loadb(document.ptr, document.len, JSON_REJECT_DUPLICATES, NULL);
	const char *uri = json_string_value(json_object_get(json, "jwks_uri"));
	const bool is_https = text_starts_with_nocase(text_of(source->issuer), TEXT("https://"));
	int code = 0;

	if (uri == NULL)
		code = error_set(err, -EBADMSG, "the OpenID configuration has no jwks_uri");
	else if (is_https && !text_starts_with_nocase(text_of(uri), TEXT("https://")))
		code = error_set(err, -EBADMSG, "jwks_uri '%.200s' is not https as its issuer is",
				 uri);
	else
		source->found_uri = mem_strdup(uri);
	json_decref(json);
	return code;
}

static int take_document(struct key_fetch *fetch, struct source *source, struct text document,
			 struct error *err)
{
	struct jwks *keys = NULL;
	int code;

	if (source->uri == NULL && source->found_uri == NULL) {
		code = take_discovered(source, document, err);
		buffer_clear(&source->transfer.body);
		return code < 0 ? code : start_transfer(fetch, source, source->found_uri, err);
	}
	code = jwks_parse(document, &keys, err);
	if (code == 0 && jwks_usable_count(keys) == 0) {
		jwks_unref(keys);
		return error_set(err, -EBADMSG, "the set has no key that can verify a signature");
	}
	if (code == 0)
		succeed(fetch, source, keys);
	return code;
}

static void end_transfer(struct key_fetch *fetch, struct source *source, CURLcode result)
{
	struct key_transfer *transfer = &source->transfer;
	struct error err = { 0 };
	int code = key_transfer_finish(transfer, fetch->curl, fetch->multi, result, &err);

	if (code == 0)
		code = take_document(fetch, source, buffer_text(&transfer->body), &err);
	if (code < 0)
		fail(fetch, source, &err);
	if (transfer->easy == NULL)
		buffer_done(&transfer->body);
}

static struct source *source_with(const struct key_fetch *fetch, const CURL *easy)
{
	struct source *source = fetch->sources;

	while (source != NULL && source->transfer.easy != easy)
		source = source->next;
	return source;
}

static void take_answers(struct key_fetch *fetch)
{
	const CURLMsg *message;
	int running, left;

	fetch->curl->multi_perform(fetch->multi, &running);
	while ((message = fetch->curl->multi_info_read(fetch->multi, &left)) != NULL) {
		struct source *source = source_with(fetch, message->easy_handle);

		if (message->msg == CURLMSG_DONE && source != NULL)
			end_transfer(fetch, source, message->data.result);
	}
}

/* ---- the thread ---- */

static bool take_wishes(struct key_fetch *fetch)
{
	struct source *wishes;
	bool has_wishes, is_stopping;

	pthread_mutex_lock(&fetch->lock);
	wishes = TAKE(fetch->wishes);
	has_wishes = fetch->has_wishes;
	is_stopping = fetch->is_stopping;
	fetch->has_wishes = false;
	pthread_mutex_unlock(&fetch->lock);
	if (has_wishes)
		adopt(fetch, wishes);
	return !is_stopping;
}

static bool is_hurried(struct key_fetch *fetch, const struct source *source)
{
	const struct key_source named = { .uri = source->uri, .issuer = source->issuer };
	struct fetched_keys *item = key_set_find(fetch->published, &named);

	return item != NULL && atomic_exchange(&item->wants_refresh, false);
}

/* Starts what is due; how long until something else is. */
static int start_due(struct key_fetch *fetch)
{
	const uint64_t soonest = fetch->options.refresh_ns / HURRY_PARTS;
	const uint64_t now = clock_monotonic_ns();
	uint64_t next = now + (uint64_t)IDLE_MS * NS_PER_MS;

	for (struct source *source = fetch->sources; source != NULL; source = source->next) {
		if (is_hurried(fetch, source))
			source->due_ns = MIN_OF(source->due_ns, source->started_ns + soonest);
		if (source->transfer.easy == NULL && source->due_ns <= now)
			start_fetch(fetch, source);
		if (source->transfer.easy == NULL)
			next = MIN_OF(next, source->due_ns);
	}
	return next > now ? (int)((next - now) / NS_PER_MS) + 1 : 0;
}

static void *run(void *owner)
{
	struct key_fetch *fetch = owner;

	while (take_wishes(fetch)) {
		int wait_ms;

		take_answers(fetch);
		wait_ms = start_due(fetch);
		if (fetch->has_changed)
			publish(fetch);
		fetch->curl->multi_poll(fetch->multi, NULL, 0, wait_ms, NULL);
	}
	return NULL;
}

/* ---- for others ---- */

int key_fetch_new(const struct key_fetch_options *options, struct key_fetch **out,
		  struct error *err)
{
	const struct curl_library *curl = curl_library(err);
	struct key_fetch *fetch;

	if (curl == NULL)
		return err->code;
	fetch = MEM_NEW(struct key_fetch);
	fetch->options = *options;
	fetch->curl = curl;
	fetch->multi = curl->multi_init();
	pthread_mutex_init(&fetch->lock, NULL);
	if (pthread_create(&fetch->thread, NULL, run, fetch) != 0)
		abort(); /* no threads at start: nothing can run */
	*out = fetch;
	return 0;
}

void key_fetch_want(struct key_fetch *fetch, const struct key_source *const *sources, size_t count)
{
	struct source *wishes = NULL, *untaken;

	for (size_t i = 0; i < count; i++) {
		struct source *wish = MEM_NEW(struct source);

		wish->uri = copy_text(sources[i]->uri);
		wish->issuer = copy_text(sources[i]->issuer);
		wish->timeout_ns = sources[i]->timeout_ns;
		wish->next = wishes;
		wishes = wish;
	}
	pthread_mutex_lock(&fetch->lock);
	untaken = fetch->wishes;
	fetch->wishes = wishes;
	fetch->has_wishes = true;
	pthread_mutex_unlock(&fetch->lock);
	free_list(fetch, untaken);
	key_fetch_wake(fetch);
}

void key_fetch_wake(struct key_fetch *fetch)
{
	fetch->curl->multi_wakeup(fetch->multi);
}

void key_fetch_stop(struct key_fetch *fetch)
{
	if (fetch == NULL)
		return;
	pthread_mutex_lock(&fetch->lock);
	fetch->is_stopping = true;
	pthread_mutex_unlock(&fetch->lock);
	key_fetch_wake(fetch);
	pthread_join(fetch->thread, NULL);
}

void key_fetch_free(struct key_fetch *fetch)
{
	if (fetch == NULL)
		return;
	free_list(fetch, fetch->sources);
	free_list(fetch, fetch->wishes);
	key_set_unref(fetch->published);
	fetch->curl->multi_cleanup(fetch->multi);
	pthread_mutex_destroy(&fetch->lock);
	mem_free(fetch);
}
