/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/key_transfer.h"

#include <errno.h>

#define REDIRECTS_MAX 5L

static size_t on_bytes(char *bytes, size_t size, size_t count, void *owner)
{
	struct key_transfer *transfer = owner;
	const size_t len = size * count;

	if (transfer->body.len + len > transfer->limit_bytes)
		return CURL_WRITEFUNC_ERROR;
	buffer_add(&transfer->body, bytes, len);
	return len;
}

static void set_limits(const struct curl_library *curl, CURL *easy,
		       const struct key_transfer_options *options)
{
	const long timeout_ms = (long)MAX_OF(options->timeout_ns / NS_PER_MS, (uint64_t)1);

	curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl->easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)options->limit_bytes);
	curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl->easy_setopt(easy, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
}

static void set_protocols(const struct curl_library *curl, CURL *easy,
			  const struct key_transfer_options *options, bool is_https)
{
	curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl->easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, is_https ? "https" : "http,https");
	curl->easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (options->ca_file != NULL)
		curl->easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
}

int key_transfer_start(struct key_transfer *transfer, const struct curl_library *curl, CURLM *multi,
		       const struct key_transfer_options *options, struct error *err)
{
	const bool is_https = text_starts_with_nocase(text_of(options->url), TEXT("https://"));
	CURL *easy;

	if (!is_https && !text_starts_with_nocase(text_of(options->url), TEXT("http://")))
		return error_set(err, -EINVAL, "'%s' is no http or https URL", options->url);
	easy = curl->easy_init();
	if (easy == NULL)
		return error_set(err, -ENOMEM, "libcurl gives no handle");
	transfer->easy = easy;
	transfer->problem[0] = '\0';
	transfer->limit_bytes = options->limit_bytes;
	curl->easy_setopt(easy, CURLOPT_URL, options->url);
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(easy, CURLOPT_USERAGENT, "mangrove");
	curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->problem);
	curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
	curl->easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl->easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	set_limits(curl, easy, options);
	set_protocols(curl, easy, options, is_https);
	curl->multi_add_handle(multi, easy);
	return 0;
}

static int judge(const struct key_transfer *transfer, const struct curl_library *curl,
		 CURLcode code, struct error *err)
{
	long status = 0;

	if (code == CURLE_WRITE_ERROR || code == CURLE_FILESIZE_EXCEEDED)
		return error_set(err, -EMSGSIZE, "the answer is too long");
	if (code != CURLE_OK)
		return error_set(err, -EIO, "%s",
				 transfer->problem[0] != '\0' ? transfer->problem
							      : curl->easy_strerror(code));
	curl->easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return error_set(err, -EIO, "the answer is %ld, not 200", status);
	return 0;
}

int key_transfer_finish(struct key_transfer *transfer, const struct curl_library *curl,
			CURLM *multi, CURLcode code, struct error *err)
{
	const int result = judge(transfer, curl, code, err);
	CURL *easy = TAKE(transfer->easy);

	curl->multi_remove_handle(multi, easy);
	curl->easy_cleanup(easy);
	return result;
}

void key_transfer_clear(struct key_transfer *transfer, const struct curl_library *curl,
			CURLM *multi)
{
	CURL *easy = TAKE(transfer->easy);

	if (easy != NULL) {
		curl->multi_remove_handle(multi, easy);
		curl->easy_cleanup(easy);
	}
	buffer_done(&transfer->body);
}
