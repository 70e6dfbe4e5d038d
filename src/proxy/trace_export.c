/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/trace.h"

#include <pthread.h>

#define BATCHES_MAX 64 /* that wait for the collector; a new one beyond that is dropped */

struct batch {
	struct batch *next;
	size_t count; /* spans */
	size_t len;
	char bytes[];
};

struct target { /* owned copies */
	char *url, *connect_to;
	char **headers; /* NULL ends them */
	uint64_t timeout_ns;
};

struct trace_export {
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wakeup;
	bool has_thread, is_closing;
	struct target target; /* url NULL: nowhere */
	struct batch *first, **last;
	size_t waiting;
	uint64_t dropped;
};

static void target_done(struct target *target)
{
	for (size_t i = 0; target->headers != NULL && target->headers[i] != NULL; i++)
		mem_free(target->headers[i]);
	mem_free(target->headers);
	mem_free(target->url);
	mem_free(target->connect_to);
	*target = (struct target){ 0 };
}

static void target_copy(struct target *out, const char *url, const char *connect_to,
			const char *const *headers, uint64_t timeout_ns)
{
	size_t count = 0;

	while (headers[count] != NULL)
		count++;
	*out = (struct target){
		.url = mem_strdup(url),
		.connect_to = connect_to != NULL ? mem_strdup(connect_to) : NULL,
		.headers = mem_alloc_array(count + 1, sizeof(char *)),
		.timeout_ns = timeout_ns,
	};
	for (size_t i = 0; i < count; i++)
		out->headers[i] = mem_strdup(headers[i]);
}

/* ---- sending ---- */

static size_t ignore_answer(char *bytes, size_t size, size_t count, void *arg)
{
	(void)bytes, (void)arg;
	return size * count;
}

static bool send_to(const struct curl_library *curl, const struct target *target, struct text body,
		    struct error *err)
{
	CURL *easy = curl->easy_init();
	struct curl_slist *headers = curl->slist_append(NULL, "Content-Type: application/json");
	struct curl_slist *connect_to =
		target->connect_to != NULL ? curl->slist_append(NULL, target->connect_to) : NULL;
	long status = 0;

	for (size_t i = 0; target->headers[i] != NULL; i++)
		headers = curl->slist_append(headers, target->headers[i]);
	curl->easy_setopt(easy, CURLOPT_URL, target->url);
	curl->easy_setopt(easy, CURLOPT_PROXY, "");
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(target->timeout_ns / NS_PER_MS));
	curl->easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl->easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to);
	curl->easy_setopt(easy, CURLOPT_POSTFIELDS, body.ptr);
	curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)body.len);
	curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore_answer);

	const CURLcode code = curl->easy_perform(easy);

	if (code == CURLE_OK)
		curl->easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl->easy_cleanup(easy);
	curl->slist_free_all(headers);
	curl->slist_free_all(connect_to);
	if (code != CURLE_OK)
		error_set(err, -1, "%s", curl->easy_strerror(code));
	else if (status / 100 != 2)
		error_set(err, -1, "it answers %ld", status);
	return code == CURLE_OK && status / 100 == 2;
}

static struct batch *take(struct trace_export *export, struct target *target)
{
	struct batch *batch;

	while (export->first == NULL && !export->is_closing)
		pthread_cond_wait(&export->wakeup, &export->lock);
	batch = export->first;
	if (batch == NULL)
		return NULL;
	export->first = batch->next;
	if (export->first == NULL)
		export->last = &export->first;
	export->waiting--;
	if (export->target.url != NULL)
		target_copy(target, export->target.url, export->target.connect_to,
			    (const char *const *)export->target.headers, export->target.timeout_ns);
	return batch;
}

static bool send_batch(const struct target *target, const struct batch *batch, struct error *err)
{
	const struct curl_library *curl = curl_library(err);
	AUTO_BUFFER struct buffer body = { 0 };

	if (curl == NULL || target->url == NULL)
		return false;
	buffer_add_text(&body, "{\"resourceSpans\":[");
	buffer_add(&body, batch->bytes, batch->len);
	buffer_add_text(&body, "]}");
	return send_to(curl, target, buffer_text(&body), err);
}

static void *run(void *arg)
{
	struct trace_export *export = arg;
	bool was_well = true;

	pthread_mutex_lock(&export->lock);
	for (;;) {
		struct target target = { 0 };
		struct batch *batch = take(export, &target);
		struct error err = { 0 };

		if (batch == NULL)
			break;
		pthread_mutex_unlock(&export->lock);

		const bool is_well = send_batch(&target, batch, &err);

		if (!is_well && was_well) /* once, until it is well again */
			log_warn("spans are lost: %s: %s",
				 target.url != NULL ? target.url : "no collector", err.text);
		else if (is_well && !was_well)
			log_info("%s takes spans again", target.url);
		was_well = is_well;
		target_done(&target);
		pthread_mutex_lock(&export->lock);
		if (!is_well)
			export->dropped += batch->count;
		mem_free(batch);
		if (export->is_closing && !is_well)
			break; /* not for long */
	}
	pthread_mutex_unlock(&export->lock);
	return NULL;
}

/* ---- from outside ---- */

struct trace_export *trace_export_new(void)
{
	struct trace_export *export = MEM_NEW(struct trace_export);

	export->last = &export->first;
	pthread_mutex_init(&export->lock, NULL);
	pthread_cond_init(&export->wakeup, NULL);
	return export;
}

void trace_export_to(struct trace_export *export, const struct trace_plan *plan)
{
	pthread_mutex_lock(&export->lock);
	target_done(&export->target);
	if (plan != NULL)
		target_copy(&export->target, plan->url, plan->connect_to, plan->headers,
			    plan->timeout_ns);
	if (plan != NULL && !export->has_thread)
		export->has_thread = pthread_create(&export->thread, NULL, run, export) == 0;
	pthread_mutex_unlock(&export->lock);
}

uint64_t trace_export_dropped(struct trace_export *export)
{
	pthread_mutex_lock(&export->lock);
	const uint64_t dropped = export->dropped;

	pthread_mutex_unlock(&export->lock);
	return dropped;
}

void trace_export_give(struct trace_export *export, struct text spans, size_t count)
{
	struct batch *batch = mem_alloc(sizeof(*batch) + spans.len);

	batch->count = count;
	batch->len = spans.len;
	memcpy(batch->bytes, spans.ptr, spans.len);
	pthread_mutex_lock(&export->lock);
	if (export->waiting < BATCHES_MAX && export->has_thread) {
		*export->last = batch;
		export->last = &batch->next;
		export->waiting++;
		batch = NULL;
		pthread_cond_signal(&export->wakeup);
	} else {
		export->dropped += count;
	}
	pthread_mutex_unlock(&export->lock);
	mem_free(batch);
}

void trace_export_free(struct trace_export *export)
{
	if (export == NULL)
		return;
	pthread_mutex_lock(&export->lock);
	export->is_closing = true;
	export->target.timeout_ns = MIN_OF(export->target.timeout_ns, NS_PER_SEC);
	pthread_cond_signal(&export->wakeup);
	pthread_mutex_unlock(&export->lock);
	if (export->has_thread)
		pthread_join(export->thread, NULL);
	while (export->first != NULL) {
		struct batch *batch = export->first;

		export->first = batch->next;
		mem_free(batch);
	}
	target_done(&export->target);
	pthread_mutex_destroy(&export->lock);
	pthread_cond_destroy(&export->wakeup);
	mem_free(export);
}
