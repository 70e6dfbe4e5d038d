/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/explain_compare.h"

#include "cmd/command.h"
#include "cmd/explain_print.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXAMPLE_MAX 3 /* requests shown of a group */

/* Requests whose verdict changes in the same way by the same rules. */
struct change_group {
	struct decision before, after;
	struct text destination;
	size_t count;
	struct text examples[EXAMPLE_MAX];
};

struct comparison {
	struct explain_world before, after;
	struct arena arena; /* of a line */
	struct arena kept;  /* groups and what they show */
	struct map groups;  /* by both deciding rules and the destination */
	struct explain_request request;
	size_t requests, changed, unreadable;
};

/* ---- judging ---- */

static struct decision judge(struct comparison *comparison, struct explain_world *world,
			     struct text line, struct error *err)
{
	struct explain_request *request = &comparison->request;
	struct decision decision = { .status = 400, .detail = "the path cannot be normalised" };
	const struct explain_workload *workload;
	struct evaluation evaluation;

	explain_request_init(request, &comparison->arena);
	request->input.facts.time_ns = clock_wall_ns();
	if (explain_request_parse(request, line, err) != 0)
		return decision;
	workload = explain_world_find(world, request->namespace, request->workload);
	if (workload == NULL || explain_request_finish(request, world, workload) != 0)
		return decision;
	policy_evaluate(workload->policy, &request->input, &evaluation);
	decision = evaluation.decision;
	evaluation_done(&evaluation);
	return decision;
}

static struct text describe_request(struct arena *arena, const struct explain_request *request)
{
	const struct request_facts *facts = &request->input.facts;
	struct text who =
		facts->peer.ptr != NULL ? identity_principal(facts->peer) : TEXT("plaintext");
	const char *text =
		facts->protocol == REQUEST_TCP
			? arena_printf(arena, "TCP to port %u from %.*s", facts->destination_port,
				       TEXT_ARGS(who))
			: arena_printf(arena, "%.*s %.*s from %.*s", TEXT_ARGS(facts->method),
				       TEXT_ARGS(facts->path), TEXT_ARGS(who));

	return text_of(text);
}

static struct change_group *group_of(struct comparison *comparison, const struct decision *before,
				     const struct decision *after)
{
	const struct explain_request *request = &comparison->request;
	struct text destination =
		text_of(arena_printf(&comparison->arena, "%.*s/%.*s", TEXT_ARGS(request->namespace),
				     TEXT_ARGS(request->workload)));
	struct text key = text_of(arena_printf(
		&comparison->arena, "%d%u%s|%d%u%s|%.*s", before->verdict, before->status,
		before->by != NULL ? before->by->id : before->detail, after->verdict, after->status,
		after->by != NULL ? after->by->id : after->detail, TEXT_ARGS(destination)));
	struct change_group *group = map_get(&comparison->groups, key);

	if (group != NULL)
		return group;
	group = ARENA_NEW(&comparison->kept, struct change_group);
	group->before = *before;
	group->after = *after;
	group->destination =
		text_of(arena_strndup(&comparison->kept, destination.ptr, destination.len));
	map_put(&comparison->groups, text_of(arena_strndup(&comparison->kept, key.ptr, key.len)),
		group);
	return group;
}

static void compare_line(struct comparison *comparison, struct text line)
{
	struct error err = { 0 };
	struct decision before = judge(comparison, &comparison->before, line, &err);
	struct decision after = judge(comparison, &comparison->after, line, &err);
	struct change_group *group;

	if (err.code == -ENOMSG)
		return;
	comparison->requests++;
	if (err.code != 0) {
		comparison->unreadable++;
		return;
	}
	if (before.verdict == after.verdict && before.status == after.status)
		return;
	comparison->changed++;
	group = group_of(comparison, &before, &after);
	if (group->count < EXAMPLE_MAX)
		group->examples[group->count] =
			describe_request(&comparison->kept, &comparison->request);
	group->count++;
}

static int read_log(struct comparison *comparison, const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0;
	ssize_t len;

	if (file == NULL) {
		fprintf(stderr, "mangrove explain: %s: %s\n", path, strerror(errno));
		return STATUS_USAGE;
	}
	while ((len = getline(&line, &capacity, file)) >= 0) {
		if (len > 1)
			compare_line(comparison, (struct text){ line, (size_t)len });
		arena_reset(&comparison->arena);
	}
	free(line);
	if (file != stdin)
		fclose(file);
	return STATUS_FINE;
}

/* ---- reporting ---- */

static int by_weight(const void *a, const void *b)
{
	const struct change_group *x = *(struct change_group *const *)a;
	const struct change_group *y = *(struct change_group *const *)b;

	if (x->after.verdict != y->after.verdict) /* what opens comes first */
		return x->after.verdict == VERDICT_ALLOW ? -1 : 1;
	return x->count > y->count ? -1 : x->count < y->count;
}

static const char *verdict_name(const struct decision *decision)
{
	return decision->verdict == VERDICT_ALLOW ? "allow" : "deny";
}

static void write_side(struct buffer *out, const char *side, const struct decision *decision)
{
	buffer_printf(out, "    %s  %-5s %3u  ", side, verdict_name(decision), decision->status);
	if (decision->by != NULL)
		buffer_printf(out, "%s/%s rule %u  %s:%u\n", decision->by->namespace,
			      decision->by->policy, decision->by->rule, decision->by->at.file,
			      decision->by->at.line);
	else
		buffer_printf(out, "%s\n", explain_reason(decision));
}

static void write_group_text(struct buffer *out, const struct change_group *group)
{
	buffer_printf(out, "%s  %zu request%s to %.*s\n",
		      group->after.verdict == VERDICT_ALLOW   ? "OPENS "
		      : group->before.verdict == VERDICT_DENY ? "STATUS"
							      : "CLOSES",
		      group->count, group->count == 1 ? "" : "s", TEXT_ARGS(group->destination));
	write_side(out, "old", &group->before);
	write_side(out, "new", &group->after);
	for (size_t i = 0; i < group->count && i < EXAMPLE_MAX; i++)
		buffer_printf(out, "      %.*s\n", TEXT_ARGS(group->examples[i]));
	buffer_add_char(out, '\n');
}

static void write_side_json(struct json_writer *json, const char *side,
			    const struct decision *decision)
{
	const struct rule_origin *by = decision->by;

	json_key(json, side);
	json_begin_object(json);
	json_key(json, "decision");
	json_cstring(json, verdict_name(decision));
	json_key(json, "status");
	json_number(json, decision->status);
	json_key(json, "stage");
	json_cstring(json, decision_stage_name(decision->stage));
	json_key(json, "rule");
	json_cstring(json, by != NULL ? by->id : NULL);
	json_key(json, "file");
	json_cstring(json, by != NULL ? by->at.file : NULL);
	json_key(json, "line");
	json_number(json, by != NULL ? by->at.line : 0);
	json_end_object(json);
}

static void write_group_json(struct buffer *out, const struct change_group *group)
{
	struct json_writer json = { .out = out };

	json_begin_object(&json);
	json_key(&json, "destination");
	json_text(&json, group->destination);
	json_key(&json, "count");
	json_number(&json, (int64_t)group->count);
	write_side_json(&json, "old", &group->before);
	write_side_json(&json, "new", &group->after);
	json_key(&json, "examples");
	json_begin_array(&json);
	for (size_t i = 0; i < group->count && i < EXAMPLE_MAX; i++)
		json_text(&json, group->examples[i]);
	json_end_array(&json);
	json_end_object(&json);
	buffer_add_char(out, '\n');
}

static void report(const struct comparison *comparison, bool as_json)
{
	AUTO_BUFFER struct buffer out = { 0 };
	struct change_group **groups =
		mem_alloc_array(comparison->groups.count + 1, sizeof(struct change_group *));
	size_t count = 0;

	MAP_FOR_EACH (&comparison->groups, entry)
		groups[count++] = entry->value;
	qsort(groups, count, sizeof(struct change_group *), by_weight);
	for (size_t i = 0; i < count; i++)
		(as_json ? write_group_json : write_group_text)(&out, groups[i]);
	if (!as_json)
		buffer_printf(&out, "%zu of %zu requests would be judged otherwise.\n",
			      comparison->changed, comparison->requests);
	if (comparison->unreadable > 0)
		fprintf(stderr, "mangrove explain: %zu lines of the log could not be read\n",
			comparison->unreadable);
	fwrite(out.data, 1, out.len, stdout);
	mem_free(groups);
}

int explain_compare(const char *old_path, const char *new_path, const char *log_path, bool json)
{
	struct comparison *comparison = MEM_NEW(struct comparison);
	int status = STATUS_USAGE;

	arena_init(&comparison->arena, 16384);
	arena_init(&comparison->kept, 4096);
	if (explain_world_open(&comparison->before, &old_path, 1, false) == 0
	    && explain_world_open(&comparison->after, &new_path, 1, false) == 0
	    && read_log(comparison, log_path) == STATUS_FINE) {
		report(comparison, json);
		status = comparison->changed > 0 ? STATUS_NO : STATUS_FINE;
	}
	explain_world_done(&comparison->before);
	explain_world_done(&comparison->after);
	map_done(&comparison->groups);
	arena_done(&comparison->arena);
	arena_done(&comparison->kept);
	mem_free(comparison);
	return status;
}
