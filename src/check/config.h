/* SPDX-License-Identifier: Apache-2.0 */
/* config.h — what files and the environment say about checks: .hadolint.yaml and HADOLINT_*, and
 * CheckPolicy resources. Everything they name lives in the config's arena; options point into it.
 */
#pragma once

#include "check/run.h"

struct check_config {
	struct arena arena;
	struct override *overrides;
	size_t override_count, override_capacity;
	const char **trusted_registries; /* NULL-terminated, or NULL */
	size_t trusted_count, trusted_capacity;
	struct label_rule *labels;
	size_t label_count, label_capacity;
	enum finding_severity fail_from; /* FINDING_OFF: not said */
	bool strict_labels, no_pragmas, no_fail;
};

void check_config_init(struct check_config *config);
void check_config_done(struct check_config *config);

/* The first of hadolint's places that is there; none is fine. Then the environment. */
int check_config_hadolint(struct check_config *config, struct error *err);
int check_config_hadolint_file(struct check_config *config, const char *path, struct error *err);
/* Every CheckPolicy of a file; kept until the config is done. */
int check_config_policy(struct check_config *config, const char *path, int64_t now_ns,
			struct error *err);

void check_config_apply(const struct check_config *config, struct check_options *options);
