/* SPDX-License-Identifier: Apache-2.0 */
/* nginx.h — an nginx configuration as a tree of directives, includes spliced in where they stand.
 *
 * The lexer is nginx's own (ngx_conf_read_token): words end at blanks, ';' and '{'; quotes begin
 * only at a word's beginning; "${" opens no block. What is inside *_by_lua_block is skipped as Lua.
 * After a fault reading goes on behind the next ';' or '}'. Includes are followed only below the
 * main file's own directory ("/etc/nginx/" stands for it), never upwards and never in circles. */
#pragma once

#include "check/finding.h"

struct nginx_source {
	const char *file;
	struct line_index lines; /* with the text */
};

struct nginx_word {
	struct text text; /* quotes and escapes resolved */
	struct range at;
	bool quoted;
};

struct nginx_directive {
	struct text name;
	struct range name_at;
	struct range at; /* with its ';' or its block */
	const struct nginx_word *args;
	size_t count;
	bool is_block;
	struct range body; /* between the braces */
	const struct nginx_source *source;
	const struct nginx_directive *parent; /* the root's is NULL */
	struct nginx_directive *first, *last, *next;
};

struct nginx_fault {
	const struct nginx_source *source;
	struct range at;
	const char *message;
};

struct nginx {
	struct nginx_directive root; /* its children are the main context */
	const struct nginx_fault *faults;
	size_t fault_count;
};

void nginx_parse(struct nginx *out, const char *file, struct text text, bool follow_includes,
		 struct arena *arena);

#define NGINX_FOR_EACH(parent, item)                                                               \
	for (const struct nginx_directive *item = (parent)->first; item != NULL; item = item->next)

/* Depth first, parents before children; NULL at the end. */
const struct nginx_directive *nginx_next(const struct nginx_directive *at);

bool nginx_is(const struct nginx_directive *directive, const char *name);
struct text nginx_arg(const struct nginx_directive *directive, size_t index); /* absent beyond */
bool nginx_has_arg(const struct nginx_directive *directive, const char *arg);
/* In this block itself; NULL where it is not set there. */
const struct nginx_directive *nginx_child(const struct nginx_directive *block, const char *name);
/* In this block or the nearest one around it: how most directives are inherited. */
const struct nginx_directive *nginx_effective(const struct nginx_directive *block,
					      const char *name);
/* The nearest block of that name around, or the directive itself. */
const struct nginx_directive *nginx_enclosing(const struct nginx_directive *at, const char *name);
/* "10s", "1m30s", "500ms" in seconds; "8k", "10m" in bytes. */
bool nginx_parse_seconds(struct text text, uint64_t *out);
bool nginx_parse_size(struct text text, uint64_t *out);
/* Whether `text` uses $name or ${name}. */
bool nginx_uses_variable(struct text text, const char *name);
