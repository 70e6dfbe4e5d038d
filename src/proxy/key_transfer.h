/* SPDX-License-Identifier: Apache-2.0 */
/* key_transfer.h — one document over HTTP, for key_fetch.c. */
#pragma once

#include "net/net.h"

struct key_transfer {
	CURL *easy; /* NULL: none is under way */
	struct buffer body;
	size_t limit_bytes;
	char problem[CURL_ERROR_SIZE];
};

struct key_transfer_options {
	const char *url, *ca_file; /* ca_file NULL: the system's */
	size_t limit_bytes;
	uint64_t timeout_ns;
};

/* -EINVAL: the URL is neither http nor https. */
int key_transfer_start(struct key_transfer *transfer, const struct curl_library *curl, CURLM *multi,
		       const struct key_transfer_options *options, struct error *err);
/* After the multi handle said that it has ended. The body stays until key_transfer_clear. */
int key_transfer_finish(struct key_transfer *transfer, const struct curl_library *curl,
			CURLM *multi, CURLcode code, struct error *err);
void key_transfer_clear(struct key_transfer *transfer, const struct curl_library *curl,
			CURLM *multi);
