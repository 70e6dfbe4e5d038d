/* SPDX-License-Identifier: Apache-2.0 */
/* artifact.h — what a file is, told from its name and its first bytes. */
#pragma once

#include "base/base.h"

enum artifact {
	ARTIFACT_UNKNOWN = 0,
	ARTIFACT_DOCKERFILE,
	ARTIFACT_MANIFEST, /* Kubernetes, Istio, OpenShift: YAML or JSON with apiVersion and kind */
	ARTIFACT_NGINX,
	ARTIFACT_COMPOSE, /* services, by name or by what they have */
	ARTIFACT_FALCO,   /* rule files */
};

enum artifact artifact_detect(const char *path, struct text bytes);
/* By name alone, before a file is opened: false means no reader of ours could want it. */
bool artifact_is_candidate(const char *name);
const char *artifact_name(enum artifact artifact);
