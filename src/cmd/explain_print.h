/* SPDX-License-Identifier: Apache-2.0 */
/* explain_print.h — answers, for people and for programs. */
#pragma once

#include "cmd/explain_request.h"

/* What a decision rests on, in words: the detail that logs carry, or why nothing stood in the way.
 */
const char *explain_reason(const struct decision *decision);

/* One JSON object and a line end. */
void explain_write_answer(struct buffer *out, const struct explain_request *request,
			  const struct decision *decision);
void explain_write_problem(struct buffer *out, const struct explain_request *request,
			   const struct error *err);
void explain_write_json(struct buffer *out, const struct explain_request *request,
			const struct explanation *explanation);
void explain_write_text(struct buffer *out, const struct explain_request *request,
			const struct explain_workload *workload,
			const struct explanation *explanation, bool colour);
