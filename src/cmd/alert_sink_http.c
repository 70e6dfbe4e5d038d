/* SPDX-License-Identifier: Apache-2.0 */
/* alert_sink_http.c — alerts to a webhook, a request each, as Falco posts them to Falcosidekick. */
#include "cmd/alert_output.h"

#include "net/net.h"

#include <errno.h>

#define CONNECT_MS 2000L
#define ANSWER_MS  5000L

struct webhook {
	const struct curl_library *curl;
	CURL *easy;
	struct curl_slist *headers;
};

/* What the webhook answers is nobody's business. */
static size_t ignore_body(char *bytes, size_t size, size_t count, void *context)
{
	(void)bytes, (void)context;
	return size * count;
}

/* Not 0: stop the transfer. */
static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)a, (void)b, (void)c, (void)d;
	return alert_output_gives_up(context);
}

static void set_up(struct webhook *webhook, const struct sink *sink)
{
	const struct curl_library *curl = webhook->curl;

	webhook->headers = curl->slist_append(NULL, sink->json ? "Content-Type: application/json"
							       : "Content-Type: text/plain");
	curl->easy_setopt(webhook->easy, CURLOPT_URL, sink->target);
	curl->easy_setopt(webhook->easy, CURLOPT_HTTPHEADER, webhook->headers);
	curl->easy_setopt(webhook->easy, CURLOPT_USERAGENT, "mangrove");
	curl->easy_setopt(webhook->easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(webhook->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl->easy_setopt(webhook->easy, CURLOPT_TIMEOUT_MS, ANSWER_MS);
	curl->easy_setopt(webhook->easy, CURLOPT_WRITEFUNCTION, ignore_body);
	curl->easy_setopt(webhook->easy, CURLOPT_NOPROGRESS, 0L);
	curl->easy_setopt(webhook->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl->easy_setopt(webhook->easy, CURLOPT_XFERINFODATA, sink->output);
}

static int open_webhook(struct sink *sink, struct error *err)
{
	const struct text url = text_of(sink->target);
	const struct curl_library *curl;
	struct webhook *webhook;

	if (!text_starts_with(url, TEXT("http://")) && !text_starts_with(url, TEXT("https://")))
		return error_set(err, -EINVAL,
				 "output http=%s: its URL begins with http:// or https://",
				 sink->target);
	curl = curl_library(err);
	if (curl == NULL)
		return -ENOENT;
	sink->state = webhook = MEM_NEW(struct webhook);
	webhook->curl = curl;
	webhook->easy = curl->easy_init();
	if (webhook->easy == NULL)
		return error_set(err, -ENOMEM, "libcurl has no memory");
	set_up(webhook, sink);
	return 0;
}

/* What the server cannot take now it may take later; what it does not want it never will. */
static int result_of(long status, struct error *err)
{
	if (status >= 200 && status < 300)
		return 0;
	return error_set(err, status == 429 || status >= 500 ? -EAGAIN : -EPROTO,
			 "it answers with status %ld", status);
}

static int write_webhook(struct sink *sink, const struct alert *alert, struct error *err)
{
	const struct webhook *webhook = sink->state;
	const struct curl_library *curl = webhook->curl;
	CURLcode code;
	long status = 0;

	curl->easy_setopt(webhook->easy, CURLOPT_POSTFIELDS, alert->line.ptr);
	curl->easy_setopt(webhook->easy, CURLOPT_POSTFIELDSIZE, (long)alert->line.len);
	code = curl->easy_perform(webhook->easy);
	if (code != CURLE_OK)
		return error_set(err, -EAGAIN, "%s", curl->easy_strerror(code));
	curl->easy_getinfo(webhook->easy, CURLINFO_RESPONSE_CODE, &status);
	return result_of(status, err);
}

static void close_webhook(struct sink *sink)
{
	struct webhook *webhook = sink->state;

	if (webhook == NULL)
		return;
	if (webhook->easy != NULL)
		webhook->curl->easy_cleanup(webhook->easy);
	webhook->curl->slist_free_all(webhook->headers);
	mem_free(webhook);
}

const struct sink_ops http_sink = {
	.kind = "http",
	.target = "URL",
	.open = open_webhook,
	.write = write_webhook,
	.close = close_webhook,
};
