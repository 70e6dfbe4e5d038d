/* SPDX-License-Identifier: Apache-2.0 */
/* The first users' documents hold Dockerfiles, manifests and an nginx configuration that call
 * themselves hardened. Their real faults, which check has to find, line by line of the fragment. */
#include "check/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DOCUMENT_LIMIT ((size_t)4 << 20)

struct fault {
	const char *id;
	unsigned line;
	const char *why;
};

static const struct seed_case {
	const char *name, *document;
	const char *mark; /* the fragment is the fenced block with this text in it */
	const char *file;
	struct fault faults[12];
} rows[] = {
	{ "the front end's Dockerfile",
	  "000_184106915ba6b0c9.txt",
	  "AS production",
	  "Dockerfile",
	  { { "DL3059", 7, "two RUN in a row" },
	    { "DF020", 14, "package*.json is copied twice" },
	    { "DF019", 23, "npm run build without the build tools" },
	    { "DL3018", 33, "packages without versions" },
	    { "DF016", 34, "apk upgrade" },
	    { "DF008", 59, "nginx owns its own configuration" },
	    { "DL3066", 74, "a user by name, which runAsNonRoot refuses" } } },
	{ "the services' Dockerfile",
	  "003_e5f1356dfd6ec6ce.txt",
	  "Secure Docker configuration",
	  "Dockerfile",
	  { { "DF019", 28, "npm run build without the build tools" },
	    { "DF010", 59, "keys are copied into the image" },
	    { "DF011", 63, "chmod 644 opens the keys that chmod 600 closed" } } },
	{ "nginx",
	  "000_184106915ba6b0c9.txt",
	  "worker_processes auto",
	  "nginx.conf",
	  { { "NG027", 30, "unsafe-inline and unsafe-eval" },
	    { "NG035", 59, "headers of 1k" },
	    { "NG036", 64, "keepalive_timeout twice: nginx does not start" },
	    { "NG033", 68, "the zone login limits nothing" },
	    { "NG021", 110, "headers lost in /health" },
	    { "NG021", 126, "headers lost for assets" },
	    { "NG044", 130, "source maps are not denied" },
	    { "NG021", 142, "headers lost for the application itself" } } },
	{ "the front end's policies",
	  "000_184106915ba6b0c9.txt",
	  "frontend-network-policy",
	  "policies.yaml",
	  { { "NP003", 30, "namespaceSelector or podSelector" },
	    { "NP001", 44, "to: [] is everyone" },
	    { "K8S020", 52, "PodSecurityPolicy is gone" } } },
	{ "the front end's deployment",
	  "000_184106915ba6b0c9.txt",
	  "name: frontend-app\n  namespace",
	  "deployment.yaml",
	  { { "K8S001", 0, "an image of latest" },
	    { "RB002", 0, "a role that reads all secrets" } } },
	{ "the services' policies",
	  "003_e5f1356dfd6ec6ce.txt",
	  "alphanumeric-psp",
	  "policies.yaml",
	  { { "K8S020", 2, "PodSecurityPolicy is gone" },
	    { "K8S025", 6, "a namespace on a cluster-wide kind" },
	    { "K8S027", 38, "requiredDropCapabilities twice" },
	    { "NP004", 79, "kube-system has no label name: DNS is cut off" },
	    { "NP001", 85, "to: [] called blocked" },
	    { "K8S026", 103, "capabilities are kept" } } },
};

/* The fenced block of the document that holds the mark. */
static struct text find_fragment(struct text document, const char *mark)
{
	const struct text fence = TEXT("```");

	while (document.len > 0) {
		const char *open = memmem(document.ptr, document.len, fence.ptr, fence.len);
		struct text block;
		const char *close;

		if (open == NULL)
			break;
		block = text_from(document, (size_t)(open - document.ptr));
		text_split(&block, '\n');
		close = block.len > 0 ? memmem(block.ptr, block.len, fence.ptr, fence.len) : NULL;
		if (close == NULL)
			break;
		document = text_from(block, (size_t)(close - block.ptr) + fence.len);
		block.len = (size_t)(close - block.ptr);
		if (text_contains(block, text_of(mark)))
			return block;
	}
	return (struct text){ 0 };
}

static bool is_found(const struct check_run *run, const struct fault *fault)
{
	for (size_t i = 0; i < run->findings.count; i++)
		if (strcmp(run->findings.items[i].check->id, fault->id) == 0
		    && (fault->line == 0 || run->findings.items[i].at.line == fault->line))
			return true;
	return false;
}

static void check_seed(void **state)
{
	const struct seed_case *row = *state;
	const char *shared = getenv("MANGROVE_SHARED");
	AUTO(mem_free_text)
	char *path =
		mem_printf("%s/seeds/%s", shared != NULL ? shared : "../shared", row->document);
	AUTO_BUFFER struct buffer document = { 0 };
	const struct check_options options = { 0 };
	struct check_run run;
	struct text fragment;

	if (file_read(path, DOCUMENT_LIMIT, &document, NULL) != 0) {
		print_message("%s is not there: skipped\n", path);
		skip();
	}
	fragment = find_fragment(buffer_text(&document), row->mark);
	assert_non_null(fragment.ptr);
	check_run_init(&run);
	assert_int_equal(0, check_text(&run, &options, row->file, fragment,
				       artifact_detect(row->file, fragment), NULL));
	for (const struct fault *fault = row->faults; fault->id != NULL; fault++)
		if (!is_found(&run, fault))
			fail_msg("%s is not found in line %u: %s", fault->id, fault->line,
				 fault->why);
	check_run_done(&run);
}

int main(void)
{
	static struct CMUnitTest tests[COUNT_OF(rows)];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_seed,
						.initial_state = (void *)&rows[i] };
	return _cmocka_run_group_tests("seeds", tests, COUNT_OF(tests), NULL, NULL);
}
