/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h — how a mapping becomes a struct: const tables of fields, and the one decoder that walks
 * a value tree beside them. Inside the room.
 *
 *	static const struct field server_fields[] = {
 *		FIELD("port", FIELD_MESSAGE, struct gateway_server, port,
 *		      .schema = &network_port_schema, .flags = FIELD_REQUIRED),
 *		FIELD("hosts", FIELD_TEXT_LIST, struct gateway_server, hosts, .flags =
 *FIELD_REQUIRED),
 *	};
 *	const struct schema server_schema = SCHEMA("server", struct gateway_server, server_fields,
 *						   .validate = validate_server);
 *
 * A field is found by its JSON name, or by the same name in snake_case, as protojson does. null
 * counts as absent. What is unknown warns; what is wrong is an error; decoding always goes on, so
 * that one run tells everything. */
#pragma once

#include "resource/diagnostics.h"
#include "resource/types.h"
#include "resource/value.h"

enum field_type { /* the member it fills */
		  FIELD_TEXT = 1,
		  FIELD_BOOL,
		  FIELD_UINT32,
		  FIELD_INT32,
		  FIELD_ENUM,            /* an enum; `words` names its constants */
		  FIELD_OPTIONAL_BOOL,   /* struct optional_bool; google.protobuf.BoolValue and
					    pointers */
		  FIELD_OPTIONAL_INT,    /* struct optional_int; UInt32Value, Int32Value */
		  FIELD_OPTIONAL_DOUBLE, /* struct optional_double */
		  FIELD_DURATION,        /* struct optional_duration: "1h30m" */
		  FIELD_TIME,            /* int64_t, nanoseconds since 1970: RFC 3339 */
		  FIELD_BASE64,          /* struct text, decoded */
		  FIELD_PORT_OR_NAME,    /* struct port_or_name */
		  FIELD_TEXT_LIST,       /* struct text_list */
		  FIELD_SCALAR_LIST, /* struct text_list; numbers and booleans too, or one of them
					alone */
		  FIELD_NUMBER_LIST, /* LIST_OF(uint32_t) */
		  FIELD_TEXT_MAP,    /* struct text_map */
		  FIELD_MESSAGE,     /* a pointer to a struct */
		  FIELD_INLINE, /* a mapping whose fields lie in the struct itself, from `offset` on
				 */
		  FIELD_MESSAGE_LIST, /* LIST_OF(struct …) */
		  FIELD_MESSAGE_MAP,  /* LIST_OF(struct …); each item has its key */
		  FIELD_SCALAR_MAP,   /* the same for values that are no mapping: the schema has one
					 field */
		  FIELD_ANY,          /* const struct value * */
		  FIELD_KNOWN,        /* read by nobody here, but no mistake */
		  FIELD_TYPE_COUNT,
};

enum field_flag {
	FIELD_REQUIRED = 1 << 0,
	FIELD_NOT_EMPTY = 1 << 1,  /* there, it says something */
	FIELD_DEPRECATED = 1 << 2, /* warns with `hint` */
	FIELD_EXTENSION =
		1 << 3, /* Istio has no such field; it is honoured and warns with `hint` */
	FIELD_NULL_ITEMS = 1 << 4, /* a null item is an empty message ("- " selects all) */
};

struct word { /* an enum's constant as files spell it */
	const char *name;
	int value;
	const char *hint; /* not portable: warns, and says what to write */
};

/* What a text must look like; see format.c. */
enum text_format {
	FORMAT_FREE = 0,
	FORMAT_IP,
	FORMAT_IP_OR_CIDR,
	FORMAT_CIDR,
	FORMAT_HOST,         /* a DNS name, "*.suffix" or "*" */
	FORMAT_GATEWAY_HOST, /* the same behind an optional "namespace/" */
	FORMAT_PORT,         /* a number 1 to 65535, as text */
	FORMAT_DNS_LABEL,
	FORMAT_ABSOLUTE_PATH,
	FORMAT_SHA256,
	FORMAT_SERIAL, /* of a certificate: hexadecimal, with colons or without */
	FORMAT_URL,    /* http:// or https:// */
	FORMAT_COUNT,
};

struct field {
	const char *name;
	enum field_type type;
	unsigned flags;
	uint32_t offset;
	enum text_format format; /* of a text, or of each item */
	const struct schema *schema;
	const struct word *words; /* ends with a NULL name */
	int64_t min, max;         /* of numbers; both 0: whatever the type holds */
	unsigned group;           /* at most one field of a group may be there; 0: none */
	const char *hint;
};

struct decoder;

struct schema {
	const char *name; /* as messages name it: "unknown field 'x' in NAME" */
	size_t size;
	const struct field *fields;
	size_t field_count;
	bool is_inline; /* no `at` of its own */
	bool is_open;   /* has more fields than anybody here reads, and may */
	/* After the fields were read, even if some were wrong: what concerns several of them. */
	void (*validate)(struct decoder *decoder, const struct value *value, void *message);
};

#define FIELD(json_name, field_type, owner, member, ...)                                           \
	{                                                                                          \
		.name = (json_name), .type = (field_type), .offset = offsetof(owner, member),      \
		##__VA_ARGS__                                                                      \
	}
#define FIELD_NAMED(json_name, ...)                                                                \
	{                                                                                          \
		.name = (json_name), .type = FIELD_KNOWN, ##__VA_ARGS__                            \
	}
#define SCHEMA(noun, owner, table, ...)                                                            \
	{                                                                                          \
		.name = (noun), .size = sizeof(owner), .fields = (table),                          \
		.field_count = COUNT_OF(table), ##__VA_ARGS__                                      \
	}
#define PORT_RANGE .min = 1, .max = 65535

struct decoder {
	struct arena *arena; /* the set's */
	struct diagnostics *diagnostics;
	struct line_finder *lines; /* of the file, for quoting */
	const char *root_namespace;
	struct text namespace; /* of the resource that is being read */
	bool hides_lines;      /* this document may hold secrets */
	size_t budget;         /* bytes that lists may still take */
};

/* Fills a message (zeroed, schema->size bytes) from a mapping. */
void decode_message(struct decoder *decoder, const struct schema *schema,
		    const struct value *mapping, void *message);

/* What is wrong is told here; decoding goes on. */
void decode_error(struct decoder *decoder, struct source_pos at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void decode_warning(struct decoder *decoder, struct source_pos at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Where a field of a mapping stands: at its key, or the mapping itself where it is absent. */
struct source_pos decode_place(const struct value *mapping, const char *field);

/* Where a name of the same kind was before; NULL the first time, and for no name. `at` must live as
 * long as the map. */
const struct source_pos *decode_seen(struct map *seen, struct text name,
				     const struct source_pos *at);

/* NULL where the text has the format, else what it must be: "an IP address such as 10.0.0.1". */
const char *format_expects(enum text_format format, struct text text);
