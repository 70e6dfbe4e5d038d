/* SPDX-License-Identifier: Apache-2.0 */
/* plan_tracing.c — where spans go: the tracing provider that MeshConfig names.
 * Source: istio.io "OpenTelemetry"; mesh/v1alpha1/config.proto. */
#include "proxy/plan_parts.h"
#include "proxy/trace.h"

#define DEFAULT_TIMEOUT_NS (10 * NS_PER_SEC)
#define DEFAULT_SAMPLING   1.0 /* per cent */

static const struct extension_provider *find_provider(const struct mesh_config *mesh,
						      struct text name)
{
	for (size_t i = 0; i < mesh->extension_providers.count; i++) {
		const struct extension_provider *provider = &mesh->extension_providers.items[i];

		if (provider->opentelemetry != NULL
		    && (name.ptr == NULL || text_equal(provider->name, name)))
			return provider;
	}
	return NULL;
}

/* defaultProviders names it; with enableTracing alone it is the first there is. */
static const struct extension_provider *wanted_provider(struct plan_build *build)
{
	const struct mesh_config *mesh = build->mesh;
	const struct default_providers *defaults = mesh->default_providers;
	const struct extension_provider *found;

	if (defaults == NULL || defaults->tracing.count == 0)
		return mesh->enable_tracing ? find_provider(mesh, (struct text){ NULL, 0 }) : NULL;
	found = find_provider(mesh, defaults->tracing.items[0]);
	if (found == NULL)
		plan_warn(build, defaults->at,
			  "defaultProviders: there is no extension provider '%.*s' with "
			  "opentelemetry; no spans are sent",
			  TEXT_ARGS(defaults->tracing.items[0]));
	return found;
}

/* A service of the mesh is where the mesh says; any other name is looked up by DNS. */
static const char *connect_to(struct plan_build *build, const struct otlp_provider *to,
			      struct text host)
{
	const struct mesh_service *service = registry_find(
		&build->plan->registry, host, resource_set_root_namespace(build->plan->resources));
	const struct mesh_service_port *port =
		service != NULL ? mesh_service_port(service, to->port) : NULL;
	char address[ADDRESS_TEXT_MAX];

	if (port == NULL || port->endpoint_count == 0 || port->endpoints[0].name.len > 0)
		return NULL;
	address_format(&port->endpoints[0].address, address);
	return arena_printf(&build->plan->arena, "::%s", address);
}

static const char **headers_of(struct plan_build *build, const struct otlp_http *http)
{
	struct arena *arena = &build->plan->arena;
	const char **headers = ARENA_ARRAY(arena, http->headers.count + 1, const char *);

	for (size_t i = 0; i < http->headers.count; i++)
		headers[i] =
			arena_printf(arena, "%.*s: %.*s", TEXT_ARGS(http->headers.items[i].name),
				     TEXT_ARGS(http->headers.items[i].value));
	return headers;
}

static void set_sampling(const struct mesh_config *mesh, struct trace_plan *out)
{
	const struct proxy_tracing *tracing =
		mesh->default_config != NULL ? mesh->default_config->tracing : NULL;
	const double percent = tracing != NULL && tracing->sampling.is_set ? tracing->sampling.value
									   : DEFAULT_SAMPLING;

	out->samples_all = percent >= 100;
	out->sampling = (uint32_t)(MIN_OF(percent, 99.999999) / 100 * UINT32_MAX);
}

void plan_tracing(struct plan_build *build)
{
	const struct extension_provider *provider = wanted_provider(build);
	const struct otlp_provider *to = provider != NULL ? provider->opentelemetry : NULL;
	struct trace_plan *out;
	struct text host;

	if (to == NULL)
		return;
	if (to->http == NULL) {
		plan_warn(build, to->at,
			  "'%.*s': spans go by OTLP/HTTP alone; write http: { path: /v1/traces }. "
			  "None are sent",
			  TEXT_ARGS(provider->name));
		return;
	}
	host = to->service;

	const size_t slash = text_find_char(host, '/'); /* "[NAMESPACE/]HOST" */

	if (slash != TEXT_NONE)
		host = text_from(host, slash + 1);
	out = ARENA_NEW(&build->plan->arena, struct trace_plan);
	out->url =
		arena_printf(&build->plan->arena, "http://%.*s:%u%s%.*s", TEXT_ARGS(host), to->port,
			     to->http->path.ptr[0] == '/' ? "" : "/", TEXT_ARGS(to->http->path));
	out->connect_to = connect_to(build, to, host);
	out->headers = headers_of(build, to->http);
	out->timeout_ns = to->http->timeout.is_set ? to->http->timeout.ns : DEFAULT_TIMEOUT_NS;
	set_sampling(build->mesh, out);
	build->plan->tracing = out;
}
