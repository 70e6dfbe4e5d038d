/* SPDX-License-Identifier: Apache-2.0 */
/* log_format.h — how an access-log line is to look, as MeshConfig's accessLogFormat and
 * accessLogEncoding say it: text with command operators, or a JSON object whose texts have them.
 * Source: istio.io "Envoy Access Logs"; the operators are in operators.h. */
#pragma once

#include "proxy/line.h"
#include "proxy/operators.h"
#include "resource/resource.h"

struct log_format;

/* Lies in the arena. *out NULL: nothing is asked for, lines are access_log_line.c's. */
int log_format_of_mesh(const struct mesh_config *mesh, struct arena *arena,
		       const struct log_format **out, struct error *err);
/* The answer's fields and trailers must live until the line is written. NULL: false. */
bool log_format_reads_response(const struct log_format *format);
/* One line, with its end. */
void log_format_write(const struct log_format *format, const struct operator_subject *subject,
		      struct line *line);
