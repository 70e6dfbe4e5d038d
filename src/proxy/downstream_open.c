/* SPDX-License-Identifier: Apache-2.0 */
/* downstream_open.c — how a client's connection begins, where its listener leaves that open:
 *
 *	PROXY protocol -> TLS of the mesh, TLS of others, or plain bytes -> HTTP/1, HTTP/2 or
 *neither
 *
 * The first two look at bytes that stay in the socket, so that TLS of others can be passed on
 * whole; whether it is HTTP is told by what comes out of our own TLS, too. Semantics: Envoy's
 * listener filters as Istio sets them up (facts 1.1, 1.2). */
#include "proxy/downstream.h"

#include "proxy/bounds.h"
#include "proxy/gateway_tls.h"
#include "proxy/mesh_tls.h"

#include <errno.h>

#define TLS_HANDSHAKE 0x16 /* a record's first byte; no HTTP method begins so */

bool downstream_may_be_silent(const struct downstream *downstream)
{
	const struct listener_plan *plan = downstream_listener_plan(downstream);

	return plan != NULL && plan->takes_plain && plan->servers[0].speech != SPEECH_HTTP
	       && (!plan->wants_proxy_header || downstream->has_proxy_header);
}

/* Without a protocolDetectionTimeout, who is silent is waited for, as in Istio: a server that
 * would speak first is never asked. */
uint64_t downstream_first_deadline(const struct downstream *downstream)
{
	const uint64_t now = loop_now(downstream->worker->loop);
	const struct listener_plan *plan = downstream_listener_plan(downstream);

	if (!downstream_may_be_silent(downstream))
		return now + HANDSHAKE_TIMEOUT_NS;
	return now + (plan->detection_ns > 0 ? plan->detection_ns : IDLE_TIMEOUT_NS);
}

/* The first bytes: from now on silence is no virtue. */
static void hear(struct downstream *downstream, uint64_t patience_ns)
{
	if (downstream->is_heard)
		return;
	downstream->is_heard = true;
	downstream_set_deadline(downstream, loop_now(downstream->worker->loop) + patience_ns);
}

/* ---- PROXY protocol ---- */

static enum link_opening read_proxy_header(struct downstream *downstream, struct link_first *first)
{
	struct proxy_header header;

	switch (proxy_protocol_parse(first->bytes, &header, &first->why)) {
	case PROXY_PROTOCOL_DONE:
		downstream->has_proxy_header = true;
		downstream->is_heard = false; /* the client itself has said nothing yet */
		downstream_set_deadline(downstream, downstream_first_deadline(downstream));
		if (header.says_where)
			downstream_set_client(downstream, &header.source);
		first->skip = header.len;
		return LINK_SKIP;
	case PROXY_PROTOCOL_MORE:
		first->why = "it ended in its PROXY header";
		return LINK_NEEDS_MORE;
	default:
		return LINK_REFUSE;
	}
}

/* ---- TLS ---- */

static enum link_opening pass_through(struct downstream *downstream)
{
	downstream->is_opaque = true;
	return LINK_OPEN_PLAIN;
}

/* Whose TLS is it? */
static enum link_opening judge_hello(struct downstream *downstream,
				     const struct listener_plan *plan,
				     const struct client_hello *hello, struct link_first *first)
{
	const struct listener_server *server;

	if (hello->server_name.len > 0)
		downstream_set_server_name(downstream, hello->server_name);
	if (!plan->by_name)
		return plan->tls != NULL && mesh_is_offered(hello) ? LINK_OPEN_TLS
								   : pass_through(downstream);
	server = listener_server_for(plan, hello->server_name);
	if (server != NULL && server->is_passthrough)
		return pass_through(downstream);
	if (plan->tls != NULL)
		return LINK_OPEN_TLS; /* which refuses a name that nobody has, with an alert */
	first->why = "no server here has the name it asks for";
	return LINK_REFUSE;
}

static enum link_opening read_hello(struct downstream *downstream, const struct listener_plan *plan,
				    struct link_first *first)
{
	struct client_hello hello;

	switch (client_hello_parse(first->bytes, &hello)) {
	case CLIENT_HELLO_DONE:
		return judge_hello(downstream, plan, &hello, first);
	case CLIENT_HELLO_MORE:
		if (!first->is_all)
			return LINK_NEEDS_MORE;
		break;
	default:
		break;
	}
	first->why = "a ClientHello that cannot be made out";
	return plan->takes_plain ? pass_through(downstream) : LINK_REFUSE;
}

static enum link_opening tell_tls(struct downstream *downstream, const struct listener_plan *plan,
				  struct link_first *first)
{
	if (!plan->tells_tls)
		return plan->tls != NULL ? LINK_OPEN_TLS : LINK_OPEN_PLAIN;
	if (first->bytes.len == 0)
		return first->is_all && plan->takes_plain ? LINK_OPEN_PLAIN : LINK_NEEDS_MORE;
	if (first->bytes.ptr[0] != TLS_HANDSHAKE) {
		first->why = "plain text where TLS is spoken";
		return plan->takes_plain ? LINK_OPEN_PLAIN : LINK_REFUSE;
	}
	return plan->reads_hello ? read_hello(downstream, plan, first) : LINK_OPEN_TLS;
}

enum link_opening downstream_on_first(struct link *link, struct link_first *first)
{
	struct downstream *downstream = downstream_of_link(link);
	const struct listener_plan *plan = downstream_listener_plan(downstream);

	if (plan == NULL) {
		first->why = "its listener has gone";
		return LINK_REFUSE;
	}
	if (first->bytes.len > 0)
		hear(downstream, HANDSHAKE_TIMEOUT_NS);
	if (plan->wants_proxy_header && !downstream->has_proxy_header)
		return read_proxy_header(downstream, first);
	return tell_tls(downstream, plan, first);
}

/* ---- HTTP or not ---- */

static void start_http1(struct downstream *downstream)
{
	downstream->state = DOWNSTREAM_HEAD;
	http1_parser_init(&downstream->parser, &http_limits_default);
}

/* What the connection is to speak; HTTP, which can say so, where its listener has gone. */
static enum listener_speech speech_of(const struct downstream *downstream)
{
	const struct listener_plan *plan = downstream_listener_plan(downstream);
	const struct listener_server *server =
		plan != NULL ? listener_server_for(plan, text_of(downstream->server_name)) : NULL;

	if (downstream->is_opaque)
		return SPEECH_TCP;
	return server != NULL ? server->speech : SPEECH_HTTP;
}

/* Where the ClientHello was not read here, TLS knows it: policies may ask about it. */
static void note_server_name(struct downstream *downstream)
{
	const struct text name = link_server_name(&downstream->link);

	if (name.ptr != NULL && downstream->server_name == NULL)
		downstream_set_server_name(downstream, name);
}

void downstream_on_open(struct link *link)
{
	struct downstream *downstream = downstream_of_link(link);
	const struct text agreed = link_protocol(link);
	enum listener_speech speech;

	note_server_name(downstream);
	speech = speech_of(downstream);
	if (speech == SPEECH_TCP || (speech == SPEECH_UNKNOWN && text_is(agreed, "istio"))) {
		server_raw_start(downstream);
		return;
	}
	downstream_set_deadline(downstream, speech == SPEECH_HTTP || downstream->is_heard
						    ? loop_now(link->loop) + FIRST_HEAD_NS
						    : downstream_first_deadline(downstream));
	if (text_is(agreed, "istio-h2") || text_is(agreed, "h2"))
		server_http2_start(downstream);
	else if (agreed.len > 0)
		start_http1(downstream);
	else
		downstream->state = DOWNSTREAM_GUESSING;
}

static void start_guessed(struct downstream *downstream, enum http_guess guess)
{
	switch (guess) {
	case HTTP_GUESS_2:
		server_http2_start(downstream);
		server_http2_on_input(downstream);
		return;
	case HTTP_GUESS_OTHER:
		if (speech_of(downstream) == SPEECH_UNKNOWN) {
			server_raw_start(downstream);
			server_raw_on_input(downstream);
			return;
		}
		break; /* whose request line is wrong is answered by the parser */
	default:
		break;
	}
	start_http1(downstream);
	server_http1_on_input(downstream);
}

void downstream_guess(struct downstream *downstream)
{
	struct input *input = &downstream->input;
	enum http_guess guess = HTTP_GUESS_MORE;
	ssize_t got = 0;

	while (guess == HTTP_GUESS_MORE) {
		size_t room;
		char *into = input_room(input, downstream->link.pool, HEAD_BYTES_MAX, &room);

		if (into == NULL) { /* nothing but empty lines */
			downstream_close(downstream);
			return;
		}
		got = link_read(&downstream->link, into, room);
		if (got <= 0)
			break;
		hear(downstream, HEAD_TIMEOUT_NS);
		input->end += (size_t)got;
		guess = http_guess((struct text){ input_bytes(input), input_length(input) });
	}
	if (guess != HTTP_GUESS_MORE) {
		start_guessed(downstream, guess);
	} else if (got == 0) {
		downstream->peer_is_done = true;
		downstream_guess_over(downstream);
	} else if (got != -EAGAIN) {
		downstream_close(downstream);
	} else if (input_length(input) == 0) {
		input_release(input, downstream->link.pool);
	}
}

/* Who has begun something that could be HTTP, and does not go on, is no HTTP client that we would
 * wait for, and nothing else either. */
void downstream_guess_over(struct downstream *downstream)
{
	const bool said_nothing = input_length(&downstream->input) == 0;

	if (speech_of(downstream) == SPEECH_UNKNOWN
	    && (said_nothing ? !downstream->peer_is_done : downstream->peer_is_done))
		start_guessed(downstream, HTTP_GUESS_OTHER);
	else
		downstream_close(downstream);
}
