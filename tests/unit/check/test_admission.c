/* SPDX-License-Identifier: Apache-2.0 */
/* What an AdmissionReview is answered, by rows: who asks for what, and what is said. */
#include "check/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define POD(spec)                                                                                  \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web\",\"namespace\":"    \
	"\"shop\"},\"spec\":{" spec "}}"
#define CONTAINER "\"containers\":[{\"name\":\"a\",\"image\":\"a:1\"}]"
#define PRIVILEGED                                                                                 \
	"\"containers\":[{\"name\":\"a\",\"image\":\"a:1\",\"securityContext\":{\"privileged\":"   \
	"true}}]"
#define HARDENED                                                                                   \
	"\"securityContext\":{\"runAsNonRoot\":true,\"seccompProfile\":{\"type\":"                 \
	"\"RuntimeDefault\"}},\"containers\":[{\"name\":\"a\",\"image\":\"a:1\","                  \
	"\"securityContext\":{\"allowPrivilegeEscalation\":false,\"capabilities\":{\"drop\":["     \
	"\"ALL\"]}}}]"
#define DEPLOYMENT(spec)                                                                           \
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\"},"     \
	"\"spec\":{\"template\":{\"spec\":{" spec "}}}}"
#define ROLE                                                                                       \
	"{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"Role\",\"metadata\":{"        \
	"\"name\":\"r\"},\"rules\":[{\"apiGroups\":[\"\"],\"resources\":[\"pods\"],\"verbs\":["    \
	"\"*\"]}]}"
#define NAMESPACE(label)                                                                           \
	"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"n\",\"labels\":{"  \
	"\"pod-security.kubernetes.io/enforce\":\"" label "\"}}}"

static const char namespaces[] =
	"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: strict\n  labels:\n"
	"    pod-security.kubernetes.io/enforce: restricted\n"
	"    pod-security.kubernetes.io/enforce-version: v1.24\n"
	"---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: open\n  labels:\n"
	"    pod-security.kubernetes.io/enforce: privileged\n"
	"    pod-security.kubernetes.io/warn: privileged\n"
	"---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: broken\n  labels:\n"
	"    pod-security.kubernetes.io/enforce: strict\n";

static const struct review_case {
	const char *name;
	const char *operation, *namespace, *user, *resource, *subresource, *object, *old;
	const char *has, *lacks; /* parts of the answer */
	bool dry_run, fail_open;
} rows[] = {
	{ "a privileged pod is refused", "CREATE", "shop", "u", "pods", "", POD(PRIVILEGED), NULL,
	  "\"allowed\":false,\"status\":{\"code\":403,\"reason\":\"Forbidden\",\"message\":"
	  "\"violates PodSecurity \\\"baseline:latest\\\": privileged (",
	  "warnings", false, false },
	{ "a plain pod is let through with a warning", "CREATE", "shop", "u", "pods", "",
	  POD(CONTAINER), NULL,
	  "\"warnings\":[\"would violate PodSecurity \\\"restricted:latest\\\"",
	  "\"allowed\":false", false, false },
	{ "controls are listed as Kubernetes does", "CREATE", "strict", "u", "pods", "",
	  POD(PRIVILEGED), NULL, "restricted:v1.24\\\": privileged (", "baseline:latest", false,
	  false },
	{ "a hardened pod gets no warning of the standards", "CREATE", "strict", "u", "pods", "",
	  POD(HARDENED), NULL, "\"allowed\":true", "PodSecurity", false, false },
	{ "a namespace may be open", "CREATE", "open", "u", "pods", "", POD(PRIVILEGED), NULL,
	  "\"enforce-policy\":\"privileged:latest\"", "\"warnings\":[\"would", false, false },
	{ "a broken label means restricted", "CREATE", "broken", "u", "pods", "", POD(CONTAINER),
	  NULL, "violates PodSecurity \\\"restricted:latest\\\"", "\"allowed\":true", false,
	  false },
	{ "what makes pods is warned of, not refused", "CREATE", "strict", "u", "deployments", "",
	  DEPLOYMENT(PRIVILEGED), NULL, "\"allowed\":true,\"warnings\":[\"would violate",
	  "enforce-policy", false, false },
	{ "audit notes", "CREATE", "shop", "u", "pods", "", POD(CONTAINER), NULL,
	  "\"audit-violations\":\"would violate PodSecurity \\\"restricted:latest\\\"", NULL, false,
	  false },
	{ "an exempt user", "CREATE", "shop", "system:root", "pods", "", POD(PRIVILEGED), NULL,
	  "\"allowed\":true,\"auditAnnotations\":{\"exempt\":\"user\"}", NULL, false, false },
	{ "an exempt namespace", "CREATE", "kube-system", "u", "pods", "", POD(PRIVILEGED), NULL,
	  "\"exempt\":\"namespace\"", "\"allowed\":false", false, false },
	{ "an exempt runtime class", "CREATE", "shop", "u", "pods", "",
	  POD("\"runtimeClassName\":\"kata\"," PRIVILEGED), NULL, "\"exempt\":\"runtimeClass\"",
	  "PodSecurity", false, false },
	{ "another check refuses", "CREATE", "shop", "u", "roles", "", ROLE, NULL,
	  "\"message\":\"RB001 wildcard: ", "\"allowed\":true", false, false },
	{ "an exec is none of our business", "CREATE", "shop", "u", "pods", "exec",
	  "{\"apiVersion\":\"v1\",\"kind\":\"PodExecOptions\"}", NULL, "\"allowed\":true", NULL,
	  false, false },
	{ "an ephemeral container is judged", "UPDATE", "shop", "u", "pods", "ephemeralcontainers",
	  POD(CONTAINER ",\"ephemeralContainers\":[{\"name\":\"d\",\"image\":\"d:1\","
			"\"securityContext\":{\"privileged\":true}}]"),
	  POD(CONTAINER), "\"allowed\":false", NULL, false, false },
	{ "an update that changes no image is not", "UPDATE", "shop", "u", "pods", "",
	  POD(PRIVILEGED ",\"activeDeadlineSeconds\":1"), POD(PRIVILEGED), "\"allowed\":true",
	  "warnings", false, false },
	{ "an update of an image is", "UPDATE", "shop", "u", "pods", "",
	  POD("\"containers\":[{\"name\":\"a\",\"image\":\"a:2\",\"securityContext\":{"
	      "\"privileged\":true}}]"),
	  POD(PRIVILEGED), "\"allowed\":false", NULL, false, false },
	{ "a role that stays is not judged again", "UPDATE", "shop", "u", "roles", "", ROLE, ROLE,
	  "\"allowed\":true", "warnings", false, false },
	{ "a deletion passes", "DELETE", "shop", "u", "pods", "", "null", POD(PRIVILEGED),
	  "\"allowed\":true", NULL, false, false },
	{ "a broken label is refused when it is written", "CREATE", "n", "u", "namespaces", "",
	  NAMESPACE("strict"), NULL, "\"code\":422,\"reason\":\"Invalid\"", "\"allowed\":true",
	  false, false },
	{ "and may stay where it was", "UPDATE", "n", "u", "namespaces", "", NAMESPACE("strict"),
	  NAMESPACE("strict"), "\"allowed\":true", "\"code\"", false, false },
	{ "what cannot be judged is refused", "CREATE", "shop", "u", "pods", "", "null", NULL,
	  "\"code\":500", "\"allowed\":true", false, false },
	{ "unless it is to fail open", "CREATE", "shop", "u", "pods", "", "null", NULL,
	  "\"allowed\":true,\"warnings\":[\"mangrove could not", NULL, false, true },
	{ "a dry run refuses nothing", "CREATE", "shop", "u", "pods", "", POD(PRIVILEGED), NULL,
	  "\"allowed\":true,\"warnings\":[\"would be refused: violates", NULL, true, false },
};

static struct text part(const char *field, const char *value, char *out, size_t size)
{
	snprintf(out, size, ",\"%s\":%s", field, value != NULL ? value : "null");
	return text_of(out);
}

static void write_review(const struct review_case *row, struct buffer *out)
{
	char object[4096], old[4096];

	buffer_printf(out,
		      "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
		      "\"request\":{\"uid\":\"7\",\"operation\":\"%s\",\"namespace\":\"%s\","
		      "\"userInfo\":{\"username\":\"%s\"},\"resource\":{\"group\":\"%s\","
		      "\"version\":\"v1\",\"resource\":\"%s\"},\"subResource\":\"%s\"%s%s}}",
		      row->operation, row->namespace, row->user,
		      strcmp(row->resource, "deployments") == 0 ? "apps"
		      : strcmp(row->resource, "roles") == 0     ? "rbac.authorization.k8s.io"
								: "",
		      row->resource, row->subresource,
		      part("object", row->object, object, sizeof(object)).ptr,
		      part("oldObject", row->old, old, sizeof(old)).ptr);
}

static const struct check_options options;
static const char *const exempt_namespaces[] = { "kube-system", NULL };
static const char *const exempt_users[] = { "system:root", NULL };
static const char *const exempt_classes[] = { "kata", NULL };

static struct admission_settings settings_for(const struct review_case *row)
{
	return (struct admission_settings){
		.options = &options,
		.standards = { .enforce = { POD_SECURITY_BASELINE, POD_SECURITY_LATEST },
			       .audit = { POD_SECURITY_RESTRICTED, POD_SECURITY_LATEST },
			       .warn = { POD_SECURITY_RESTRICTED, POD_SECURITY_LATEST } },
		.deny_from = FINDING_ERROR,
		.warn_from = FINDING_WARNING,
		.audit_from = FINDING_INFO,
		.exempt_namespaces = exempt_namespaces,
		.exempt_users = exempt_users,
		.exempt_runtime_classes = exempt_classes,
		.dry_run = row != NULL && row->dry_run,
		.fail_open = row != NULL && row->fail_open,
	};
}

static void load_namespaces(struct admission *admission)
{
	const struct resource_options loading = { 0 };
	AUTO_DIAGNOSTICS struct diagnostics diagnostics;
	AUTO(resource_set_unref) struct resource_set *set = NULL;

	diagnostics_init(&diagnostics);
	assert_int_equal(0, resource_set_parse("n.yaml", text_of(namespaces), &loading,
					       &diagnostics, &set, NULL));
	admission_set_namespaces(admission, set);
	admission_set_namespaces(admission, set); /* again, as a reload does */
}

static void check_review(void **state)
{
	const struct review_case *row = *state;
	const struct admission_settings settings = settings_for(row);
	struct admission *admission = admission_new(&settings);
	AUTO_BUFFER struct buffer review = { 0 }, answer = { 0 };
	struct admission_outcome outcome;
	struct error err = { 0 };

	load_namespaces(admission);
	write_review(row, &review);
	if (admission_review(admission, buffer_text(&review), (struct pod_security){ 0 }, &answer,
			     &outcome, &err)
	    != 0)
		fail_msg("%s", err.text);
	if (strstr(answer.data, row->has) == NULL)
		fail_msg("no '%s' in %s", row->has, answer.data);
	if (row->lacks != NULL && strstr(answer.data, row->lacks) != NULL)
		fail_msg("'%s' in %s", row->lacks, answer.data);
	assert_non_null(strstr(answer.data, "\"uid\":\"7\""));
	assert_int_equal(outcome.allowed, strstr(answer.data, "\"allowed\":true") != NULL);
	admission_free(admission);
}

static void the_caller_may_know_the_level(void **state)
{
	const struct admission_settings settings = settings_for(NULL);
	struct admission *admission = admission_new(&settings);
	AUTO_BUFFER struct buffer review = { 0 }, answer = { 0 };
	struct admission_outcome outcome;

	(void)state;
	write_review(&rows[1], &review);
	assert_int_equal(0, admission_review(admission, buffer_text(&review),
					     (struct pod_security){ POD_SECURITY_RESTRICTED, 30 },
					     &answer, &outcome, NULL));
	assert_int_equal(ADMISSION_DENIED, outcome.verdict);
	assert_non_null(strstr(outcome.reason, "restricted:v1.30"));
	admission_free(admission);
}

static void what_is_no_review_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1beta1\"}",
		"{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\"}",
		"{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":"
		"{\"uid\":\"1\"}}",
		"{\"kind\":",
		"{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{"
		"\"uid\":\"1\",\"operation\":\"CREATE\",\"resource\":{\"resource\":\"pods\"},"
		"\"object\":{\"kind\":\"Pod\"},\"object\":{\"kind\":\"Node\"}}}",
	};
	const struct admission_settings settings = settings_for(NULL);
	struct admission *admission = admission_new(&settings);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		AUTO_BUFFER struct buffer answer = { 0 };
		struct admission_outcome outcome;
		struct error err = { 0 };

		assert_true(admission_review(admission, text_of(bad[i]), (struct pod_security){ 0 },
					     &answer, &outcome, &err)
			    < 0);
		assert_int_equal(0, answer.len);
		assert_true(err.text[0] != '\0');
	}
	admission_free(admission);
}

int main(void)
{
	static struct CMUnitTest tests[COUNT_OF(rows) + 2];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_review,
						.initial_state = (void *)&rows[i] };
	tests[COUNT_OF(rows)] = (struct CMUnitTest)cmocka_unit_test(the_caller_may_know_the_level);
	tests[COUNT_OF(rows) + 1] =
		(struct CMUnitTest)cmocka_unit_test(what_is_no_review_is_refused);
	return _cmocka_run_group_tests("admission", tests, COUNT_OF(tests), NULL, NULL);
}
