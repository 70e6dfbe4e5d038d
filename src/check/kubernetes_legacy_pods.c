/* SPDX-License-Identifier: Apache-2.0 */
/* kubernetes_legacy_pods.c — workloads that PodSecurityPolicies or SecurityContextConstraints
 * govern: which are refused, and which Pod Security level each can move to. */
#include "check/kubernetes.h"
#include "check/kubernetes_legacy.h"
#include "check/pod_security.h"

struct rulings { /* of the policies of one kind on one workload */
	size_t policies, governing;
	const struct tree_object *admits; /* the first that lets it through, or NULL */
	struct buffer refusals;
};

static void judge(struct examination *exam, const struct legacy_kind *kind,
		  const struct manifest_object *workload, struct rulings *out)
{
	for (size_t i = 0; i < exam->tree->count; i++) {
		const struct tree_object *policy = &exam->tree->objects[i];
		const char *refusal;

		if (legacy_kind_of(&policy->object) != kind)
			continue;
		out->policies++;
		if (!legacy_governs(exam->tree, policy, workload))
			continue;
		out->governing++;
		refusal = legacy_refusal(&policy->object, workload->pod_spec, exam->arena);
		if (refusal == NULL && out->admits == NULL)
			out->admits = policy;
		if (refusal != NULL)
			buffer_printf(&out->refusals, "%s%.*s (%s)",
				      out->refusals.len > 0 ? ", " : "",
				      TEXT_ARGS(policy->object.name), refusal);
	}
}

static void each_ruling(struct examination *exam, const struct manifest_object *workload,
			void (*visit)(struct examination *, const struct legacy_kind *,
				      const struct manifest_object *, const struct rulings *))
{
	for (size_t i = 0; i < LEGACY_KINDS; i++) {
		struct rulings rulings = { 0 };

		judge(exam, &legacy_kinds[i], workload, &rulings);
		if (rulings.policies > 0)
			visit(exam, &legacy_kinds[i], workload, &rulings);
		buffer_done(&rulings.refusals);
	}
}

static void report_refusal(struct examination *exam, const struct legacy_kind *kind,
			   const struct manifest_object *workload, const struct rulings *rulings)
{
	const struct value *at = value_find(workload->root, "metadata.name");

	if (rulings->admits != NULL)
		return;
	if (rulings->governing == 0)
		manifest_report(exam, workload, at,
				"no role lets its account use any %s: it is refused", kind->kind);
	else
		manifest_report(exam, workload, at, "every %s that it may use refuses it: %s",
				kind->kind, rulings->refusals.data);
}

static void check_refused(struct examination *exam, const struct manifest_object *workload)
{
	each_ruling(exam, workload, report_refusal);
}

void k8_legacy_refuses(struct examination *exam)
{
	each_workload(exam, check_refused);
}

/* ---- the way over ---- */

/* The ids of the controls that the pod violates: "PS003, PS014". */
static void violations(const struct examination *exam, const struct manifest_object *workload,
		       enum pod_security_level level, struct buffer *out)
{
	const struct check_options options = { 0 };
	const struct check *last = NULL;
	struct findings findings;
	struct examination trial = { .options = &options,
				     .file = exam->file,
				     .text = exam->text,
				     .lines = exam->lines,
				     .arena = exam->arena,
				     .findings = &findings };

	findings_init(&findings);
	pod_judge(&trial, workload, (struct pod_security){ level, POD_SECURITY_LATEST });
	for (size_t i = 0; i < findings.count; i++) {
		if (findings.items[i].check != last)
			buffer_printf(out, "%s%s", out->len > 0 ? ", " : "",
				      findings.items[i].check->id);
		last = findings.items[i].check;
	}
	findings_done(&findings);
}

static void report_migration(struct examination *exam, const struct legacy_kind *kind,
			     const struct manifest_object *workload, const struct rulings *rulings)
{
	AUTO_BUFFER struct buffer baseline = { 0 }, restricted = { 0 };
	const struct value *at = value_find(workload->root, "metadata.name");
	const char *level = "restricted";

	if (rulings->admits == NULL)
		return;
	violations(exam, workload, POD_SECURITY_BASELINE, &baseline);
	violations(exam, workload, POD_SECURITY_RESTRICTED, &restricted);
	if (restricted.len > 0)
		level = baseline.len > 0 ? "privileged" : "baseline";
	manifest_report(
		exam, workload, at,
		"%s %.*s lets it through; without it, label namespace %.*s "
		"pod-security.kubernetes.io/enforce: %s%s%s",
		kind->kind, TEXT_ARGS(rulings->admits->object.name),
		TEXT_ARGS(workload->namespace.len > 0 ? workload->namespace : TEXT("default")),
		level, restricted.len > 0 ? "; for restricted mend " : "",
		restricted.len > 0 ? restricted.data : "");
}

static void check_migration(struct examination *exam, const struct manifest_object *workload)
{
	each_ruling(exam, workload, report_migration);
}

void k8_legacy_migration(struct examination *exam)
{
	each_workload(exam, check_migration);
}
