/* SPDX-License-Identifier: Apache-2.0 */
/* config_add.h — how the readers of configuration fill it. */
#pragma once

#include "check/config.h"

void config_add_override(struct check_config *config, struct override override);
void config_add_registry(struct check_config *config, struct text registry);
void config_add_label(struct check_config *config, struct text name, enum label_type type);
