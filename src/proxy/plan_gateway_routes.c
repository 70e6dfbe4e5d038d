/* SPDX-License-Identifier: Apache-2.0 */
/* plan_gateway_routes.c — the hosts of a Gateway's servers: which VirtualServices are bound to it,
 * and for which of their hosts. */
#include "proxy/plan_hosts.h"

/* What two host patterns have in common: the narrower one. False where nothing is. */
static bool intersect(struct text a, struct text b, struct text *out)
{
	if (plan_covers_host(a, b)) {
		*out = b;
		return true;
	}
	*out = a;
	return plan_covers_host(b, a);
}

/* "[namespace/]host" of a gateway's server, for a VirtualService of `namespace`. */
static bool server_takes(struct text written, struct text gateway_namespace, struct text namespace,
			 struct text *host)
{
	if (text_find_char(written, '/') == TEXT_NONE) {
		*host = written;
		return true;
	}
	*host = written;

	const struct text wanted = text_split(host, '/');

	if (text_is(wanted, "."))
		return text_equal(namespace, gateway_namespace);
	return text_is(wanted, "*") || text_equal(wanted, namespace);
}

static bool binds(const struct virtual_service *rules, struct text gateway)
{
	for (size_t i = 0; i < rules->gateways.count; i++)
		if (plan_names_gateway(rules->gateways.items[i], rules->meta.namespace, gateway))
			return true;
	return false;
}

bool plan_serves(const struct gateway *gateway, const struct gateway_server *server,
		 const struct virtual_service *rules, struct text name)
{
	struct text of_server, shared;

	if (!binds(rules, name))
		return false;
	for (size_t s = 0; s < server->hosts.count; s++)
		for (size_t h = 0; h < rules->hosts.count; h++)
			if (server_takes(server->hosts.items[s], gateway->meta.namespace,
					 rules->meta.namespace, &of_server)
			    && intersect(of_server, rules->hosts.items[h], &shared))
				return true;
	return false;
}

struct gateway_scope {
	const struct local_workload *workload;
	const struct gateway *gateway;
	const struct gateway_server *server;
	struct text name; /* "ns/name" */
};

/* The hosts that a VirtualService and the server share, appended to `out`. */
static size_t shared_hosts(const struct gateway_scope *scope, const struct virtual_service *rules,
			   struct text *out)
{
	size_t count = 0;

	for (size_t s = 0; s < scope->server->hosts.count; s++)
		for (size_t h = 0; h < rules->hosts.count; h++) {
			struct text of_server;

			if (server_takes(scope->server->hosts.items[s],
					 scope->gateway->meta.namespace, rules->meta.namespace,
					 &of_server)
			    && intersect(of_server, rules->hosts.items[h], &out[count]))
				count++;
		}
	return count;
}

/* All routes for one host, of every VirtualService that has it, oldest first. */
static struct virtual_host *gateway_host(struct plan_build *build,
					 const struct gateway_scope *scope, struct text host)
{
	const struct resource_list all =
		resource_set_list(build->plan->resources, KIND_VIRTUAL_SERVICE);
	struct route_list list = { 0 };

	for (size_t i = 0; i < all.count; i++) {
		const struct virtual_service *rules = virtual_service_of(all.items[i]);
		struct text *shared = ARENA_ARRAY(
			&build->plan->arena, scope->server->hosts.count * rules->hosts.count + 1,
			struct text);

		if (!binds(rules, scope->name)
		    || !plan_exports_to(build, rules, scope->workload->instance->namespace))
			continue;

		const size_t count = shared_hosts(scope, rules, shared);

		for (size_t k = 0; k < count; k++) {
			if (text_equal_nocase(shared[k], host)) {
				plan_gather_routes(build, scope->workload, rules, scope->name,
						   scope->server->port->number, &list);
				break;
			}
		}
	}
	plan_catch_alls_last(build, &list);
	return plan_make_host(build, &list);
}

static void mark(struct route_table *table, struct text name)
{
	struct virtual_host *host = text_is(name, "*") ? table->any : map_get(&table->exact, name);

	if (host != NULL)
		host->wants_https = true;
	for (size_t i = 0; i < table->wildcard_count; i++)
		if (name.ptr[0] == '*'
		    && text_equal(table->wildcards[i].suffix, text_from(name, 1)))
			table->wildcards[i].host->wants_https = true;
}

/* Whatever VirtualServices or other servers of the port say of these hosts: it is said over HTTPS.
 */
static void redirect_hosts(struct plan_build *build, const struct gateway_server *server,
			   struct route_table *table)
{
	for (size_t i = 0; i < server->hosts.count; i++) {
		struct text name = plan_lower(build, server->hosts.items[i]);

		if (text_find_char(name, '/') != TEXT_NONE)
			text_split(&name, '/');
		plan_add_host(build, table, name,
			      ARENA_NEW(&build->plan->arena, struct virtual_host));
		mark(table, name);
	}
}

void plan_gateway_routes(struct plan_build *build, const struct local_workload *workload,
			 const struct gateway *gateway, const struct gateway_server *server,
			 bool wants_https, struct route_table *table)
{
	const struct resource_list all =
		resource_set_list(build->plan->resources, KIND_VIRTUAL_SERVICE);
	const struct gateway_scope scope = {
		.workload = workload,
		.gateway = gateway,
		.server = server,
		.name = text_of(arena_printf(&build->plan->arena, "%.*s/%.*s",
					     TEXT_ARGS(gateway->meta.namespace),
					     TEXT_ARGS(gateway->meta.name))),
	};

	if (wants_https) {
		redirect_hosts(build, server, table);
		return;
	}
	for (size_t i = 0; i < all.count; i++) {
		const struct virtual_service *rules = virtual_service_of(all.items[i]);
		struct text *shared =
			ARENA_ARRAY(&build->plan->arena,
				    server->hosts.count * rules->hosts.count + 1, struct text);

		if (!binds(rules, scope.name)
		    || !plan_exports_to(build, rules, workload->instance->namespace))
			continue;

		const size_t count = shared_hosts(&scope, rules, shared);

		for (size_t k = 0; k < count; k++)
			plan_add_host(build, table, shared[k],
				      gateway_host(build, &scope, shared[k]));
	}
}
