/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/registry_private.h"

#include "identity/attest.h"

#include <stdlib.h>

#define RETRY_NS (10 * (int64_t)NS_PER_SEC)

struct registry *registry_new(struct ca *ca, struct inquiries *inquiries, uid_t proxy_uid)
{
	struct registry *registry = MEM_NEW(struct registry);

	registry->ca = ca;
	registry->inquiries = inquiries;
	registry->proxy_uid = proxy_uid;
	return registry;
}

static void free_registration(struct registration *registration)
{
	svid_unref(registration->svid);
	mem_free(registration->credential);
	mem_free(registration->id);
	mem_free(registration);
}

void registry_free(struct registry *registry)
{
	if (registry == NULL)
		return;
	MAP_FOR_EACH (&registry->by_id, entry)
		free_registration(entry->value);
	map_done(&registry->by_id);
	identity_set_unref(registry->all);
	workload_index_done(&registry->index);
	revocations_unref(registry->revocations);
	resource_set_unref(registry->resources);
	mem_free(registry);
}

size_t registry_count(const struct registry *registry)
{
	return registry->by_id.count;
}

static void forget_set(struct registry *registry)
{
	identity_set_unref(TAKE(registry->all));
}

/* ---- what the resources speak of ---- */

int registry_format_id(const struct registry *registry, struct text namespace, struct text account,
		       char out[SPIFFE_ID_MAX + 1], struct error *err)
{
	return spiffe_id_of_service_account(out, text_of(ca_trust_domain(registry->ca)),
					    text_is_empty(namespace) ? TEXT("default") : namespace,
					    text_is_empty(account) ? TEXT("default") : account,
					    err);
}

static void want(struct registry *registry, const struct resource *resource, struct text account)
{
	char id[SPIFFE_ID_MAX + 1];
	struct error err = { 0 };
	struct registration *registration;

	if (registry_format_id(registry, resource->namespace, account, id, &err) < 0) {
		err.at = resource->at;
		log_problem(LOG_LEVEL_ERROR, "no identity for this workload", &err);
		return;
	}
	registration = map_get(&registry->by_id, text_of(id));
	if (registration == NULL) {
		registration = MEM_NEW(struct registration);
		registration->id = mem_strdup(id);
		map_put(&registry->by_id, text_of(registration->id), registration);
	}
	registration->is_wanted = true;
}

static void want_workload_entry(struct registry *registry, const struct resource *resource)
{
	want(registry, resource, workload_entry_of(resource)->endpoint.service_account);
}

static void warn_of_unsupported(const struct workload_process *entry)
{
	const char *property = attest_unsupported(entry);

	if (property != NULL)
		log_warn("%s:%u:%u: '%s' cannot be attested yet, so no process fits this entry",
			 entry->at.file, entry->at.line, entry->at.column, property);
}

static void want_workload(struct registry *registry, const struct resource *resource)
{
	const struct workload *workload = workload_of(resource);

	want(registry, resource, workload->service_account);
	for (size_t i = 0; i < workload->processes.count; i++)
		warn_of_unsupported(&workload->processes.items[i]);
}

static void want_pod(struct registry *registry, const struct resource *resource)
{
	want(registry, resource, pod_of(resource)->service_account_name);
}

/* Endpoints outside of the mesh have identities of their own, if any. */
static void want_service_entry(struct registry *registry, const struct resource *resource)
{
	const struct service_entry *entry = service_entry_of(resource);

	for (size_t i = 0; entry->location == SERVICE_MESH_INTERNAL && i < entry->endpoints.count;
	     i++)
		if (!text_is_empty(entry->endpoints.items[i].service_account))
			want(registry, resource, entry->endpoints.items[i].service_account);
}

static const struct {
	enum resource_kind kind;
	void (*want)(struct registry *registry, const struct resource *resource);
} sources[] = {
	{ KIND_WORKLOAD_ENTRY, want_workload_entry },
	{ KIND_WORKLOAD, want_workload },
	{ KIND_POD, want_pod },
	{ KIND_SERVICE_ENTRY, want_service_entry },
};

static void drop_unwanted(struct registry *registry)
{
	struct map kept = { 0 };

	MAP_FOR_EACH (&registry->by_id, entry) {
		struct registration *registration = entry->value;

		if (registration->is_wanted)
			map_put(&kept, entry->key, registration);
		else
			log_info("%s is spoken of no longer", registration->id);
		if (!registration->is_wanted)
			free_registration(registration);
	}
	map_done(&registry->by_id);
	registry->by_id = kept;
}

void registry_load(struct registry *registry, struct resource_set *resources, int64_t now_ns)
{
	MAP_FOR_EACH (&registry->by_id, entry)
		((struct registration *)entry->value)->is_wanted = false;
	for (size_t i = 0; i < COUNT_OF(sources); i++) {
		const struct resource_list list = resource_set_list(resources, sources[i].kind);

		for (size_t n = 0; n < list.count; n++)
			sources[i].want(registry, list.items[n]);
	}
	drop_unwanted(registry);
	resource_set_unref(registry->resources);
	registry->resources = resource_set_ref(resources);
	workload_index_build(&registry->index, resources);
	revocations_unref(registry->revocations);
	registry->revocations = revocations_compile(resources);
	registry->recheck_ns = now_ns;
	ca_set_revocations(registry->ca, registry->revocations);
	forget_set(registry);
	registry_maintain(registry, now_ns);
}

/* ---- keeping SVIDs fresh ---- */

static bool renew(struct registry *registry, struct registration *registration, int64_t now_ns)
{
	struct error err = { 0 };
	struct svid *fresh;

	if (ca_issue(registry->ca, text_of(registration->id), NULL, now_ns, &fresh, &err) < 0) {
		log_problem(LOG_LEVEL_ERROR, registration->id, &err);
		registration->renew_ns = now_ns + RETRY_NS;
		return false;
	}
	struct credential credential;

	svid_unref(registration->svid);
	registration->svid = fresh;
	ca_credential(registry->ca, fresh, &credential);
	mem_free(registration->credential);
	registration->credential = credential_keep(&credential);
	registration->renew_ns = svid_renewal_time_ns(fresh);
	return true;
}

/* ---- who is revoked ---- */

static void drop_svid(struct registration *registration)
{
	svid_unref(TAKE(registration->svid));
	mem_free(TAKE(registration->credential));
}

/* A denied identity loses its SVID; one whose certificate, key or authority alone is denied gets
 * another at once. */
static bool check_registration(struct registry *registry, struct registration *registration,
			       int64_t now_ns)
{
	const struct text id = text_of(registration->id);
	const bool was_denied = registration->is_denied;
	const struct denial *denial =
		revocations_find_id(registry->revocations, id, now_ns, now_ns);
	char text[ERROR_TEXT_MAX];

	registration->is_denied = denial != NULL;
	if (denial == NULL && registration->svid != NULL)
		denial = revocations_find(registry->revocations, id, registration->credential,
					  now_ns);
	if (denial == NULL) {
		if (was_denied)
			log_info("%s is revoked no longer", registration->id);
		return was_denied;
	}
	if (!was_denied)
		log_warn("%s: %s", registration->id, denial_format(denial, text, sizeof(text)));
	drop_svid(registration);
	registration->renew_ns = now_ns;
	return !was_denied;
}

static bool check_revoked(struct registry *registry, int64_t now_ns)
{
	bool changed = false;

	if (now_ns < registry->recheck_ns)
		return false;
	MAP_FOR_EACH (&registry->by_id, entry)
		changed |= check_registration(registry, entry->value, now_ns);
	registry->recheck_ns = revocations_next_change_ns(registry->revocations, now_ns);
	return changed;
}

int registry_check_subject(const struct registry *registry, struct text id, int64_t issued_ns,
			   int64_t now_ns, struct error *err)
{
	return denial_refuse(revocations_find_id(registry->revocations, id, issued_ns, now_ns),
			     err);
}

/* ---- what is due ---- */

static bool is_due(const struct registration *registration, int64_t now_ns)
{
	if (registration->is_denied)
		return false;
	return registration->svid == NULL || now_ns >= registration->renew_ns;
}

static bool is_anything_due(const struct registry *registry, int64_t now_ns)
{
	MAP_FOR_EACH (&registry->by_id, entry)
		if (is_due(entry->value, now_ns))
			return true;
	return false;
}

/* A tenth of an SVID's life: the span that jitter spreads renewals over. */
static int64_t soon_ns(const struct registration *registration)
{
	const struct svid *svid = registration->svid;

	return svid != NULL ? (svid->not_after_ns - svid->not_before_ns) / 10 : 0;
}

/* Every renewal is pushed to the proxy as the whole state: what is due soon is renewed along, so
 * that a life has a few pushes, not one for each workload. */
static bool renew_due(struct registry *registry, int64_t now_ns)
{
	bool changed = false;

	if (!is_anything_due(registry, now_ns) || !ca_can_issue(registry->ca, now_ns))
		return false;
	MAP_FOR_EACH (&registry->by_id, entry) {
		struct registration *registration = entry->value;

		if (is_due(registration, now_ns + soon_ns(registration)))
			changed |= renew(registry, registration, now_ns);
	}
	return changed;
}

bool registry_maintain(struct registry *registry, int64_t now_ns)
{
	struct error err = { 0 };
	bool changed = false;

	if (ca_maintain(registry->ca, now_ns, &changed, &err) < 0)
		log_problem(LOG_LEVEL_ERROR, "the authority could not be renewed", &err);
	changed |= check_revoked(registry, now_ns);
	changed |= renew_due(registry, now_ns);
	if (changed)
		forget_set(registry);
	return changed;
}

/* ---- who may have which ---- */

struct candidate {
	struct registration *registration;
	unsigned fit;
};

static int by_fit(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;

	if (left->fit != right->fit)
		return left->fit > right->fit ? -1 : 1;
	return strcmp(left->registration->id, right->registration->id);
}

struct candidates {
	struct candidate *items; /* owned */
	size_t count;
};

static void candidates_done(struct candidates *candidates)
{
	mem_free(candidates->items);
}

/* Several Workloads may name the same account: the best fit counts. */
static void add_candidate(struct candidates *candidates, struct registration *registration,
			  unsigned fit)
{
	for (size_t i = 0; i < candidates->count; i++) {
		if (candidates->items[i].registration == registration) {
			candidates->items[i].fit = MAX_OF(candidates->items[i].fit, fit);
			return;
		}
	}
	candidates->items = mem_realloc_array(candidates->items, candidates->count + 1,
					      sizeof(struct candidate));
	candidates->items[candidates->count++] = (struct candidate){ registration, fit };
}

static void add_all(struct registry *registry, struct candidates *out)
{
	out->items = mem_alloc_array(registry->by_id.count, sizeof(struct candidate));
	MAP_FOR_EACH (&registry->by_id, entry)
		out->items[out->count++] = (struct candidate){ entry->value, 1 };
}

static void add_if_fitting(struct registry *registry, struct attestation *process,
			   const struct workload *workload, struct candidates *out)
{
	const unsigned fit = attest_workload(workload, process);
	char id[SPIFFE_ID_MAX + 1];
	struct registration *registration;

	if (fit == 0
	    || registry_format_id(registry, workload->meta.namespace, workload->service_account, id,
				  NULL)
		       < 0)
		return;
	registration = map_get(&registry->by_id, text_of(id));
	if (registration != NULL)
		add_candidate(out, registration, fit);
}

static void add_fitting(struct registry *registry, struct attestation *process,
			struct candidates *out)
{
	const struct workload_list own = workload_index_of(&registry->index, process->caller->uid);
	const struct workload_list *others = &registry->index.others;

	for (size_t i = 0; i < own.count; i++)
		add_if_fitting(registry, process, own.items[i], out);
	for (size_t i = 0; i < others->count; i++)
		add_if_fitting(registry, process, others->items[i], out);
}

static struct identity_set *make_set(struct registry *registry, struct candidates *candidates)
{
	AUTO(mem_free) void *memory = mem_alloc_array(candidates->count, sizeof(struct svid *));
	struct svid **svids = memory;
	size_t count = 0;

	if (candidates->count == 0)
		return NULL;
	qsort(candidates->items, candidates->count, sizeof(struct candidate), by_fit);
	for (size_t i = 0; i < candidates->count; i++)
		if (candidates->items[i].registration->svid != NULL)
			svids[count++] = candidates->items[i].registration->svid;
	if (count == 0)
		return NULL;
	return identity_set_new(++registry->generation, svids, count, ca_bundles(registry->ca));
}

/* What is known while something is pending is not given: the first identity of a set is the one
 * that a client uses, and would be another a moment later. */
struct identity_set *registry_entitled(struct registry *registry, const struct caller *caller,
				       bool *is_pending)
{
	struct attestation process = { .caller = caller, .inquiries = registry->inquiries };
	__attribute__((cleanup(candidates_done))) struct candidates candidates = { 0 };

	if (registry->resources == NULL)
		return NULL;
	if (caller->uid != registry->proxy_uid) {
		add_fitting(registry, &process, &candidates);
		*is_pending = process.is_pending;
		return process.is_pending ? NULL : make_set(registry, &candidates);
	}
	if (registry->all == NULL) {
		add_all(registry, &candidates);
		registry->all = make_set(registry, &candidates);
	}
	return registry->all != NULL ? identity_set_ref(registry->all) : NULL;
}
