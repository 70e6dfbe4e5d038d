/* SPDX-License-Identifier: Apache-2.0 */
/* Formats of access logs, and values that clients choose. Nothing crashes; what is written fits,
 * ends in a newline and has no other one; a format in JSON gives JSON. */
#include "proxy/downstream.h"
#include "proxy/exchange.h"
#include "proxy/log_format.h"
#include "proxy/worker.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void try_format(const struct mesh_config *mesh, const struct operator_subject *subject)
{
	const struct log_format *format = NULL;
	char bytes[LINE_MAX_BYTES];
	struct line line = line_at(bytes);
	struct arena arena;

	arena_init(&arena, 1024);
	if (log_format_of_mesh(mesh, &arena, &format, NULL) == 0 && format != NULL) {
		log_format_write(format, subject, &line);
		require(line.next <= line.end);
		if (mesh->access_log_encoding == ACCESS_LOG_JSON && line.next < line.value_end) {
			json_t *read = json_loadb(bytes, (size_t)(line.next - bytes), 0, NULL);

			require(read != NULL);
			json_decref(read);
		}
	}
	arena_done(&arena);
}

/* The format, a zero byte, a value. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text value = { (const char *)data, size };
	const struct text format = text_split(&value, '\0');
	static struct worker *worker; /* for its clock */
	struct listener listener = { 0 };

	if (worker == NULL)
		worker = worker_new(0, NULL, NULL);

	struct downstream downstream = { .worker = worker, .listener = &listener };
	struct exchange exchange = { .worker = worker,
				     .downstream = &downstream,
				     .request.version = HTTP_VERSION_2,
				     .original_path = value };
	struct mesh_config mesh = { .access_log_format = format };
	const struct operator_subject subjects[] = { { &exchange, &downstream, NULL },
						     { NULL, &downstream, "refused" } };

	if (exchange.original_path.ptr == NULL)
		exchange.original_path = TEXT("/");
	http_fields_add(&exchange.request.fields, TEXT("a"), exchange.original_path);
	for (size_t i = 0; i < 4; i++) {
		mesh.access_log_encoding = i < 2 ? ACCESS_LOG_TEXT : ACCESS_LOG_JSON;
		try_format(&mesh, &subjects[i % 2]);
	}
	http_head_done(&exchange.request);
	return 0;
}
