/* SPDX-License-Identifier: Apache-2.0 */
/* select.h — which findings count: overrides, thresholds, ignores written in the file.
 *
 * In any file whose comments begin with '#':
 *	# mangrove ignore=K8S004,DL3008 until=2027-01-31 the registry signs these
 * on the line at fault, or on the comment lines directly above it. Without `until` it never ends;
 * past its day it is a finding itself. In a Dockerfile hadolint's pragmas work as well. */
#pragma once

#include "check/examination.h"

/* Looks at the findings from `first` on; drops what is below the threshold, marks the ignored. */
void select_findings(struct examination *exam, size_t first);
