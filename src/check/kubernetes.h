/* SPDX-License-Identifier: Apache-2.0 */
/* kubernetes.h — what a manifest needs beyond the Pod Security Standards; tables of texts are
 * kubernetes_checks.c. */
#pragma once

#include "check/manifest.h"

typedef void (*object_fn)(struct examination *exam, const struct manifest_object *object);
typedef void (*container_fn)(struct examination *exam, const struct manifest_object *object,
			     const struct value *container);

void each_object(struct examination *exam, const char *group, const char *kind, object_fn visit);
void each_workload(struct examination *exam, object_fn visit);
void each_container(struct examination *exam, container_fn visit); /* init and ephemeral too */
void each_service_container(struct examination *exam, container_fn visit); /* regular ones only */

/* kubernetes_images.c, kubernetes_pods.c: workloads */
void k8_image_tag(struct examination *exam);
void k8_image_digest(struct examination *exam);
void k8_memory_limit(struct examination *exam);
void k8_cpu_request(struct examination *exam);
void k8_liveness(struct examination *exam);
void k8_readiness(struct examination *exam);
void k8_read_only_root(struct examination *exam);
void k8_token(struct examination *exam);
void k8_default_account(struct examination *exam);
void k8_secret_literal(struct examination *exam);
void k8_secret_env(struct examination *exam);
void k8_host_path(struct examination *exam);
void k8_shared_processes(struct examination *exam);
void k8_unbounded_volume(struct examination *exam);

/* kubernetes_objects.c: everything else */
void k8_removed_api(struct examination *exam);
void k8_secret_object(struct examination *exam);
void k8_service_exposed(struct examination *exam);
void k8_ingress(struct examination *exam);
void k8_namespace_level(struct examination *exam);

/* kubernetes_legacy.c: PodSecurityPolicy and SecurityContextConstraints */
void k8_psp(struct examination *exam);
void k8_scc(struct examination *exam);
/* kubernetes_legacy_pods.c: the same against the workloads that they govern */
void k8_legacy_refuses(struct examination *exam);
void k8_legacy_migration(struct examination *exam);

/* kubernetes_network.c */
void np_world(struct examination *exam);
void np_any_namespace(struct examination *exam);
void np_alternatives(struct examination *exam);
void np_unlabelled_namespace(struct examination *exam);
void np_unselected(struct examination *exam);
void np_no_egress(struct examination *exam);

/* kubernetes_rbac.c */
void rb_wildcard(struct examination *exam);
void rb_secrets(struct examination *exam);
void rb_escalation(struct examination *exam);
void rb_exec(struct examination *exam);
void rb_cluster_admin(struct examination *exam);
void rb_everyone(struct examination *exam);
void rb_default_account(struct examination *exam);
void rb_makes_pods(struct examination *exam);
void rb_masters(struct examination *exam);
void rb_every_url(struct examination *exam);
void rb_dangling(struct examination *exam);
