/* SPDX-License-Identifier: Apache-2.0 */
/* bench_check.c — files examined a second on one core, everything included but reading them:
 * `./dev bench check`. */
#include "check/check.h"

#include <stdio.h>

#define SECONDS 3

static const char dockerfile[] =
	"FROM node:18-alpine AS build\nWORKDIR /app\nCOPY package.json ./\nRUN npm ci\nCOPY src "
	"./src\nRUN npm run build\nFROM node:18-alpine\nRUN apk add --no-cache dumb-init=1.2.5-r2\n"
	"COPY --from=build /app/dist /app\nUSER 10001\nEXPOSE 3000\n"
	"ENTRYPOINT [\"dumb-init\", \"--\"]\nCMD [\"node\", \"/app/server.js\"]\n";

static const char pod[] =
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  securityContext:\n"
	"    runAsNonRoot: true\n    seccompProfile:\n      type: RuntimeDefault\n  containers:\n"
	"  - name: web\n    image: registry.example.com/web:1.0\n    securityContext:\n"
	"      allowPrivilegeEscalation: false\n      capabilities:\n        drop: [ALL]\n";

static void measure(const char *what, const char *file, const char *text, enum artifact artifact,
		    const struct check_options *options)
{
	const uint64_t start = clock_monotonic_ns();
	uint64_t count = 0, elapsed;
	struct check_run run;

	check_run_init(&run);
	do {
		for (int i = 0; i < 100; i++) {
			check_text(&run, options, file, text_of(text), artifact, NULL);
			run.findings.count = 0;
			arena_reset(&run.findings.arena);
		}
		count += 100;
		elapsed = clock_monotonic_ns() - start;
	} while (elapsed < SECONDS * NS_PER_SEC);
	check_run_done(&run);
	printf("%-34s %8.0f a second\n", what,
	       (double)count * (double)NS_PER_SEC / (double)elapsed);
}

int main(void)
{
	const struct check_options all = { 0 };
	const struct check_options restricted = { .pod_security = { POD_SECURITY_RESTRICTED, 32 } };

	measure("small Dockerfiles, all checks", "Dockerfile", dockerfile, ARTIFACT_DOCKERFILE,
		&all);
	measure("pods, Pod Security restricted", "pod.yaml", pod, ARTIFACT_MANIFEST, &restricted);
	measure("pods, all checks", "pod.yaml", pod, ARTIFACT_MANIFEST, &all);
	return 0;
}
