/* SPDX-License-Identifier: Apache-2.0 */
/* registry_explain.c — why a process gets, or does not get, an identity. */
#include "identity/registry_private.h"

#include "identity/attest.h"

#include <stdlib.h>

/* An entry of a Workload beside the process. */
struct comparison {
	const struct workload *workload;
	const struct workload_process *entry;
	struct attest_finding findings[ATTEST_FINDINGS_MAX];
	size_t count, held;
};

static bool fits(const struct comparison *comparison)
{
	return comparison->count > 0 && comparison->held == comparison->count;
}

/* Those that fit, then those that miss least. */
static int by_distance(const void *a, const void *b)
{
	const struct comparison *left = a, *right = b;
	const size_t left_misses = left->count - left->held;
	const size_t right_misses = right->count - right->held;

	if (left_misses != right_misses)
		return left_misses < right_misses ? -1 : 1;
	return left->held > right->held ? -1 : left->held < right->held;
}

static void compare(struct comparison *out, const struct workload *workload,
		    const struct workload_process *entry, struct attestation *process)
{
	*out = (struct comparison){ .workload = workload, .entry = entry };
	out->count = attest_examine(entry, process, out->findings);
	for (size_t i = 0; i < out->count; i++)
		out->held += out->findings[i].holds;
}

static size_t count_entries(const struct resource_list *workloads)
{
	size_t count = 0;

	for (size_t i = 0; i < workloads->count; i++)
		count += workload_of(workloads->items[i])->processes.count;
	return count;
}

static void write_finding(struct json_writer *json, const struct attest_finding *finding)
{
	json_begin_object(json);
	json_key(json, "property");
	json_cstring(json, finding->name);
	json_key(json, "fits");
	json_bool(json, finding->holds);
	json_key(json, "wanted");
	json_text(json, buffer_text(&finding->wanted));
	json_key(json, "found");
	json_text(json, buffer_text(&finding->found));
	json_key(json, "readable");
	json_bool(json, finding->is_readable);
	json_end_object(json);
}

/* Why an entry that fits gives nothing, or NULL. */
static const char *find_obstacle(const struct registry *registry, const char *id)
{
	const struct registration *registration = map_get(&registry->by_id, text_of(id));

	if (registration == NULL)
		return "the identity is not registered: its name is no SPIFFE ID";
	if (registration->is_denied)
		return "the identity is revoked";
	return registration->svid == NULL ? "no certificate could be issued; the log says why"
					  : NULL;
}

static void write_comparison(const struct registry *registry, struct json_writer *json,
			     const struct comparison *comparison)
{
	const struct workload *workload = comparison->workload;
	char id[SPIFFE_ID_MAX + 1] = "", at[512];

	registry_format_id(registry, workload->meta.namespace, workload->service_account, id, NULL);
	snprintf(at, sizeof(at), "%s:%u", comparison->entry->at.file, comparison->entry->at.line);
	json_begin_object(json);
	json_key(json, "workload");
	json_text(json, workload->meta.name);
	json_key(json, "namespace");
	json_text(json, workload->meta.namespace);
	json_key(json, "at");
	json_cstring(json, at);
	json_key(json, "id");
	json_cstring(json, id);
	json_key(json, "fits");
	json_bool(json, fits(comparison));
	json_key(json, "obstacle");
	json_cstring(json, fits(comparison) ? find_obstacle(registry, id) : NULL);
	json_key(json, "properties");
	json_begin_array(json);
	for (size_t i = 0; i < comparison->count; i++)
		write_finding(json, &comparison->findings[i]);
	json_end_array(json);
	json_end_object(json);
}

static void write_comparisons(const struct registry *registry, const struct caller *caller,
			      struct json_writer *json)
{
	const struct resource_list workloads =
		resource_set_list(registry->resources, KIND_WORKLOAD);
	const size_t capacity = count_entries(&workloads);
	AUTO(mem_free) void *memory = mem_alloc_array(capacity, sizeof(struct comparison));
	struct comparison *comparisons = memory;
	struct attestation process = { .caller = caller, .inquiries = registry->inquiries };
	size_t count = 0;

	for (size_t i = 0; i < workloads.count; i++) {
		const struct workload *workload = workload_of(workloads.items[i]);

		for (size_t k = 0; k < workload->processes.count; k++)
			compare(&comparisons[count++], workload, &workload->processes.items[k],
				&process);
	}
	qsort(comparisons, count, sizeof(*comparisons), by_distance);
	for (size_t i = 0; i < count; i++) {
		write_comparison(registry, json, &comparisons[i]);
		attest_findings_done(comparisons[i].findings, comparisons[i].count);
	}
}

static void write_identities(struct registry *registry, const struct caller *caller,
			     struct json_writer *json)
{
	bool is_pending = false;
	AUTO(identity_set_unref)
	struct identity_set *set = registry_entitled(registry, caller, &is_pending);

	for (size_t i = 0; set != NULL && i < set->svid_count; i++)
		json_cstring(json, set->svids[i]->id);
}

void registry_explain(struct registry *registry, const struct caller *caller,
		      struct json_writer *json)
{
	json_key(json, "pid");
	json_number(json, caller->pid);
	json_key(json, "uid");
	json_number(json, caller->uid);
	json_key(json, "gid");
	json_number(json, caller->gid);
	json_key(json, "isNodeProxy");
	json_bool(json, caller->uid == registry->proxy_uid);
	json_key(json, "identities");
	json_begin_array(json);
	write_identities(registry, caller, json);
	json_end_array(json);
	json_key(json, "compared");
	json_begin_array(json);
	if (registry->resources != NULL)
		write_comparisons(registry, caller, json);
	json_end_array(json);
}
