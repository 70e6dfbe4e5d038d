/* SPDX-License-Identifier: Apache-2.0 */
/* sensitive.h — words that give secrets away, and paths from which one gets to the host; for pods
 * and compose files alike. */
#pragma once

#include "base/base.h"

bool sensitive_name(struct text name); /* of a variable: "DB_PASSWORD" */
/* A path or a name of something is no secret. */
bool sensitive_is_reference(struct text value);
/* Mounted into a container, it gives the host away: "/etc", the runtime's socket. */
bool sensitive_path(struct text path);
bool sensitive_is_runtime_socket(struct text path); /* docker.sock and its kin */
