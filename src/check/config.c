/* SPDX-License-Identifier: Apache-2.0 */
#include "check/config.h"

#include "check/config_add.h"
#include "check/grow.h"

#include <string.h>

void check_config_init(struct check_config *config)
{
	*config = (struct check_config){ 0 };
	arena_init(&config->arena, 4096);
}

void check_config_done(struct check_config *config)
{
	arena_done(&config->arena);
	*config = (struct check_config){ 0 };
}

void check_config_apply(const struct check_config *config, struct check_options *options)
{
	options->overrides = config->overrides;
	options->override_count = config->override_count;
	options->trusted_registries = config->trusted_registries;
	options->labels = config->labels;
	options->label_count = config->label_count;
	options->strict_labels = config->strict_labels;
	options->no_pragmas |= config->no_pragmas;
}

void config_add_override(struct check_config *config, struct override override)
{
	config->overrides = arena_grow(&config->arena, config->overrides, config->override_count,
				       &config->override_capacity, sizeof(*config->overrides));
	config->overrides[config->override_count++] = override;
}

/* Keeps the list ended by NULL: there is always room for one more. */
void config_add_registry(struct check_config *config, struct text registry)
{
	const char **list = config->trusted_registries;

	list = arena_grow(&config->arena, (void *)list, config->trusted_count,
			  &config->trusted_capacity, sizeof(*list));
	list[config->trusted_count++] = arena_strndup(&config->arena, registry.ptr, registry.len);
	list = arena_grow(&config->arena, (void *)list, config->trusted_count,
			  &config->trusted_capacity, sizeof(*list));
	list[config->trusted_count] = NULL;
	config->trusted_registries = list;
}

void config_add_label(struct check_config *config, struct text name, enum label_type type)
{
	config->labels = arena_grow(&config->arena, config->labels, config->label_count,
				    &config->label_capacity, sizeof(*config->labels));
	config->labels[config->label_count++] =
		(struct label_rule){ arena_strndup(&config->arena, name.ptr, name.len), type };
}
