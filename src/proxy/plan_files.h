/* SPDX-License-Identifier: Apache-2.0 */
/* plan_files.h — the files beside the resources that a plan was made from: certificates and keys.
 * Who changes one wants a new plan. */
#pragma once

#include "proxy/plan.h"

/* One of them was replaced, written, removed or made since the plan was. */
bool plan_files_changed(const struct plan *plan);
