/* SPDX-License-Identifier: Apache-2.0 */
/* link.h — one connection's bytes: a socket, TLS around it or not, and what waits to be sent.
 *
 * A link is a member of its owner (a client's connection, one to an upstream) and tells it through
 * link_ops what happened. Reading is the owner's: link_read until -EAGAIN. Writing goes into
 * link->out (byte_queue_*), then link_flush_later; what a round put there leaves in as few writes
 * as possible.
 *
 * After link_close nothing is called back; after link_finish only on_finished, or on_failed. The
 * owner must not free the link's memory inside a callback of it: owners are freed by loop_defer, at
 * the end of the round. Single-threaded, as the loop. */
#pragma once

#include "net/address.h"
#include "net/loop.h"
#include "net/slab.h"
#include "net/tls.h"
#include "net/tls_records.h"

struct link;

#define LINK_FIRST_MAX (16 * 1024) /* bytes that on_first may see */

enum link_opening { /* what a server makes of a connection's first bytes */
		    LINK_NEEDS_MORE = 0,
		    LINK_OPEN_PLAIN,
		    LINK_OPEN_TLS, /* with the context; they are the beginning of its handshake */
		    LINK_SKIP,   /* `skip` bytes are for nobody else: it is asked again without them
				  */
		    LINK_REFUSE, /* on_failed follows */
};

struct link_first {
	struct text bytes; /* that have arrived; not taken from the socket */
	bool is_all;       /* no others will be waited for: LINK_NEEDS_MORE is refused */
	size_t skip;
	const char *why; /* of LINK_REFUSE; static */
};

struct link_ops {
	enum link_opening (*on_first)(struct link *link, struct link_first *first);
	void (*on_open)(struct link *link);  /* connected, TLS done: may be read and written */
	void (*on_input)(struct link *link); /* link_read has something to say */
	void (*on_drained)(
		struct link *link); /* link->out went below LINK_LOW after above LINK_HIGH */
	void (*on_failed)(struct link *link, const struct error *err); /* it broke; close it */
	void (*on_finished)(
		struct link *link); /* the goodbye of link_finish is over; may be NULL */
};

#define LINK_HIGH (128 * 1024) /* bytes waiting: the producer should pause */
#define LINK_LOW  (32 * 1024)

#define LINK_PROTOCOL_MAX 16 /* of the names we offer and accept */

enum link_state {
	LINK_CLOSED = 0,
	LINK_CONNECTING,
	LINK_SNIFFING, /* server: on_first is to say what it is */
	LINK_HANDSHAKING,
	LINK_OPEN,
	LINK_LINGERING, /* all is sent; the peer's last bytes are read and thrown away */
};

struct link {
	enum link_state state;
	struct loop *loop;
	struct slab_pool *pool;
	const struct link_ops *ops;
	struct watch watch;
	SSL *ssl;                    /* NULL: plain, or `records` took over */
	struct tls_context *context; /* of ssl, or to be used once sniffed; a reference */
	struct tls_secrets *secrets; /* during the handshake */
	struct tls_records *records; /* TLS 1.3 after the handshake */
	struct byte_queue sealed;    /* of a record that is not whole yet, or not asked for */
	struct byte_queue opened;    /* what its owner had no room for */
	struct byte_queue out;       /* what the owner wants sent */
	struct byte_queue wire;      /* TLS records not yet taken by the kernel */
	struct deferred flush;
	struct timer linger;
	bool readable, writable; /* edge-triggered: true until the kernel says it would block */
	bool peer_closed;        /* the peer's FIN was seen by the loop */
	bool is_full;            /* above LINK_HIGH; on_drained is owed */
	bool close_when_sent;    /* see link_finish */
	bool end_when_sent;      /* see link_send_end */
	bool said_goodbye;       /* close_notify is sent */
	bool heard_goodbye;      /* or received: nothing more is read */
	bool is_broken;          /* a record was forged or malformed: the same */
	unsigned char protocol_len;
	char protocol[LINK_PROTOCOL_MAX]; /* what ALPN chose, once it is open */
	char *server_name;            /* what the client asked for (SNI); owned; NULL: nothing */
	struct error *refusal;        /* what the verify callback said; owned; NULL: nothing */
	uint64_t bytes_in, bytes_out; /* of the owner's data */
};

/* Takes over an accepted descriptor. context NULL: plain. sniff: on_first decides by what comes
 * first. on_open follows (at the end of the round at the earliest). */
int link_accept(struct link *link, int fd, struct tls_context *context, bool sniff,
		struct error *err);

/* While on_first needs more: it must do with what there is. */
void link_sniff_over(struct link *link);

/* Starts to connect. server_name (SNI) may be NULL. on_open or on_failed follows. */
int link_connect(struct link *link, const struct address *to, struct tls_context *context,
		 const char *server_name, struct error *err);

/* > 0 bytes; 0: the peer is done sending; -EAGAIN: on_input will tell; other -Exxx: broken. */
ssize_t link_read(struct link *link, void *out, size_t len);

void link_flush_later(struct link *link); /* at the end of the round */
/* Sends what waits, then that nothing more will come (close_notify, FIN). Reading goes on. */
void link_send_end(struct link *link);
void link_finish(struct link *link); /* send what waits, say goodbye, linger, on_finished */
void link_close(struct link *link);  /* at once; what waits is dropped; fine if closed */
void link_reset(struct link *link);  /* the same, and the peer sees that something is missing */
/* Client, before it is open: goes before all else, TLS included. */
void link_say_first(struct link *link, struct text bytes);
/* Client, before it is open: offers these protocols (ALPN, wire form) instead of the context's. */
void link_offer(struct link *link, struct text protocols);

static inline bool link_is_open(const struct link *link)
{
	return link->state == LINK_OPEN;
}

static inline bool link_is_full(const struct link *link)
{
	return link->out.len + link->wire.len >= LINK_HIGH;
}

struct text link_protocol(const struct link *link);    /* what ALPN chose; len 0: nothing */
struct text link_server_name(const struct link *link); /* SNI; absent: none */
bool link_is_tls(const struct link *link);
/* "TLSv1.3", "TLS_AES_128_GCM_SHA256"; NULL without TLS. */
const char *link_tls_version(const struct link *link);
const char *link_tls_cipher(const struct link *link);

/* For tls.c */
void link_note_refusal(struct link *link, const struct error *err);
void link_adopt_context(struct link *link, struct tls_context *context);
