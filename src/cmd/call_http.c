/* SPDX-License-Identifier: Apache-2.0 */
/* call_http.c — the request and its answer, by libcurl. */
#include "cmd/call.h"

#include <errno.h>
#include <stdio.h>

struct transfer {
	struct call *call;
	CURL *easy;
	FILE *out;
	struct curl_slist *headers; /* owned: options->headers and ours */
	struct error err;           /* of our own callbacks */
	char problem[CURL_ERROR_SIZE];
};

static CURLcode on_tls_context(CURL *easy, void *context, void *owner)
{
	struct transfer *transfer = owner;

	(void)easy;
	return call_prepare_tls(transfer->call, context, &transfer->err) == 0
		       ? CURLE_OK
		       : CURLE_ABORTED_BY_CALLBACK;
}

/* Opened when there is something to write: a call that fails leaves a file as it was. */
static bool open_output(struct transfer *transfer)
{
	const char *path = transfer->call->options->output;

	if (transfer->out == NULL)
		transfer->out = path != NULL ? fopen(path, "we") : stdout;
	if (transfer->out == NULL)
		error_set(&transfer->err, -EIO, "%s: %s", path, strerror(errno));
	return transfer->out != NULL;
}

/* Bytes that the kernel did not take are told of here at the latest. */
static int close_output(struct transfer *transfer, struct error *err)
{
	FILE *out = TAKE(transfer->out);

	if (out == NULL || (out == stdout ? fflush(out) : fclose(out)) == 0)
		return 0;
	return error_set(err, -EIO, "cannot write the answer: %s", strerror(errno));
}

/* Nothing of an answer is shown before the server proved itself. */
static size_t on_bytes(char *bytes, size_t size, size_t count, void *owner)
{
	struct transfer *transfer = owner;

	if (transfer->call->peer.reason != VERIFY_TRUSTED) {
		error_set(&transfer->err, -EACCES, "an answer came from a server without identity");
		return CURL_WRITEFUNC_ERROR;
	}
	if (!open_output(transfer))
		return CURL_WRITEFUNC_ERROR;
	if (fwrite(bytes, size, count, transfer->out) != count) {
		error_set(&transfer->err, -EIO, "cannot write the answer: %s", strerror(errno));
		return CURL_WRITEFUNC_ERROR;
	}
	return size * count;
}

static void add_header(struct transfer *transfer, const char *name, const char *value)
{
	AUTO(mem_free_text) char *line = mem_printf("%s: %s", name, value);

	transfer->headers = transfer->call->curl->slist_append(transfer->headers, line);
}

static bool has_header(const struct curl_slist *list, struct text name)
{
	for (; list != NULL; list = list->next)
		if (text_starts_with_nocase(text_of(list->data), name))
			return true;
	return false;
}

static void set_headers(struct transfer *transfer)
{
	const struct call *call = transfer->call;
	const struct curl_slist *given = call->options->headers;

	for (const struct curl_slist *each = given; each != NULL; each = each->next)
		transfer->headers = call->curl->slist_append(transfer->headers, each->data);
	if (!has_header(given, TEXT("x-request-id:")))
		add_header(transfer, "x-request-id", call->request_id);
	if (call->token.len > 0) {
		AUTO(mem_free_text) char *bearer = mem_printf("Bearer %s", call->token.data);

		add_header(transfer, "authorization", bearer);
	}
	call->curl->easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

static void set_body(const struct transfer *transfer)
{
	const struct call_options *options = transfer->call->options;
	const struct curl_library *curl = transfer->call->curl;

	if (options->has_body) {
		curl->easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE,
				  (curl_off_t)options->body.len);
		curl->easy_setopt(transfer->easy, CURLOPT_POSTFIELDS,
				  options->body.len > 0 ? options->body.data : "");
	}
	if (options->method != NULL && strcmp(options->method, "HEAD") == 0)
		curl->easy_setopt(transfer->easy, CURLOPT_NOBODY, 1L);
	else if (options->method != NULL)
		curl->easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST, options->method);
}

/* The host's name is not what is verified: an SVID has none. call_tls.c says who the server is. */
static CURLcode set_tls(struct transfer *transfer)
{
	const struct curl_library *curl = transfer->call->curl;

	curl->easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl->easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl->easy_setopt(transfer->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl->easy_setopt(transfer->easy, CURLOPT_CAINFO, NULL); /* the mesh's roots alone */
	curl->easy_setopt(transfer->easy, CURLOPT_CAPATH, NULL);
	curl->easy_setopt(transfer->easy, CURLOPT_SSL_ENABLE_ALPN, 0L); /* ours: call_tls.c */
	curl->easy_setopt(transfer->easy, CURLOPT_SSL_CTX_DATA, transfer);
	return curl->easy_setopt(transfer->easy, CURLOPT_SSL_CTX_FUNCTION, on_tls_context);
}

static void set_connection(const struct transfer *transfer)
{
	const struct call_options *options = transfer->call->options;
	const struct curl_library *curl = transfer->call->curl;

	curl->easy_setopt(transfer->easy, CURLOPT_PROTOCOLS_STR, "https");
	curl->easy_setopt(transfer->easy, CURLOPT_PROXY, ""); /* the environment's is not for us */
	curl->easy_setopt(transfer->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl->easy_setopt(transfer->easy, CURLOPT_CONNECT_TO, options->connect_to);
	curl->easy_setopt(transfer->easy, CURLOPT_RESOLVE, options->resolve);
	curl->easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, options->max_time_ms);
	if (options->connect_timeout_ms > 0)
		curl->easy_setopt(transfer->easy, CURLOPT_CONNECTTIMEOUT_MS,
				  options->connect_timeout_ms);
}

static int run(struct transfer *transfer, struct error *err)
{
	struct call *call = transfer->call;
	const struct curl_library *curl = call->curl;

	curl->easy_setopt(transfer->easy, CURLOPT_URL, call->options->url);
	curl->easy_setopt(transfer->easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(transfer->easy, CURLOPT_USERAGENT, "mangrove-call/" MANGROVE_VERSION);
	curl->easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->problem);
	curl->easy_setopt(transfer->easy, CURLOPT_HEADER, call->options->shows_head ? 1L : 0L);
	curl->easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, on_bytes);
	curl->easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
	set_connection(transfer);
	set_body(transfer);
	set_headers(transfer);
	if (set_tls(transfer) != CURLE_OK)
		return error_set(err, -ENOTSUP, "this libcurl does not use OpenSSL");

	const CURLcode code = curl->easy_perform(transfer->easy);

	curl->easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &call->status);
	if (code == CURLE_OK && call->peer.reason == VERIFY_TRUSTED)
		return 0;
	if (call->peer_problem.code < 0)
		return error_set(err, -EACCES, "%s", call->peer_problem.text);
	if (transfer->err.code < 0)
		return error_set(err, transfer->err.code, "%s", transfer->err.text);
	return error_set(err, -EIO, "%s",
			 transfer->problem[0] != '\0' ? transfer->problem
						      : curl->easy_strerror(code));
}

int call_perform(struct call *call, struct error *err)
{
	struct transfer transfer = { .call = call, .easy = call->curl->easy_init() };
	const uint64_t started = clock_monotonic_ns();
	struct error late = { 0 };
	int result = run(&transfer, err);

	if (close_output(&transfer, &late) < 0 && result == 0)
		result = error_set(err, late.code, "%s", late.text);
	call->took_ns = clock_monotonic_ns() - started;
	call->curl->slist_free_all(transfer.headers);
	call->curl->easy_cleanup(transfer.easy);
	return result;
}
