/* SPDX-License-Identifier: Apache-2.0 */
/* term.h — one field of a rule with its values: the smallest thing that matches or does not.
 *
 * A term matches when one of its values does (or there are none) and none of its notValues does.
 * Everything lies in the compiled policy's arena. */
#pragma once

#include "policy/facts.h"
#include "policy/field.h"
#include "policy/pattern.h"
#include "resource/resource.h"

struct match_value {
	struct source_pos at;
	struct text written; /* as the file has it */
	union {
		struct pattern pattern; /* VALUES_TEXT, VALUES_NAMESPACE, VALUES_CLAIM */
		struct ip_range range;
		uint16_t port;
		struct {
			struct text namespace, name;
		} service_account;
		struct {
			struct pattern issuer, subject;
		} request_principal;
	};
};

struct match_values {
	const struct match_value *items;
	size_t count;                    /* 0: does not constrain */
	const struct affix_index *index; /* of long lists of texts; or NULL */
};

struct term {
	enum field field;
	struct text name;        /* of a header, lower case; of metadata */
	const struct text *path; /* of a claim: the names on the way */
	size_t path_len;
	struct source_pos at;
	struct match_values values, not_values;
};

struct trust_domains { /* the mesh's own first, then its aliases */
	const struct text *items;
	size_t count;
};

/* What is needed to read a term's values. */
struct term_context {
	struct arena *arena;
	const struct trust_domains *trust_domains;
	struct text policy_namespace; /* of serviceAccounts without one */
};

/* The lists were validated (validate.h). `name` as field_of_key gives it. */
struct term term_make(const struct term_context *context, enum field field, struct text name,
		      const struct text_list *values, const struct text_list *not_values);

bool term_matches(const struct term *term, const struct request_facts *facts);
bool values_match(const struct term *term, const struct match_values *values,
		  const struct request_facts *facts); /* any of them */
