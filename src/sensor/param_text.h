/* SPDX-License-Identifier: Apache-2.0 */
/* param_text.h — parameters as people read them: "O_RDONLY|O_CLOEXEC", "ENOENT", "10.0.0.1:443".
 *
 * As Falco writes them for evt.arg and evt.args. Texts lie in the arena or in the record. */
#pragma once

#include "sensor/state.h"

/* The value as it is, and what it stands for, absent where that is the same: 4097 and
 * "O_RDONLY|O_CLOEXEC", 3 and "<f>/etc/passwd". */
struct param_text {
	struct text plain, resolved;
};

/* Parameter number `place` of the view's event; both absent where it has none. */
struct param_text param_text(struct arena *arena, const struct sensor_view *view, unsigned place);

/* "ENOENT" for -2 or 2. */
struct text errno_text(int64_t number);
/* A path as the event has it, made absolute: relative to the working directory, or to the
 * descriptor of the event that the table names. */
struct text param_path(struct arena *arena, const struct sensor_view *view, unsigned place);
