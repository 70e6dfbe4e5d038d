/* SPDX-License-Identifier: Apache-2.0 */
/* bench_check.c — files examined a second on one core, everything included but reading them:
 * `./dev bench check`. Counted is the time that the processor spent on it, so that whoever else
 * uses the machine changes little. */
#include "check/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECONDS 3

static uint64_t spent_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * NS_PER_SEC + (uint64_t)time.tv_nsec;
}

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
	const uint64_t start = spent_ns();
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
		elapsed = spent_ns() - start;
	} while (elapsed < SECONDS * NS_PER_SEC);
	check_run_done(&run);
	printf("%-34s %8.0f a second\n", what,
	       (double)count * (double)NS_PER_SEC / (double)elapsed);
}

static const char review[] =
	"{\"apiVersion\":\"admission.k8s.io/"
	"v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"1\","
	"\"operation\":\"CREATE\",\"namespace\":\"shop\",\"userInfo\":{\"username\":\"u\"},"
	"\"resource\":{\"group\":\"\",\"resource\":\"pods\"},\"object\":{\"apiVersion\":\"v1\","
	"\"kind\":\"Pod\",\"metadata\":{\"name\":\"web\",\"labels\":{\"app\":\"web\"}},\"spec\":{"
	"\"containers\":[{\"name\":\"web\",\"image\":\"web:1\",\"ports\":[{\"containerPort\":8080}]"
	","
	"\"env\":[{\"name\":\"A\",\"value\":\"b\"}],\"resources\":{\"limits\":{\"memory\":\"64Mi\"}"
	"}},"
	"{\"name\":\"proxy\",\"image\":\"proxy:1\",\"securityContext\":{\"privileged\":true}}]}}}}";

static int compare_times(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void measure_admission(const struct check_options *options)
{
	enum { COUNT = 20000 };
	const struct pod_security restricted = { POD_SECURITY_RESTRICTED, POD_SECURITY_LATEST };
	const struct admission_settings settings = {
		.options = options,
		.standards = { restricted, restricted, restricted },
		.deny_from = FINDING_ERROR,
		.warn_from = FINDING_WARNING,
		.audit_from = FINDING_INFO,
	};
	struct admission *admission = admission_new(&settings);
	uint64_t *times = mem_alloc_array(COUNT, sizeof(*times));
	AUTO_BUFFER struct buffer answer = { 0 };

	for (int i = 0; i < COUNT; i++) {
		const uint64_t start = spent_ns();
		struct admission_outcome outcome;

		buffer_clear(&answer);
		admission_review(admission, text_of(review), (struct pod_security){ 0 }, &answer,
				 &outcome, NULL);
		times[i] = spent_ns() - start;
	}
	qsort(times, COUNT, sizeof(*times), compare_times);

	const uint64_t *median = times + COUNT / 2, *late = times + COUNT * 99 / 100;

	printf("%-34s %8.1f us median, %.1f us p99\n", "admission reviews, three modes",
	       (double)*median / 1000, (double)*late / 1000);
	mem_free(times);
	admission_free(admission);
}

int main(void)
{
	const struct check_options all = { 0 };
	const struct check_options restricted = { .pod_security = { POD_SECURITY_RESTRICTED, 32 } };

	measure("small Dockerfiles, all checks", "Dockerfile", dockerfile, ARTIFACT_DOCKERFILE,
		&all);
	measure("pods, Pod Security restricted", "pod.yaml", pod, ARTIFACT_MANIFEST, &restricted);
	measure("pods, all checks", "pod.yaml", pod, ARTIFACT_MANIFEST, &all);
	measure_admission(&all);
	return 0;
}
