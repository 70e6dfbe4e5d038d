/* SPDX-License-Identifier: Apache-2.0 */
/* admission_judge.c — one object: its pod by the standards, all of it by the other checks. */
#include "check/admission_parts.h"
#include "check/examine.h"
#include "check/pod_security.h"
#include "check/select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What only says something of files: where a Secret lies, which text stands twice. */
static const char *const about_files[] = { "K8S021", "K8S027" };

struct judgement {
	const struct admission *admission;
	const struct admission_request *request;
	struct decision *decision;
	struct manifest manifest;
	struct line_index lines; /* of the review: findings have their places there */
};

typedef void (*examine_fn)(struct examination *exam, const struct judgement *judgement,
			   struct pod_security standard);

/* Findings of one run over the object, as configuration leaves them. */
static int examine(const struct judgement *judgement, examine_fn run, struct pod_security standard,
		   struct findings *out, struct error *err)
{
	struct check_options options = *judgement->admission->settings->options;
	struct examination exam = {
		.options = &options,
		.file = judgement->manifest.objects[0].path, /* what exceptions name */
		.text = judgement->request->review,
		.lines = judgement->lines,
		.arena = judgement->decision->arena,
		.findings = out,
		.manifest = &judgement->manifest,
	};

	options.no_pragmas = true;
	options.show_from = FINDING_OFF;
	run(&exam, judgement, standard);
	select_findings(&exam, 0);
	if (exam.reported > EXAM_FINDINGS_MAX)
		return error_set(err, -EFBIG, "more than %d findings", EXAM_FINDINGS_MAX);
	return 0;
}

/* ---- Pod Security ---- */

static void run_standard(struct examination *exam, const struct judgement *judgement,
			 struct pod_security standard)
{
	for (size_t i = 0; i < judgement->manifest.count; i++)
		if (judgement->manifest.objects[i].pod_spec != NULL)
			pod_judge(exam, &judgement->manifest.objects[i], standard);
}

/* The baseline's controls first, by name, as Kubernetes lists them. */
static int compare_controls(const void *left, const void *right)
{
	const struct check *a = ((const struct finding *)left)->check;
	const struct check *b = ((const struct finding *)right)->check;
	const int order = (int)pod_control_of(a)->level - (int)pod_control_of(b)->level;

	return order != 0 ? order : strcmp(a->name, b->name);
}

/* `reason (detail; detail), reason (detail)` */
static void list_violations(struct findings *findings, struct buffer *out)
{
	const struct check *last = NULL;

	if (findings->count > 1)
		qsort(findings->items, findings->count, sizeof(*findings->items), compare_controls);
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		if (finding->suppressed != NULL)
			continue;
		if (finding->check == last)
			buffer_printf(out, "; %s", finding->message);
		else
			buffer_printf(out, "%s%s (%s", last != NULL ? "), " : "",
				      pod_control_of(finding->check)->reason, finding->message);
		last = finding->check;
	}
	if (last != NULL)
		buffer_add_char(out, ')');
}

/* What of the pod violates the standard: "" where nothing does. */
static const char *violations(const struct judgement *judgement, struct pod_security standard,
			      struct error *err)
{
	struct findings findings;
	AUTO_BUFFER struct buffer text = { 0 };
	char name[POD_SECURITY_TEXT_MAX];

	if (standard.level <= POD_SECURITY_PRIVILEGED)
		return "";
	findings_init(&findings);
	if (examine(judgement, run_standard, standard, &findings, err) == 0)
		list_violations(&findings, &text);
	findings_done(&findings);
	if (text.len == 0)
		return "";
	return arena_printf(judgement->decision->arena, "violate PodSecurity \"%s\": %s",
			    pod_security_format(standard, name), text.data);
}

static struct pod_standards standards_of(const struct judgement *judgement)
{
	const struct admission *admission = judgement->admission;
	const struct admission_request *request = judgement->request;
	const struct pod_standards *known = map_get(&admission->namespaces, request->namespace);
	struct pod_standards standards = admission->settings->standards;

	if (known != NULL)
		return *known;
	if (request->enforce.level != POD_SECURITY_NONE)
		standards.enforce = request->enforce;
	return standards;
}

static bool is_pod(const struct admission_request *request)
{
	return request->group.len == 0 && text_is(request->resource, "pods");
}

static bool is_exempt_runtime(const struct judgement *judgement)
{
	const char *const *classes = judgement->admission->settings->exempt_runtime_classes;
	const struct text class =
		manifest_text(judgement->manifest.objects[0].pod_spec, "runtimeClassName");

	for (; classes != NULL && *classes != NULL && class.len > 0; classes++)
		if (text_is(class, *classes))
			return true;
	return false;
}

/* Only pods are refused: what makes pods is warned of, so that it is known before they fail. */
static void judge_pod(const struct judgement *judgement, struct error *err)
{
	const struct pod_standards standards = standards_of(judgement);
	struct decision *decision = judgement->decision;
	const char *enforced, *audited, *warned;
	char name[POD_SECURITY_TEXT_MAX];

	if (judgement->manifest.objects[0].pod_spec == NULL)
		return;
	if (is_exempt_runtime(judgement)) {
		decision_annotate(decision, "exempt", "runtimeClass");
		return;
	}
	enforced = is_pod(judgement->request) ? violations(judgement, standards.enforce, err) : "";
	audited = violations(judgement, standards.audit, err);
	warned = violations(judgement, standards.warn, err);
	if (is_pod(judgement->request))
		decision_annotate(decision, "enforce-policy",
				  arena_strdup(decision->arena,
					       pod_security_format(standards.enforce, name)));
	if (enforced[0] != '\0')
		decision_deny(decision, 403, "violates%s", enforced + strlen("violate"));
	if (audited[0] != '\0')
		decision_annotate(decision, "audit-violations",
				  arena_printf(decision->arena, "would %s", audited));
	if (warned[0] != '\0')
		decision_warn(decision, "would %s", warned);
}

/* ---- the other checks ---- */

static void run_others(struct examination *exam, const struct judgement *judgement,
		       struct pod_security standard)
{
	(void)judgement;
	(void)standard;
	examine_objects(exam);
}

static bool is_about_files(const struct check *check)
{
	for (size_t i = 0; i < COUNT_OF(about_files); i++)
		if (strcmp(check->id, about_files[i]) == 0)
			return true;
	return false;
}

static bool reaches(enum finding_severity severity, enum finding_severity from)
{
	return from != FINDING_OFF && severity >= from;
}

static void weigh(const struct judgement *judgement, const struct finding *finding,
		  struct buffer *denials, struct buffer *notes)
{
	const struct admission_settings *settings = judgement->admission->settings;

	if (reaches(finding->severity, settings->deny_from))
		buffer_printf(denials, "%s%s %s: %s", denials->len > 0 ? "; " : "",
			      finding->check->id, finding->check->name, finding->message);
	else if (reaches(finding->severity, settings->warn_from))
		decision_warn(judgement->decision, "%s %s: %s", finding->check->id,
			      finding->check->name, finding->message);
	if (reaches(finding->severity, settings->audit_from))
		buffer_printf(notes, "%s%s: %s", notes->len > 0 ? "; " : "", finding->check->id,
			      finding->message);
}

static void judge_others(const struct judgement *judgement, struct error *err)
{
	struct decision *decision = judgement->decision;
	AUTO_BUFFER struct buffer denials = { 0 }, notes = { 0 };
	struct findings findings;

	findings_init(&findings);
	if (examine(judgement, run_others, (struct pod_security){ 0 }, &findings, err) == 0)
		for (size_t i = 0; i < findings.count; i++)
			if (findings.items[i].suppressed == NULL
			    && !is_about_files(findings.items[i].check))
				weigh(judgement, &findings.items[i], &denials, &notes);
	findings_done(&findings);
	if (denials.len > 0)
		decision_deny(decision, 403, "%s", denials.data);
	if (notes.len > 0)
		decision_annotate(decision, "findings",
				  arena_strndup(decision->arena, notes.data, notes.len));
}

/* ---- the whole ---- */

/* Broken labels are refused when they are written; those that were there before may stay. */
static void judge_labels(const struct judgement *judgement)
{
	const struct admission_request *request = judgement->request;
	const struct pod_standards *defaults = &judgement->admission->settings->standards;
	struct error fault = { 0 }, before = { 0 };

	if (request->group.len > 0 || !text_is(request->resource, "namespaces"))
		return;
	pod_standards_of(defaults, label_of_value, value_find(request->object, "metadata.labels"),
			 &fault);
	pod_standards_of(defaults, label_of_value, value_find(request->old, "metadata.labels"),
			 &before);
	if (fault.code != 0 && strcmp(fault.text, before.text) != 0)
		decision_deny(judgement->decision, 422, "%s", fault.text);
}

/* What cannot be judged passes only where the settings say so. */
static void give_up(const struct judgement *judgement, const struct error *err)
{
	struct decision *decision = judgement->decision;

	decision->is_unexamined = true;
	decision_annotate(decision, "error", arena_strdup(decision->arena, err->text));
	if (judgement->admission->settings->fail_open)
		decision_warn(decision, "mangrove could not examine the object: %s", err->text);
	else
		decision_deny(decision, 500, "the object could not be examined: %s", err->text);
}

void admission_judge(const struct admission *admission, const struct admission_request *request,
		     struct decision *decision)
{
	struct judgement judgement = { .admission = admission,
				       .request = request,
				       .decision = decision };
	struct findings scratch;
	struct examination exam = { .options = admission->settings->options,
				    .arena = decision->arena,
				    .findings = &scratch };
	struct error err = { 0 };
	struct value object;

	if (request->object == NULL) {
		error_set(&err, -EINVAL, "the request has none");
		give_up(&judgement, &err);
		return;
	}
	object = *request->object; /* alone: what follows it in the review is no document */
	object.next = NULL;
	findings_init(&scratch); /* has the objects' names */
	line_index_init(&judgement.lines, request->review, decision->arena);
	if (manifest_collect(&judgement.manifest, &exam, &object, &err) == 0
	    && judgement.manifest.count == 0)
		error_set(&err, -EINVAL, "it has no apiVersion and kind");
	if (err.code == 0) {
		judge_labels(&judgement);
		judge_pod(&judgement, &err);
		judge_others(&judgement, &err);
	}
	if (err.code != 0)
		give_up(&judgement, &err);
	findings_done(&scratch);
}
