/* SPDX-License-Identifier: Apache-2.0 */
/* check.h — what gets deployed, examined before it runs.
 *
 * A path's way:  artifact (what is it?) -> parse -> every check of that kind -> findings
 *                -> selection (ignores, severities, baseline) -> report
 * One parser a kind (dockerfile, nginx, manifest), one const table of checks a family, one finding
 * type, one report writer a format. Nothing here prints, exits or touches the network; files are
 * read, and written only by the fixer. Memory is bounded by the largest file and its findings. */
#pragma once

#include "check/admission.h"
#include "check/artifact.h"
#include "check/baseline.h"
#include "check/catalog.h"
#include "check/config.h"
#include "check/finding.h"
#include "check/fix.h"
#include "check/host.h"
#include "check/report.h"
#include "check/run.h"
#include "check/shellcheck.h"
#include "check/template.h"
