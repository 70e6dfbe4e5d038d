/* SPDX-License-Identifier: Apache-2.0 */
/* dockerfile_words.h — what stands behind a keyword: flags, words, pairs, JSON, image names. */
#pragma once

#include "check/dockerfile.h"

void docker_words_split(struct docker_instruction *instruction, struct arena *arena);
/* A JSON array of strings; false leaves the instruction as it was. */
bool docker_words_json(struct docker_instruction *instruction, struct arena *arena);
void docker_pairs_parse(struct docker_instruction *instruction, char escape, struct arena *arena);
/* Moves `text` behind the flags. */
void docker_flags_parse(struct docker_instruction *instruction, struct arena *arena);
void docker_from_parse(struct docker_instruction *instruction);
