/* SPDX-License-Identifier: Apache-2.0 */
/* field.h — what a rule may ask about, one row each: how it is spelt in a source, an operation and
 * a condition, what its values are, and which traffic has it at all. */
#pragma once

#include "base/base.h"
#include "policy/facts.h"
#include "policy/identity_parts.h"

enum field {
	FIELD_NONE = 0,
	FIELD_PRINCIPAL,
	FIELD_NAMESPACE,
	FIELD_SERVICE_ACCOUNT,
	FIELD_TRUST_DOMAIN,
	FIELD_SOURCE_IP,
	FIELD_REMOTE_IP,
	FIELD_REQUEST_PRINCIPAL,
	FIELD_AUDIENCE,
	FIELD_PRESENTER,
	FIELD_CLAIM,
	FIELD_HEADER,
	FIELD_HOST,
	FIELD_METHOD,
	FIELD_PATH,
	FIELD_DESTINATION_IP,
	FIELD_DESTINATION_PORT,
	FIELD_SNI,
	FIELD_METADATA,
	FIELD_COUNT,
};

enum field_values { /* the form of a field's values */
		    VALUES_TEXT = 0,
		    VALUES_NAMESPACE,
		    VALUES_SERVICE_ACCOUNT,
		    VALUES_REQUEST_PRINCIPAL,
		    VALUES_CLAIM,
		    VALUES_IP,
		    VALUES_PORT,
		    VALUES_NOTHING, /* nothing here ever sets it */
};

struct field_info {
	const char *list;     /* in `source` or `operation`: "principals"; NULL: only a condition */
	const char *not_list; /* "notPrincipals" */
	const char *key;      /* in `when`: "source.principal"; NULL: no condition */
	bool key_has_name;    /* key goes on with "[NAME]" */
	enum field_values values;
	bool http_only;        /* unknown for TCP */
	bool needs_identity;   /* of peer or token: not known to CUSTOM */
	bool star_is_presence; /* "*" matches an empty value too */
	bool ignore_case;
};

extern const struct field_info fields[FIELD_COUNT];

/* The field of a condition's key and the text within its brackets (absent where it has none).
 * NULL in *problem, or what is wrong with the key; the field is FIELD_NONE then. */
enum field field_of_key(struct text key, struct text *name, const char **problem);

/* The single text of a field that has one (VALUES_TEXT), absent where the facts have none. */
struct text field_text(enum field field, struct text name, const struct request_facts *facts);
struct ip_address field_ip(enum field field, const struct request_facts *facts);
