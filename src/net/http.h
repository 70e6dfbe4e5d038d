/* SPDX-License-Identifier: Apache-2.0 */
/* http.h — an HTTP message as every protocol version shares it: a head, fields, and how the body
 * ends.
 *
 * The HTTP/1 and HTTP/2 codecs fill a `struct http_head` and write one; filters see nothing else.
 * All texts are borrowed: from the connection's read buffer (HTTP/1) or the stream's arena
 * (HTTP/2). http_head_keep moves them into an arena when they must outlive the buffer. Only the
 * array of fields is owned; it is kept from message to message, so the steady path takes no memory.
 *
 * What a head says about its framing stands in `framing` and `content_length`, nowhere else: the
 * writers leave out the fields Host, Content-Length, Transfer-Encoding, Connection, Upgrade and TE
 * as they were received and say again what `authority`, `framing`, `keep_alive`, ... hold. So
 * nothing that a peer wrote about a connection can reach the next one.
 *
 * RFC 9110 (semantics), 9112 (HTTP/1.1), 9113 (HTTP/2). */
#pragma once

#include "base/base.h"
#include "net/http_names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_field {
	struct text name;  /* in lower case; empty: removed, to be skipped */
	struct text value; /* without surrounding blanks; never CR, LF or NUL */
	enum http_name id; /* HTTP_OTHER unless well-known */
};

struct http_fields {
	struct http_field *items;        /* owned; in the order received */
	size_t count, capacity;          /* count includes the removed ones */
	uint16_t first[HTTP_NAME_COUNT]; /* 1 + index of the first field so named; 0: none */
};

void http_fields_done(struct http_fields *fields);  /* zero-initialised is valid and empty */
void http_fields_clear(struct http_fields *fields); /* keeps the array */

/* Names are given in lower case. The texts are borrowed. */
void http_fields_add(struct http_fields *fields, struct text name, struct text value);
void http_fields_add_known(struct http_fields *fields, enum http_name name, struct text value);
/* Adds all of `from`, whose texts are copied into the arena. */
void http_fields_copy(struct http_fields *to, const struct http_fields *from, struct arena *arena);
void http_fields_set(struct http_fields *fields, struct text name, struct text value);
void http_fields_set_known(struct http_fields *fields, enum http_name name, struct text value);
void http_fields_remove(struct http_fields *fields, struct text name); /* every one so named */
void http_fields_remove_known(struct http_fields *fields, enum http_name name);

void http_fields_remove_last(struct http_fields *fields); /* the one just added */

/* The first field so named, or NULL; and the one after it with the same name. */
struct http_field *http_fields_find(const struct http_fields *fields, struct text name);
struct http_field *http_fields_next(const struct http_fields *fields,
				    const struct http_field *field);

static inline struct http_field *http_fields_find_known(const struct http_fields *fields,
							enum http_name name)
{
	return fields->first[name] != 0 ? &fields->items[fields->first[name] - 1] : NULL;
}

/* The value of the first field so named; absent if there is none. */
static inline struct text http_fields_value(const struct http_fields *fields, enum http_name name)
{
	const struct http_field *field = http_fields_find_known(fields, name);

	return field != NULL ? field->value : (struct text){ NULL, 0 };
}

/* All values so named as one list, joined with ", " (RFC 9110 5.3); absent if there is none. */
struct text http_fields_joined(const struct http_fields *fields, struct text name,
			       struct arena *arena);

#define HTTP_FIELD_FOR_EACH(fields, field)                                                         \
	for (struct http_field *field = (fields)->items,                                           \
			       *end_ = field != NULL ? field + (fields)->count : NULL;             \
	     field != end_; field++)                                                               \
		if (field->name.len > 0)

enum http_version { HTTP_VERSION_NONE = 0, HTTP_VERSION_1_0, HTTP_VERSION_1_1, HTTP_VERSION_2 };

enum http_framing {
	HTTP_BODY_NONE = 0, /* nothing follows the head */
	HTTP_BODY_LENGTH,   /* content_length bytes */
	HTTP_BODY_CHUNKED,  /* HTTP/1.1 chunks, perhaps trailers */
	HTTP_BODY_TO_END,   /* until the stream (HTTP/2) or the connection (HTTP/1 answers) ends */
};

#define HTTP_LENGTH_UNKNOWN UINT64_MAX

struct http_head {
	enum http_version version;

	/* A request has these; an answer has none of them. */
	struct text method; /* as sent: methods are case-sensitive */
	struct text scheme; /* "http", "https"; absent where the target did not say (HTTP/1) */
	struct text
		authority; /* "host", "host:port" in lower case, valid; empty only in HTTP/1.0 */
	struct text path;  /* with query; begins with '/', or is "*"; absent for plain CONNECT */

	/* An answer has these; a request has status 0. */
	unsigned status;
	struct text reason; /* HTTP/1 only */

	struct http_fields fields;

	enum http_framing framing;
	uint64_t content_length; /* may be known where no body follows (HEAD, 304) */
	bool keep_alive;         /* HTTP/1: another message may follow on this connection */
	bool expect_continue;    /* the client waits for 100 before it sends the body */
	bool accepts_trailers;   /* TE: trailers */
	struct text upgrade;     /* the protocol asked for or switched to; HTTP/2: ":protocol" */
};

void http_head_done(struct http_head *head);
void http_head_clear(struct http_head *head); /* keeps the fields' array */

/* Copies every text into the arena, so that the head no longer needs the bytes it came from. */
void http_head_keep(struct http_head *head, struct arena *arena);

/* Removes what concerned only the connection the message came over: Connection, every field it
 * names, the fields RFC 9110 7.6.1 lists, and the wish to `upgrade`, which has to be granted by
 * setting it again. Identity fields must be set after this, not before: the sender chooses what
 * Connection names. */
void http_head_remove_hop_by_hop(struct http_head *head);

/* Fields that speak of one connection or are said by the head itself: never written from a list. */
bool http_name_is_of_connection(enum http_name name);

/* RFC 9110 6.5.1. Harmless: does not pretend to frame, route or authenticate the message. Allowed:
 * may be passed on as a trailer. */
bool http_trailer_is_harmless(const struct http_field *field);
bool http_trailer_is_allowed(const struct http_field *field);

static inline bool http_head_is_connect(const struct http_head *head)
{
	return text_equal(head->method, TEXT("CONNECT"));
}

static inline bool http_head_is_head(const struct http_head *head)
{
	return text_equal(head->method, TEXT("HEAD"));
}

static inline bool http_head_is_options(const struct http_head *head)
{
	return text_equal(head->method, TEXT("OPTIONS"));
}

/* Answers before the answer: 100, 102, 103. 101 is final: the protocol changes. */
static inline bool http_status_is_interim(unsigned status)
{
	return status >= 100 && status < 200 && status != 101;
}

const char *http_status_reason(unsigned status); /* "Not Found"; "" where unknown */

struct http_limits {
	size_t head_bytes;       /* request or status line and all fields, as received or decoded */
	size_t start_line_bytes; /* above: 414 */
	size_t field_count;      /* above: 431; at most 65,000 */
	size_t trailer_bytes;    /* all trailers of one message */
	size_t chunk_extension_bytes; /* of one chunk */
	bool allow_connect;           /* otherwise CONNECT is 501 */
};

/* Bytes and fields of a head as Envoy's defaults. */
#define HTTP_LIMITS_DEFAULT                                                                        \
	{                                                                                          \
		.head_bytes = 60 * 1024, .start_line_bytes = 16 * 1024, .field_count = 100,        \
		.trailer_bytes = 8 * 1024, .chunk_extension_bytes = 1024                           \
	}
extern const struct http_limits http_limits_default;

/* Why a message was refused. For requests the status to answer with; for answers always 502. */
struct http_problem {
	unsigned status;    /* 0: none */
	const char *reason; /* static, for the log: "space before the colon of a field" */
};
