/* SPDX-License-Identifier: Apache-2.0 */
/* compose.h — the services of a compose file (compose-spec.io), with the place of everything.
 *
 * A file is examined by itself: what it extends or includes is examined as a file of its own.
 * Texts may hold ${VARIABLE}s, which only the one who starts it knows: what is nothing but a
 * variable is never found fault with. */
#pragma once

#include "check/manifest.h"

struct compose_service {
	struct text name;
	const struct value *root; /* a mapping */
};

struct compose {
	const struct value *root;
	const struct compose_service *services;
	size_t count;
};

int compose_parse(struct compose *out, struct examination *exam, struct error *err);

typedef void (*service_fn)(struct examination *exam, const struct compose_service *service);
void each_compose_service(struct examination *exam, service_fn visit);

struct finding *compose_report(struct examination *exam, const struct compose_service *service,
			       const struct value *at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

const struct compose_service *compose_find(const struct compose *compose, struct text name);

/* What a mount "source:target:mode" or {type, source, target} takes from the host; absent where
 * it is a named volume. */
struct text compose_mount_source(const struct value *mount);

/* compose_isolation.c: what separates a service from its host */
void co_privileged(struct examination *exam);
void co_runtime_socket(struct examination *exam);
void co_host_namespace(struct examination *exam);
void co_capabilities_added(struct examination *exam);
void co_capabilities_kept(struct examination *exam);
void co_host_path(struct examination *exam);
void co_unconfined(struct examination *exam);
void co_new_privileges(struct examination *exam);
void co_devices(struct examination *exam);
void co_root(struct examination *exam);
void co_writable_root(struct examination *exam);

/* compose_service.c: the rest */
void co_image_tag(struct examination *exam);
void co_image_digest(struct examination *exam);
void co_secret(struct examination *exam);
void co_open_port(struct examination *exam);
void co_healthcheck(struct examination *exam);
void co_memory(struct examination *exam);
void co_processes(struct examination *exam);
void co_reference(struct examination *exam);
void co_version(struct examination *exam);
