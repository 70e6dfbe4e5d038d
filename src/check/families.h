/* SPDX-License-Identifier: Apache-2.0 */
/* families.h — the tables, each defined in the file of its name. */
#pragma once

#include "check/catalog.h"

extern const struct family dockerfile_family; /* docker_checks.c */
/* hadolint_rules_*.c */
extern const struct family hadolint_instructions_family, hadolint_run_family,
	hadolint_packages_family, hadolint_labels_family;
extern const struct family shellcheck_family;   /* shellcheck_checks.c */
extern const struct family nginx_family;        /* nginx_checks.c */
extern const struct family pod_security_family; /* pod_checks.c */
extern const struct family kubernetes_family;   /* kubernetes_checks.c */
extern const struct family network_family;      /* network_checks.c */
extern const struct family rbac_family;         /* rbac_checks.c */
extern const struct family mesh_family;         /* examine_mesh.c */
extern const struct family falco_family;        /* examine_falco.c */
extern const struct family compose_family;      /* compose_checks.c */
extern const struct family docker_host_family;  /* host_checks.c */
