/* SPDX-License-Identifier: Apache-2.0 */
/* docker_hardening.h — what an image needs beyond style: who runs it, what it carries, what is
 * left of the build. The table with all texts is docker_checks.c. */
#pragma once

#include "check/dockerfile.h"
#include "check/examination.h"

/* docker_final.c: the image that is shipped */
void df_no_user(struct examination *exam);
void df_no_digest(struct examination *exam);
void df_build_tools(struct examination *exam);
void df_whole_context(struct examination *exam);
void df_no_init(struct examination *exam);
void df_no_healthcheck(struct examination *exam);
void df_owned_by_service(struct examination *exam);
void df_privileged_port(struct examination *exam);

/* docker_secrets.c: keys and credentials */
void df_secret_file(struct examination *exam);
void df_key_mode(struct examination *exam);
void df_secret_literal(struct examination *exam);

/* docker_build.c: what the build does */
void df_syntax(struct examination *exam);
void df_pipe_to_shell(struct examination *exam);
void df_world_writable(struct examination *exam);
void df_setuid(struct examination *exam);
void df_upgrade(struct examination *exam);
void df_unchecked_download(struct examination *exam);
void df_insecure_run(struct examination *exam);
void df_build_without_dev(struct examination *exam);
void df_repeated_copy(struct examination *exam);

/* The stage that is shipped: the last one. 0 where there is no FROM. */
static inline size_t docker_final_stage(const struct dockerfile *file)
{
	return file->stage_count - 1;
}

/* The last instruction of a kind in the stage or in those it builds on; NULL where there is none.
 */
const struct docker_instruction *docker_effective(const struct dockerfile *file, size_t stage,
						  enum docker_op op);
bool docker_word_starts(struct text word, const char *const *prefixes); /* NULL ends them */
