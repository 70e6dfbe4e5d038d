/* SPDX-License-Identifier: Apache-2.0 */
/* value.h — a YAML or JSON document as a tree, every node knowing where it stands in its file.
 *
 * The tree lies in the caller's arena and never changes once it is parsed. Aliases are resolved and
 * merge keys ("<<") merged: an aliased node appears again with its children shared and with the
 * position of the text that says it. Scalars keep their text as written between the quotes; what a
 * plain `yes`, `0x10` or `null` means is asked with value_as_*, by the rules of sigs.k8s.io/yaml,
 * which is how kubectl reads (YAML 1.2 core schema plus the YAML 1.1 booleans).
 *
 * Hostile input is bounded: see VALUE_LIMIT_*. Any thread; nothing shared. */
#pragma once

#include "base/base.h"

#define VALUE_LIMIT_BYTES ((size_t)64 << 20) /* of a file */
#define VALUE_LIMIT_DEPTH 64u                /* of nesting */
#define VALUE_LIMIT_NODES                                                                          \
	((size_t)4 << 20) /* of a file, aliases counted as what they stand for                     \
			   */

enum value_type {
	VALUE_NULL = 0, /* nothing, "~" or null, unquoted */
	VALUE_SCALAR,
	VALUE_SEQUENCE,
	VALUE_MAPPING,
};

enum value_style {
	VALUE_PLAIN = 0,
	VALUE_SINGLE_QUOTED,
	VALUE_DOUBLE_QUOTED,
	VALUE_LITERAL, /* | */
	VALUE_FOLDED,  /* > */
	VALUE_FLOW,    /* [ ] and { } */
	VALUE_BLOCK,   /* sequences and mappings by indentation */
};

struct value {
	enum value_type type;
	enum value_style style;
	struct source_pos at;      /* the node's first character; columns count characters */
	uint32_t start, end;       /* its bytes in the source: [start, end) */
	struct text text;          /* VALUE_SCALAR: followed by a NUL, holds none */
	const struct value *key;   /* of an entry of a mapping: a scalar */
	const struct value *first; /* VALUE_SEQUENCE, VALUE_MAPPING: the first item or entry … */
	const struct value *next;  /* … and the next one after this */
	size_t count;              /* of items or entries */
	size_t nodes;              /* in the whole tree below and with this one */
};

/* What goes wrong or looks wrong while reading; resource.h's diagnostics are made from it. */
typedef void value_problem_fn(void *context, bool is_error, const struct error *problem);

struct value_source {
	const char *file;  /* for positions; borrowed as long as the tree lives */
	struct text bytes; /* only needed while parsing */
	bool is_json;      /* no YAML beyond JSON */
	/* Where a document stands inside another one (a block scalar of a ConfigMap): added to each
	 * position. With a `pinned` line every position is exactly that one. Zero: at the top. */
	unsigned lines_before, columns_before;
	struct source_pos pinned;
};

/* Documents of a source, in order, linked by `next`. Empty documents (only comments) are left out.
 * Duplicate keys: with the same value a warning, with different ones an error, both through
 * `problem` (may be NULL). Returns 0, or -EINVAL with the first error. */
int value_parse(struct arena *arena, const struct value_source *source, value_problem_fn *problem,
		void *context, const struct value **documents, struct error *err);

/* The entry of a mapping, NULL where absent or where this is no mapping. */
const struct value *value_get(const struct value *mapping, const char *key);
/* The same for nested mappings: value_find(pod, "spec.securityContext.runAsUser"). */
const struct value *value_find(const struct value *mapping, const char *dotted_path);

bool value_is_string(const struct value *value); /* a scalar that no rule makes anything else */
bool value_as_bool(const struct value *value, bool *out);
bool value_as_int(const struct value *value, int64_t *out);
bool value_as_double(const struct value *value, double *out);
bool value_equal(const struct value *a, const struct value *b);

/* A copy that lives in another arena; its positions still borrow the file's name. */
const struct value *value_copy(struct arena *arena, const struct value *value);

/* VALUE_MAPPING as people call it: "a mapping", "a list", "a number". */
const char *value_describe(const struct value *value);

/* The comment lines directly above a line of the source, without the node's own; absent if none. */
struct text value_comment_above(struct text source, unsigned line);
/* One line of the source, without its end; absent beyond the last one. */
struct text value_source_line(struct text source, unsigned line);

#define VALUE_FOR_EACH(parent, item)                                                               \
	for (const struct value *item = (parent)->first; item != NULL; item = item->next)
