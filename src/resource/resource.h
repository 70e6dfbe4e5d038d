/* SPDX-License-Identifier: Apache-2.0 */
/* resource.h — files in Istio's, Kubernetes' and our own kinds become one immutable set of typed
 * resources.
 *
 * Stages:  value_parse.c (text -> tree) -> decode.c (tree + schema -> struct) -> document.c (what
 * kind it is) -> load.c (files -> set) -> set.c (find, order).  source_directory.c watches files
 * and loads them again.  A kind is one pair kinds/NAME.h, kinds/NAME.c: its structs, and the const
 * tables that fill them.
 *
 * A set loads whole or not at all: with one error there is no set, and the diagnostics say all that
 * is wrong, with file, line and column. What is unknown warns; strictly, it is an error. */
#pragma once

#include "resource/diagnostics.h"
#include "resource/resource_set.h"
#include "resource/source_directory.h"
#include "resource/value.h"
