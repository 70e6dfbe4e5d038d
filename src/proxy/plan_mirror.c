/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/mirror.h"

#include "proxy/plan_match.h"

/* The annotation mangrove.dev/shadow-host: "true" marks mirrored requests, as older Istios do. */
static bool marks_host(const struct virtual_service *service)
{
	return text_is(text_map_get(&service->meta.annotations, TEXT("mangrove.dev/shadow-host")),
		       "true");
}

static void add_mirror(struct plan_build *build, const struct plan_match_scope *scope,
		       const struct virtual_destination *to,
		       const struct optional_double *percentage, struct route *out)
{
	struct mirror_target *target = &out->mirrors[out->mirror_count];

	target->to.cluster = plan_cluster(build, scope->workload, to->host, scope->namespace,
					  to->port, to->subset, scope->listener_port);
	target->to.weight = 1;
	target->chance = plan_chance(percentage->is_set ? percentage->value : 100);
	target->marks_host = marks_host(scope->service);
	if (target->to.cluster->is_known)
		out->mirror_count++;
	else
		plan_warn(build, to->at, "there is no service '%.*s' to mirror to",
			  TEXT_ARGS(to->host));
}

void plan_mirrors(struct plan_build *build, const struct plan_match_scope *scope,
		  const struct http_route *from, struct route *out)
{
	out->mirrors =
		ARENA_ARRAY(&build->plan->arena, from->mirrors.count + 1, struct mirror_target);
	if (from->mirror != NULL)
		add_mirror(build, scope, from->mirror, &from->mirror_percentage, out);
	for (size_t i = 0; i < from->mirrors.count; i++)
		add_mirror(build, scope, from->mirrors.items[i].destination,
			   &from->mirrors.items[i].percentage, out);
}
