/* SPDX-License-Identifier: Apache-2.0 */
/* peer.c — PeerAuthentication: PERMISSIVE, unless the mesh, the namespace or the workload says
 * otherwise, in that order; one policy at each level, the oldest. A selector counts only in the
 * workload's own namespace, and not in the root one, whatever the API's comment says.
 * Source: istio:pilot/pkg/security/authn/policy_applier.go. */
#include "policy/compiled.h"

static bool has_labels(const struct peer_authentication *peer)
{
	return peer->selector != NULL && peer->selector->match_labels.count > 0;
}

static const struct peer_authentication *oldest(const struct policy *policy, struct text namespace,
						const struct policy_target *target,
						bool for_workload)
{
	struct resource_list list = resource_set_list(policy->set, KIND_PEER_AUTHENTICATION);

	for (size_t i = 0; i < list.count; i++) {
		const struct peer_authentication *peer = peer_authentication_of(list.items[i]);

		if (has_labels(peer) == for_workload && text_equal(peer->meta.namespace, namespace)
		    && scope_selects(policy, &peer->meta, peer->selector, NULL, 0, target))
			return peer;
	}
	return NULL;
}

/* UNSET says nothing: what was inherited stays. */
static void override(struct peer_mode *mode, enum peer_mtls_mode said, struct source_pos at)
{
	static const enum mtls_mode modes[] = {
		[PEER_MTLS_DISABLE] = MTLS_DISABLE,
		[PEER_MTLS_PERMISSIVE] = MTLS_PERMISSIVE,
		[PEER_MTLS_STRICT] = MTLS_STRICT,
	};

	if (said != PEER_MTLS_UNSET)
		*mode = (struct peer_mode){ modes[said], at };
}

static void inherit(struct peer_mode *mode, const struct peer_authentication *peer)
{
	if (peer != NULL && peer->mtls != NULL)
		override(mode, peer->mtls->mode, peer->mtls->at);
}

void select_peer_mode(const struct policy *policy, const struct policy_target *target,
		      struct workload_policy *workload)
{
	bool in_root = text_equal(target->namespace, policy->root_namespace);

	workload->peer.mode = MTLS_PERMISSIVE;
	inherit(&workload->peer, oldest(policy, policy->root_namespace, target, false));
	if (in_root)
		return;
	inherit(&workload->peer, oldest(policy, target->namespace, target, false));
	workload->peer_ports = oldest(policy, target->namespace, target, true);
	inherit(&workload->peer, workload->peer_ports);
}

static struct peer_mode mode_of_port(const struct workload_policy *workload, uint16_t port)
{
	const struct peer_authentication *peer = workload->peer_ports;
	struct peer_mode mode = workload->peer;

	for (size_t i = 0; peer != NULL && i < peer->port_level_mtls.count; i++) {
		const struct peer_authentication_port *level = &peer->port_level_mtls.items[i];

		if (level->port == port)
			override(&mode, level->mode, level->at);
	}
	return mode;
}

enum mtls_mode policy_mtls_mode(const struct workload_policy *workload, uint16_t port)
{
	return mode_of_port(workload, port).mode;
}

struct source_pos policy_mtls_source(const struct workload_policy *workload, uint16_t port)
{
	return mode_of_port(workload, port).at;
}

const char *mtls_mode_name(enum mtls_mode mode)
{
	static const char *const names[] = { "STRICT", "PERMISSIVE", "DISABLE" };

	return names[mode];
}
