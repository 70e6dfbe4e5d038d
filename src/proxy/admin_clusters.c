/* SPDX-License-Identifier: Apache-2.0 */
/* admin_clusters.c — the page of destinations: how each chooses among its endpoints, and how these
 * are. What changes is read as it is at the moment, for the whole process. */
#include "proxy/admin.h"

#include "proxy/balance.h"
#include "proxy/cluster_state.h"
#include "proxy/outlier.h"

static void write_count(struct json_writer *json, const char *name, const atomic_size_t *count,
			uint32_t limit)
{
	if (limit == UNLIMITED)
		return; /* nobody counts */
	json_key(json, name);
	json_begin_object(json);
	json_key(json, "now");
	json_number(json, (int64_t)atomic_load(count));
	json_key(json, "limit");
	json_number(json, limit);
	json_end_object(json);
}

static void write_health(struct json_writer *json, const struct host_state *state)
{
	const bool is_failing = atomic_load(&state->is_failing);
	const uint64_t now_ns = clock_monotonic_ns();
	const uint64_t until_ns = atomic_load(&state->ejected_until_ns);

	json_key(json, "healthy");
	json_bool(json, !is_failing && until_ns <= now_ns);
	json_key(json, "fails_health_check");
	json_bool(json, is_failing);
	json_key(json, "ejected");
	json_bool(json, until_ns > now_ns);
	if (until_ns > now_ns) {
		json_key(json, "ejected_for_ms");
		json_number(json, (int64_t)((until_ns - now_ns) / NS_PER_MS));
	}
	json_key(json, "errors_in_a_row");
	json_number(json, atomic_load(&state->in_a_row_5xx));
}

static void write_endpoint(struct json_writer *json, const struct cluster_endpoint *endpoint)
{
	const struct upstream *upstream = endpoint->upstream;

	json_begin_object(json);
	json_key(json, "address");
	json_cstring(json, upstream->address_text);
	json_key(json, "weight");
	json_number(json, endpoint->weight);
	json_key(json, "priority");
	json_number(json, endpoint->priority);
	if (endpoint->locality.len > 0) {
		json_key(json, "locality");
		json_text(json, endpoint->locality);
	}
	json_key(json, "mutual_tls");
	json_bool(json, upstream->tls != NULL && !upstream->leaves_mesh);
	json_key(json, "tls");
	json_bool(json, upstream->tls != NULL);
	json_key(json, "expected");
	json_begin_array(json);
	for (size_t i = 0; i < upstream->server_id_count; i++)
		json_cstring(json, upstream->server_ids[i]);
	json_end_array(json);
	write_health(json, endpoint->state);
	json_end_object(json);
}

static void write_cluster(struct json_writer *json, struct text key, const struct cluster *cluster)
{
	json_begin_object(json);
	json_key(json, "name");
	json_cstring(json, cluster->name);
	json_key(json, "workload");
	json_text(json, text_split(&key, '|'));
	json_key(json, "balancer");
	json_cstring(json, cluster->balancer->name);
	if (cluster->endpoint_count > 0) {
		const struct connection_terms *terms = &cluster->endpoints[0].upstream->terms;

		write_count(json, "connections", &cluster->state->connections,
			    terms->max_connections);
		write_count(json, "waiting", &cluster->state->waiting, terms->max_waiting);
		write_count(json, "requests", &cluster->state->requests, terms->max_requests);
	}
	json_key(json, "endpoints");
	json_begin_array(json);
	for (size_t i = 0; i < cluster->endpoint_count; i++)
		write_endpoint(json, &cluster->endpoints[i]);
	json_end_array(json);
	json_end_object(json);
}

unsigned admin_write_clusters(const struct control *control, struct buffer *out)
{
	static const struct map none;
	struct json_writer json = { .out = out };
	const struct map *clusters = control->plan != NULL ? &control->plan->clusters : &none;

	json_begin_array(&json);
	MAP_FOR_EACH (clusters, entry)
		write_cluster(&json, entry->key, entry->value);
	json_end_array(&json);
	buffer_add_char(out, '\n');
	return 200;
}
