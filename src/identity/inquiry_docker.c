/* SPDX-License-Identifier: Apache-2.0 */
/* inquiry_docker.c — GET /containers/ID/json at the engine's socket (Docker Engine API). */
#include "identity/inquiry_private.h"

#include "net/net.h"

#include <errno.h>
#include <jansson.h>

#define ANSWER_MAX_BYTES (1 << 20)
#define PATIENCE_MS      2000L

DEFINE_AUTO(json_t, json_decref)

static size_t keep_body(char *bytes, size_t size, size_t count, void *body)
{
	struct buffer *out = body;

	if (out->len + size * count > ANSWER_MAX_BYTES)
		return 0; /* curl gives up */
	buffer_add(out, bytes, size * count);
	return size * count;
}

static int fetch(const char *socket, const char *id, struct buffer *body, struct error *err)
{
	const struct curl_library *curl = curl_library(err);
	AUTO(mem_free_text) char *url = mem_printf("http://docker/containers/%s/json", id);
	long status = 0;

	if (curl == NULL)
		return -ENOENT;

	CURL *easy = curl->easy_init();

	if (easy == NULL)
		return error_set(err, -EIO, "libcurl cannot be used");
	curl->easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl->easy_setopt(easy, CURLOPT_URL, url);
	curl->easy_setopt(easy, CURLOPT_PROXY, ""); /* the environment's is not for us */
	curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, PATIENCE_MS);
	curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
	curl->easy_setopt(easy, CURLOPT_WRITEDATA, body);

	const CURLcode code = curl->easy_perform(easy);

	curl->easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl->easy_cleanup(easy);
	if (code != CURLE_OK)
		return error_set(err, -EIO, "Docker does not answer at %s: %s", socket,
				 curl->easy_strerror(code));
	if (status != 200)
		return error_set(err, -ENOENT, "Docker knows no container %.12s (status %ld)", id,
				 status);
	return 0;
}

int docker_inspect(const char *socket, const char *id, struct buffer *out, struct error *err)
{
	AUTO_BUFFER struct buffer body = { 0 };
	const int result = fetch(socket, id, &body, err);

	if (result < 0)
		return result;

	AUTO(json_decref) json_t *answer = json_loadb(body.data, body.len, 0, NULL);
	const char *image, *image_id;
	json_t *labels;

	if (json_unpack(answer, "{s:s, s:{s:s, s:o}}", "Image", &image_id, "Config", "Image",
			&image, "Labels", &labels)
	    < 0)
		return error_set(err, -EPROTO, "Docker's answer is not as its API says");

	AUTO(json_decref)
	json_t *kept =
		json_pack("{s:s, s:s, s:O}", "image", image, "id", image_id, "labels", labels);
	char *text = json_dumps(kept, JSON_COMPACT);

	if (text == NULL)
		return error_set(err, -ENOMEM, "Docker's answer cannot be kept");
	buffer_add_text(out, text);
	free(text);
	return 0;
}
