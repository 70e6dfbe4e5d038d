/* SPDX-License-Identifier: Apache-2.0 */
/* rights.h — may this process watch, on this machine? */
#pragma once

#include "base/base.h"

/* 0, or -EPERM or -ENOTSUP with an error that names all that is missing. */
int rights_check(struct error *err);
