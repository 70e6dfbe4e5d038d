/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/explain_batch.h"

#include "cmd/command.h"
#include "cmd/explain_print.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_FROM 65536 /* bytes of answers that go out together */

struct batch {
	struct explain_world *world;
	struct explain_request request; /* large, and used again for each line */
	struct arena arena;
	struct buffer out;
	bool denied, failed;
};

static void answer(struct batch *batch, struct text line)
{
	struct explain_request *request = &batch->request;
	const struct explain_workload *workload;
	struct evaluation evaluation;
	struct error err = { 0 };

	explain_request_init(request, &batch->arena);
	request->input.facts.time_ns = clock_wall_ns();
	if (explain_request_parse(request, line, &err) != 0) {
		explain_write_problem(&batch->out, request, &err);
		batch->failed = true;
		return;
	}
	workload = explain_world_find(batch->world, request->namespace, request->workload);
	if (workload == NULL || explain_request_finish(request, batch->world, workload) != 0) {
		const struct decision refused = { .status = 400,
						  .detail = "the path cannot be normalised" };

		explain_write_answer(&batch->out, request, &refused);
		batch->denied = true;
		return;
	}
	policy_evaluate(workload->policy, &request->input, &evaluation);
	explain_write_answer(&batch->out, request, &evaluation.decision);
	batch->denied = batch->denied || evaluation.decision.verdict == VERDICT_DENY;
	evaluation_done(&evaluation);
}

static void flush(struct batch *batch)
{
	fwrite(batch->out.data, 1, batch->out.len, stdout);
	fflush(stdout);
	buffer_clear(&batch->out);
}

static void answer_all(struct batch *batch, FILE *file)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t len;

	while ((len = getline(&line, &capacity, file)) >= 0) {
		struct text text = text_trim((struct text){ line, (size_t)len });

		while (text.len > 0 && char_is_space(text.ptr[text.len - 1]))
			text.len--;
		if (text.len > 0)
			answer(batch, text);
		if (batch->out.len >= WRITE_FROM || file == stdin)
			flush(batch);
		arena_reset(&batch->arena);
	}
	free(line);
	flush(batch);
}

int explain_batch(struct explain_world *world, const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	struct batch *batch;
	int status;

	if (file == NULL) {
		fprintf(stderr, "mangrove explain: %s: %s\n", path, strerror(errno));
		return STATUS_USAGE;
	}
	batch = MEM_NEW(struct batch);
	batch->world = world;
	arena_init(&batch->arena, 16384);
	answer_all(batch, file);
	status = batch->failed ? STATUS_USAGE : batch->denied ? STATUS_NO : STATUS_FINE;
	if (file != stdin)
		fclose(file);
	buffer_done(&batch->out);
	arena_done(&batch->arena);
	mem_free(batch);
	return status;
}
