/* SPDX-License-Identifier: Apache-2.0 */
/* hadolint.h — hadolint's rules under its ids, judged as hadolint 2.15 judges: same instructions,
 * same lines, same severities. One run function a rule; the tables with all texts are
 * hadolint_rules_*.c. */
#pragma once

#include "check/dockerfile.h"
#include "check/examination.h"

typedef void (*docker_visit_fn)(struct examination *exam,
				const struct docker_instruction *instruction);
typedef bool (*docker_command_fn)(const struct shell_command *command);

/* Visits every instruction of a kind, at top level and (`triggers`) behind ONBUILD. */
void docker_each(struct examination *exam, enum docker_op op, bool triggers, docker_visit_fn visit);
/* Reports each RUN with a command at fault, once, with the check's own title. */
void docker_report_runs(struct examination *exam, docker_command_fn is_fault);
struct finding *docker_report(struct examination *exam,
			      const struct docker_instruction *instruction);
/* RUN --mount=type=cache (or tmpfs) whose target contains `directory`. */
bool docker_has_cache_mount(const struct docker_instruction *instruction, const char *directory);
bool docker_is_archive(struct text path);
/* The place of a command's word in the file; the instruction's keyword where it has none. */
struct range docker_place_word(const struct docker_instruction *instruction,
			       const struct shell_word *word);

/* hadolint_from.c */
void dl3006_untagged(struct examination *exam);
void dl3007_latest(struct examination *exam);
void dl3024_duplicate_alias(struct examination *exam);
void dl3026_registry(struct examination *exam);
void dl3029_platform(struct examination *exam);
void dl3061_order(struct examination *exam);
void dl3063_reserved_alias(struct examination *exam);
void dl3065_target_platform(struct examination *exam);

/* hadolint_copy.c */
void dl3010_add_archive(struct examination *exam);
void dl3020_add_file(struct examination *exam);
void dl3021_copy_many(struct examination *exam);
void dl3022_copy_from_unknown(struct examination *exam);
void dl3023_copy_from_self(struct examination *exam);
void dl3045_copy_relative(struct examination *exam);
void dl3067_copy_root(struct examination *exam);

/* hadolint_settings.c */
void dl3000_workdir(struct examination *exam);
void dl3002_last_user(struct examination *exam);
void dl3011_port(struct examination *exam);
void dl3012_healthchecks(struct examination *exam);
void dl3025_shell_form(struct examination *exam);
void dl3043_onbuild(struct examination *exam);
void dl3044_env_self(struct examination *exam);
void dl3057_no_healthcheck(struct examination *exam);
void dl3064_secret(struct examination *exam);
void dl3066_user_name(struct examination *exam);
void dl4000_maintainer(struct examination *exam);
void dl4003_cmds(struct examination *exam);
void dl4004_entrypoints(struct examination *exam);

/* hadolint_labels.c */
void dl3048_label_key(struct examination *exam);
void dl3049_label_missing(struct examination *exam);
void dl3050_label_extra(struct examination *exam);
void dl3051_label_empty(struct examination *exam);
void dl3052_label_url(struct examination *exam);
void dl3053_label_time(struct examination *exam);
void dl3054_label_license(struct examination *exam);
void dl3055_label_hash(struct examination *exam);
void dl3056_label_version(struct examination *exam);
void dl3058_label_email(struct examination *exam);

/* hadolint_shell.c */
void dl1001_pragma(struct examination *exam);
void dl3001_pointless(struct examination *exam);
void dl3003_cd(struct examination *exam);
void dl3004_sudo(struct examination *exam);
void dl3046_useradd(struct examination *exam);
void dl3047_wget_progress(struct examination *exam);
void dl3059_consecutive_runs(struct examination *exam);
void dl4001_wget_and_curl(struct examination *exam);
void dl4005_shell_link(struct examination *exam);
void dl4006_pipefail(struct examination *exam);

/* hadolint_shellcheck.c; an error where ShellCheck could not be asked */
int hadolint_shellcheck(struct examination *exam, struct error *err);

/* hadolint_install.c: switches and caches of package managers */
void dl3009_apt_lists(struct examination *exam);
void dl3014_apt_yes(struct examination *exam);
void dl3015_apt_recommends(struct examination *exam);
void dl3019_apk_cache(struct examination *exam);
void dl3027_apt(struct examination *exam);
void dl3030_yum_yes(struct examination *exam);
void dl3032_yum_clean(struct examination *exam);
void dl3034_zypper_yes(struct examination *exam);
void dl3035_zypper_upgrade(struct examination *exam);
void dl3036_zypper_clean(struct examination *exam);
void dl3038_dnf_yes(struct examination *exam);
void dl3040_dnf_clean(struct examination *exam);
void dl3042_pip_cache(struct examination *exam);
void dl3060_yarn_cache(struct examination *exam);

/* hadolint_pins.c: versions of what is installed */
void dl3008_apt_pin(struct examination *exam);
void dl3013_pip_pin(struct examination *exam);
void dl3016_npm_pin(struct examination *exam);
void dl3018_apk_pin(struct examination *exam);
void dl3028_gem_pin(struct examination *exam);
void dl3033_yum_pin(struct examination *exam);
void dl3037_zypper_pin(struct examination *exam);
void dl3041_dnf_pin(struct examination *exam);
void dl3062_go_pin(struct examination *exam);

bool command_is_pip_install(const struct shell_command *command);
