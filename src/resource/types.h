/* SPDX-License-Identifier: Apache-2.0 */
/* types.h — what typed resources are made of.
 *
 * A message (any struct with fields of its own) starts with `struct source_pos at`; as the item of
 * a map it goes on with `struct text key`. A nested message is a pointer, NULL where it is absent.
 * Texts are followed by a NUL that does not count and hold none; an absent text has ptr NULL.
 * Everything belongs to the set's arena and is immutable. */
#pragma once

#include "base/base.h"
#include "resource/kind.h"

struct value;

/* LIST_OF(struct gateway_server) servers; … servers.items[i], i < servers.count */
#define LIST_OF(type)                                                                              \
	struct {                                                                                   \
		const type *items;                                                                 \
		size_t count;                                                                      \
	}

struct text_list {
	const struct text *items;
	size_t count;
	const struct source_pos *at; /* of each item */
};

struct text_pair {
	struct source_pos at;
	struct text key, value;
};

struct text_map { /* in the order of the file; keys are unique */
	const struct text_pair *items;
	size_t count;
};

struct optional_bool {
	bool is_set, value;
};

struct optional_int {
	bool is_set;
	int64_t value;
};

struct optional_double {
	bool is_set;
	double value;
};

struct optional_duration {
	bool is_set;
	uint64_t ns;
};

/* "port: 80" or "port: http": a number or, where the name is present, a name. */
struct port_or_name {
	uint32_t number; /* 0: a name, or absent */
	struct text name;
};

struct text text_map_get(const struct text_map *map, struct text key); /* absent if missing */
bool text_list_has(const struct text_list *list, struct text item);

/* metadata, and what the set knows of each resource. */
struct resource {
	struct source_pos at;      /* the first line of the document */
	struct source_pos name_at; /* metadata.name */
	enum resource_kind kind;
	struct text kind_name;   /* as the file has it; the only name of an untyped one */
	struct text api_version; /* "networking.istio.io/v1" */
	struct text name;
	struct text namespace; /* "" for kinds without one */
	struct text_map labels, annotations;
	int64_t created_ns;           /* metadata.creationTimestamp; 0 where absent */
	const struct value *document; /* only of KIND_UNTYPED and KIND_FALCO_RULES */
};
