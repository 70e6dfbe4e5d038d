/* SPDX-License-Identifier: Apache-2.0 */
#include "check/admission.h"

#include "check/admission_parts.h"
#include "check/manifest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define UID_MAX     128
#define WARNING_MAX 1024 /* bytes */

struct admission *admission_new(const struct admission_settings *settings)
{
	struct admission *admission = MEM_NEW(struct admission);

	admission->settings = settings;
	arena_init(&admission->arena, 4096);
	return admission;
}

void admission_free(struct admission *admission)
{
	if (admission == NULL)
		return;
	map_done(&admission->namespaces);
	arena_done(&admission->arena);
	mem_free(admission);
}

void admission_set_namespaces(struct admission *admission, const struct resource_set *set)
{
	const struct resource_list list = resource_set_list(set, KIND_NAMESPACE);

	map_done(&admission->namespaces);
	admission->namespaces = (struct map){ 0 };
	arena_reset(&admission->arena);
	for (size_t i = 0; i < list.count; i++) {
		const struct text name = list.items[i]->name;
		struct pod_standards *standards =
			ARENA_NEW(&admission->arena, struct pod_standards);

		*standards = pod_standards_of(&admission->settings->standards, label_of_map,
					      &list.items[i]->labels, NULL);
		map_put(&admission->namespaces,
			(struct text){ arena_strndup(&admission->arena, name.ptr, name.len),
				       name.len },
			standards);
	}
}

const char *admission_verdict_name(enum admission_verdict verdict)
{
	static const char *const names[] = { "denied", "allowed", "exempt", "unexamined" };

	return names[verdict];
}

/* ---- a decision as it grows ---- */

void decision_deny(struct decision *decision, unsigned code, const char *fmt, ...)
{
	AUTO_BUFFER struct buffer text = { 0 };
	va_list args;

	va_start(args, fmt);
	buffer_vprintf(&text, fmt, args);
	va_end(args);
	if (decision->denied != NULL)
		decision->denied =
			arena_printf(decision->arena, "%s; %s", decision->denied, text.data);
	else
		decision->denied = arena_strndup(decision->arena, text.data, text.len);
	decision->code = MAX_OF(decision->code, code);
}

void decision_warn(struct decision *decision, const char *fmt, ...)
{
	char text[WARNING_MAX];
	va_list args;

	if (decision->warning_count++ >= WARNINGS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	decision->warnings[decision->warning_count - 1] = arena_strdup(decision->arena, text);
}

void decision_annotate(struct decision *decision, const char *key, const char *value)
{
	if (decision->annotation_count < ANNOTATIONS_MAX)
		decision->annotations[decision->annotation_count++] =
			(struct annotation){ key, value };
}

/* ---- reading ---- */

/* A key that stands twice with two values: two readers would read two objects. */
static void note_problem(void *context, bool is_error, const struct error *problem)
{
	struct error *first = context;

	if (is_error && first->code == 0)
		*first = *problem;
}

static const struct value *object_of(const struct value *request, const char *key)
{
	const struct value *value = value_get(request, key);

	return value != NULL && value->type == VALUE_MAPPING ? value : NULL;
}

static int read_request(const struct value *review, struct admission_request *out,
			struct error *err)
{
	const struct value *request = object_of(review, "request");

	if (!text_is(manifest_text(review, "kind"), "AdmissionReview")
	    || !text_is(manifest_text(review, "apiVersion"), "admission.k8s.io/v1"))
		return error_set(err, -EINVAL,
				 "not an AdmissionReview of admission.k8s.io/v1; the webhook's "
				 "admissionReviewVersions must be [v1]");
	*out = (struct admission_request){
		.uid = manifest_text(request, "uid"),
		.operation = manifest_text(request, "operation"),
		.namespace = manifest_text(request, "namespace"),
		.name = manifest_text(request, "name"),
		.user = manifest_text(request, "userInfo.username"),
		.group = manifest_text(request, "resource.group"),
		.resource = manifest_text(request, "resource.resource"),
		.subresource = manifest_text(request, "subResource"),
		.object = object_of(request, "object"),
		.old = object_of(request, "oldObject"),
		.enforce = out->enforce,
		.review = out->review,
	};
	if (out->uid.len == 0 || out->uid.len > UID_MAX || out->operation.len == 0
	    || out->resource.len == 0)
		return error_set(err, -EINVAL,
				 "the request of the review has no uid, operation or resource");
	return 0;
}

/* ---- answering ---- */

static void write_status(struct json_writer *json, const struct decision *decision)
{
	json_key(json, "status");
	json_begin_object(json);
	json_key(json, "code");
	json_number(json, decision->code);
	json_key(json, "reason");
	json_cstring(json, decision->code == 422   ? "Invalid"
			   : decision->code == 403 ? "Forbidden"
						   : "InternalError");
	json_key(json, "message");
	json_cstring(json, decision->denied);
	json_end_object(json);
}

static void write_warnings(struct json_writer *json, const struct decision *decision)
{
	char more[64];

	json_key(json, "warnings");
	json_begin_array(json);
	for (size_t i = 0; i < MIN_OF(decision->warning_count, (size_t)WARNINGS_MAX); i++)
		json_cstring(json, decision->warnings[i]);
	if (decision->warning_count > WARNINGS_MAX) {
		snprintf(more, sizeof(more), "and %zu more",
			 decision->warning_count - WARNINGS_MAX);
		json_cstring(json, more);
	}
	json_end_array(json);
}

static void write_annotations(struct json_writer *json, const struct decision *decision)
{
	json_key(json, "auditAnnotations");
	json_begin_object(json);
	for (size_t i = 0; i < decision->annotation_count; i++) {
		json_key(json, decision->annotations[i].key);
		json_cstring(json, decision->annotations[i].value);
	}
	json_end_object(json);
}

static void write_answer(struct buffer *out, struct text uid, const struct decision *decision)
{
	struct json_writer json = { .out = out };

	json_begin_object(&json);
	json_key(&json, "apiVersion");
	json_cstring(&json, "admission.k8s.io/v1");
	json_key(&json, "kind");
	json_cstring(&json, "AdmissionReview");
	json_key(&json, "response");
	json_begin_object(&json);
	json_key(&json, "uid");
	json_text(&json, uid);
	json_key(&json, "allowed");
	json_bool(&json, decision->denied == NULL);
	if (decision->denied != NULL)
		write_status(&json, decision);
	else if (decision->warning_count > 0) /* who is refused needs no warnings beside */
		write_warnings(&json, decision);
	if (decision->annotation_count > 0)
		write_annotations(&json, decision);
	json_end_object(&json);
	json_end_object(&json);
	buffer_add_char(out, '\n');
}

static void describe(const struct admission_request *request, const struct decision *decision,
		     struct admission_outcome *out)
{
	*out = (struct admission_outcome){
		.verdict = decision->is_exempt       ? ADMISSION_EXEMPT
			   : decision->is_unexamined ? ADMISSION_UNEXAMINED
			   : decision->denied        ? ADMISSION_DENIED
						     : ADMISSION_ALLOWED,
		.allowed = decision->denied == NULL,
		.warnings = decision->warning_count,
	};
	snprintf(out->object, sizeof(out->object), "%.*s %.*s/%.*s/%.*s by %.*s",
		 TEXT_ARGS(request->operation), TEXT_ARGS(request->resource),
		 TEXT_ARGS(request->namespace), TEXT_ARGS(request->name), TEXT_ARGS(request->user));
	if (decision->denied != NULL)
		snprintf(out->reason, sizeof(out->reason), "%s", decision->denied);
}

/* Nothing is refused on a dry run: the refusal becomes the first warning. */
static void relent(struct decision *decision, struct admission_outcome *outcome)
{
	const char *refusal = decision->denied;

	decision->denied = NULL;
	decision->warning_count = 0;
	decision_warn(decision, "would be refused: %s", refusal);
	outcome->allowed = true;
}

int admission_review(struct admission *admission, struct text review, struct pod_security enforce,
		     struct buffer *out, struct admission_outcome *outcome, struct error *err)
{
	const struct value_source source = { .file = "review", .bytes = review, .is_json = true };
	AUTO_ARENA struct arena arena;
	struct admission_request request = { .enforce = enforce, .review = review };
	struct decision decision = { .arena = &arena };
	struct error problem = { 0 };
	const struct value *document = NULL;
	const char *exempt;
	int result;

	arena_init(&arena, 65536);
	if (review.len > ADMISSION_REVIEW_MAX)
		return error_set(err, -EFBIG, "the review is larger than %zu bytes",
				 ADMISSION_REVIEW_MAX);
	result = value_parse(&arena, &source, note_problem, &problem, &document, err);
	if (result == 0 && problem.code != 0)
		result = error_set(err, -EINVAL, "%s", problem.text);
	if (result == 0)
		result = read_request(document, &request, err);
	if (result != 0)
		return result;
	exempt = admission_exempt(admission->settings, &request);
	if (exempt != NULL) {
		decision.is_exempt = true;
		decision_annotate(&decision, "exempt", exempt);
	} else if (admission_is_of_interest(&request)) {
		admission_judge(admission, &request, &decision);
	}
	describe(&request, &decision, outcome);
	if (decision.denied != NULL && admission->settings->dry_run)
		relent(&decision, outcome);
	write_answer(out, request.uid, &decision);
	return 0;
}
