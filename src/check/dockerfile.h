/* SPDX-License-Identifier: Apache-2.0 */
/* dockerfile.h — a Dockerfile as BuildKit reads it, with the place of everything.
 *
 * Follows BuildKit's frontend/dockerfile/parser: directives (escape, syntax, check) only at the
 * top; a line that ends with the escape character goes on; comment lines inside a continued
 * instruction vanish; heredocs of RUN, COPY and ADD are read to their terminators. After an error
 * parsing goes on with the next line: a fault costs one instruction, not the file.
 *
 * An instruction's text is its logical line: continuations joined. Offsets into it map back to the
 * file through `pieces`. Everything lies in the caller's arena; texts may point into the file. */
#pragma once

#include "check/finding.h"
#include "check/shell.h"

enum docker_op {
	DOCKER_UNKNOWN = 0,
	DOCKER_ADD,
	DOCKER_ARG,
	DOCKER_CMD,
	DOCKER_COPY,
	DOCKER_ENTRYPOINT,
	DOCKER_ENV,
	DOCKER_EXPOSE,
	DOCKER_FROM,
	DOCKER_HEALTHCHECK,
	DOCKER_LABEL,
	DOCKER_MAINTAINER,
	DOCKER_ONBUILD,
	DOCKER_RUN,
	DOCKER_SHELL,
	DOCKER_STOPSIGNAL,
	DOCKER_USER,
	DOCKER_VOLUME,
	DOCKER_WORKDIR,
};

struct docker_word {
	struct text raw; /* as written, quotes and all */
	struct range at; /* in the file */
};

struct docker_pair {            /* of ENV, LABEL, ARG */
	struct text key, value; /* quotes removed; value absent for ARG without a default */
	struct range at;
};

struct docker_heredoc {
	struct text name, body;
	bool expands;  /* its delimiter is not quoted */
	bool to_shell; /* the instruction begins with it: its body is the script */
};

struct docker_image {
	struct text whole;          /* as written */
	struct text registry, name; /* registry absent where none is written */
	struct text tag, digest, alias, platform;
};

struct docker_piece { /* text[at..] stands in the file from `offset` on */
	size_t at, offset;
};

struct docker_instruction {
	enum docker_op op;
	struct range keyword, at; /* `at` covers heredocs too */
	unsigned line;
	bool in_onbuild; /* the instruction that an ONBUILD triggers */
	bool is_json;
	struct text text; /* the logical line behind the keyword and the flags */
	size_t text_at;   /* of text.ptr[0], for docker_place */
	const struct docker_piece *pieces;
	size_t piece_count;
	const struct docker_pair *flags;
	size_t flag_count;
	const struct docker_word *words; /* split at blanks, or the JSON array's strings */
	size_t word_count;
	const struct docker_pair *pairs;
	size_t pair_count;
	const struct docker_heredoc *heredocs;
	size_t heredoc_count;
	struct docker_image image;                /* FROM */
	const struct shell_script *shell;         /* RUN, and HEALTHCHECK, CMD, ENTRYPOINT, SHELL */
	const struct docker_instruction *trigger; /* ONBUILD */
	size_t stage;                             /* 0: before the first FROM, then 1, 2, … */
};

struct docker_comment {
	unsigned line;
	struct text text; /* behind the '#' */
	struct range at;
};

struct docker_fault {
	struct range at;
	const char *message;
};

struct docker_stage {
	size_t first, last; /* instructions; first is its FROM */
	struct docker_image image;
	size_t parent; /* the stage it builds on, 0: an image from elsewhere */
};

struct dockerfile {
	struct text text;
	char escape;
	const struct docker_instruction *instructions;
	size_t count;
	const struct docker_stage *stages; /* [0] is what stands before the first FROM */
	size_t stage_count;                /* with [0] */
	const struct docker_comment *comments;
	size_t comment_count;
	const struct docker_fault *faults;
	size_t fault_count;
};

/* Never fails: what cannot be read is a fault. */
void dockerfile_parse(struct dockerfile *out, struct text text, struct arena *arena);

const char *docker_op_name(enum docker_op op);
struct text docker_flag(const struct docker_instruction *instruction, const char *name);
/* Of bytes [start, end) of the instruction's text. */
struct range docker_place(const struct docker_instruction *instruction, size_t start, size_t end);
struct text docker_unquote(struct text text); /* without quotes around it */
/* The stage named or numbered so, before `before`; 0: none. */
size_t docker_stage_find(const struct dockerfile *file, struct text name, size_t before);
struct docker_image docker_image_parse(struct text reference);
/* $NAME, ${NAME}, ${NAME:-word}, ${NAME:+word} by what ARG and ENV before `instruction` say; a
 * variable without a known value leaves the text as it is. */
struct text docker_expand(const struct dockerfile *file,
			  const struct docker_instruction *instruction, struct text text,
			  struct arena *arena);
