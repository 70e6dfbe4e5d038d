/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a review holds: what is answered can be read, says what the outcome says, and a refusal
 * is never an allowance. */
#include "check/check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(struct text answer, const struct admission_outcome *outcome)
{
	const struct value_source source = { .file = "answer", .bytes = answer, .is_json = true };
	AUTO_ARENA struct arena arena;
	const struct value *document = NULL;
	bool allowed;

	arena_init(&arena, 4096);
	if (value_parse(&arena, &source, NULL, NULL, &document, NULL) != 0
	    || value_find(document, "response.uid") == NULL
	    || !value_as_bool(value_find(document, "response.allowed"), &allowed)
	    || allowed != outcome->allowed
	    || (outcome->verdict == ADMISSION_DENIED && outcome->allowed))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct check_options options = { 0 };
	const struct admission_settings settings = {
		.options = &options,
		.standards = { .enforce = { POD_SECURITY_RESTRICTED, POD_SECURITY_LATEST },
			       .warn = { POD_SECURITY_BASELINE, 20 } },
		.deny_from = FINDING_ERROR,
		.warn_from = FINDING_INFO,
		.audit_from = FINDING_STYLE,
	};
	struct admission *admission = admission_new(&settings);
	AUTO_BUFFER struct buffer answer = { 0 };
	struct admission_outcome outcome;

	if (admission_review(admission, (struct text){ (const char *)data, size },
			     (struct pod_security){ 0 }, &answer, &outcome, NULL)
	    == 0)
		check_answer(buffer_text(&answer), &outcome);
	admission_free(admission);
	return 0;
}
