/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/downstream.h"

#include "proxy/bounds.h"
#include "proxy/capture.h"
#include "proxy/exchange.h"
#include "proxy/gateway_clients.h"
#include "proxy/gateway_tls.h"

#include <arpa/inet.h>
#include <unistd.h>

static void on_input(struct link *link);
static void on_drained(struct link *link);
static void on_failed(struct link *link, const struct error *err);
static void on_finished(struct link *link);
static void on_timer(struct timer *timer);
static void run_release(struct deferred *deferred);
static void run_resume(struct deferred *deferred);

static const struct link_ops ops = {
	.on_first = downstream_on_first,
	.on_open = downstream_on_open,
	.on_input = on_input,
	.on_drained = on_drained,
	.on_failed = on_failed,
	.on_finished = on_finished,
};

struct downstream *downstream_of_link(struct link *link)
{
	return CONTAINER_OF(link, struct downstream, link);
}

const struct listener_plan *downstream_listener_plan(const struct downstream *downstream)
{
	return downstream->listener->plan;
}

void downstream_set_peer(struct downstream *downstream, struct text id)
{
	mem_free(downstream->peer_id);
	downstream->peer_id = mem_strndup(id.ptr, id.len);
}

void downstream_set_credential(struct downstream *downstream, const struct credential *credential)
{
	mem_free(downstream->peer_credential);
	downstream->peer_credential = credential_keep(credential);
}

void downstream_set_server_name(struct downstream *downstream, struct text name)
{
	mem_free(downstream->server_name);
	downstream->server_name = mem_strndup(name.ptr, name.len);
}

void downstream_set_client(struct downstream *downstream, const struct address *client)
{
	char ip[ADDRESS_TEXT_MAX];

	downstream->client_address = *client;
	address_format_ip(client, ip);
	memcpy(downstream->peer_ip, ip, sizeof(downstream->peer_ip) - 1);
}

/* The timer is only ever moved forward when it fires: a deadline that moves with each request costs
 * a store, not a walk through the heap. */
void downstream_set_deadline(struct downstream *downstream, uint64_t deadline_ns)
{
	downstream->deadline_ns = deadline_ns;
	if (deadline_ns != 0
	    && (!timer_is_set(&downstream->timer) || downstream->timer.due_ns > deadline_ns))
		timer_set(downstream->worker->loop, &downstream->timer, deadline_ns);
}

static void on_timer(struct timer *timer)
{
	struct downstream *downstream = CONTAINER_OF(timer, struct downstream, timer);
	const uint64_t now = loop_now(downstream->worker->loop);

	if (downstream->deadline_ns == 0)
		return;
	if (now < downstream->deadline_ns) {
		timer_set(downstream->worker->loop, timer, downstream->deadline_ns);
		return;
	}
	if (downstream->state == DOWNSTREAM_RAW && downstream->exchange != NULL)
		exchange_cancel(downstream->exchange, FLAG_IDLE, "idle_timeout");
	else if (downstream->state == DOWNSTREAM_GUESSING)
		downstream_guess_over(downstream);
	else if (!downstream->is_heard && downstream_may_be_silent(downstream))
		link_sniff_over(&downstream->link);
	else
		downstream_close(downstream);
}

/* Where it was to go becomes its local address: for routes, logs and policies it went there. Who
 * comes by itself to where only the kernel brings connections is none of the workload's. */
static bool find_destination(struct listener *listener, int fd, const struct address *peer,
			     struct address *out)
{
	if (listener->plan->capture == NULL) {
		socket_local_address(fd, out);
		return true;
	}
	if (capture_take(listener->plan->capture, peer, out))
		return true;
	metrics_count_handshake_failure(&listener->worker->metrics, listener->plan);
	return false;
}

void downstream_accept(struct listener *listener, int fd, const struct address *peer)
{
	struct worker *worker = listener->worker;
	const struct listener_plan *plan = listener->plan;
	struct downstream *downstream;
	struct address destination;
	struct error err = { 0 };

	if (!find_destination(listener, fd, peer, &destination)) {
		log_debug("%s: a connection that was not captured is refused", listener->key);
		close(fd);
		return;
	}
	downstream = MEM_NEW(struct downstream);
	downstream->worker = worker;
	downstream->listener = listener;
	downstream->peer_address = *peer;
	downstream->timer.fire = on_timer;
	downstream->resume.run = run_resume;
	downstream->release.run = run_release;
	downstream->accepted_ns = loop_now(worker->loop);
	downstream->link =
		(struct link){ .loop = worker->loop, .pool = &worker->slabs, .ops = &ops };
	downstream->local_address = destination;
	downstream_set_client(downstream, peer);
	listener->connections++;
	worker->downstream_count++;
	list_append(&worker->downstreams, &downstream->link_in_worker);
	downstream_set_deadline(downstream, downstream_first_deadline(downstream));
	if (link_accept(&downstream->link, fd, plan->tls,
			plan->tells_tls || plan->wants_proxy_header, &err)
	    < 0) {
		log_problem(LOG_LEVEL_WARN, listener->key, &err);
		downstream_close(downstream);
	}
}

static void on_input(struct link *link)
{
	struct downstream *downstream = downstream_of_link(link);

	if (downstream->state == DOWNSTREAM_GUESSING)
		downstream_guess(downstream);
	else if (downstream->state == DOWNSTREAM_HTTP2)
		server_http2_on_input(downstream);
	else if (downstream->state == DOWNSTREAM_RAW)
		server_raw_on_input(downstream);
	else
		server_http1_on_input(downstream);
}

static void run_resume(struct deferred *deferred)
{
	struct downstream *downstream = CONTAINER_OF(deferred, struct downstream, resume);

	if (downstream->state == DOWNSTREAM_HTTP2)
		server_http2_flush(downstream);
	else if (downstream->state == DOWNSTREAM_RAW)
		server_raw_on_input(downstream);
	else
		server_http1_on_input(downstream);
}

static void on_drained(struct link *link)
{
	struct downstream *downstream = downstream_of_link(link);

	if (downstream->state == DOWNSTREAM_HTTP2) {
		server_http2_flush(downstream);
	} else if (downstream->exchange != NULL) {
		if (downstream->state == DOWNSTREAM_WAITING)
			downstream_set_deadline(downstream, 0);
		exchange_client_drained(downstream->exchange);
	}
}

/* A refused handshake is a security decision: it is counted, and logged once, with its reason. */
static void report_refusal(struct downstream *downstream, const struct error *err)
{
	struct worker *worker = downstream->worker;

	metrics_count_handshake_failure(&worker->metrics, downstream->listener->plan);
	access_log_refused_connection(&worker->log, downstream, "handshake", err->text);
}

static void on_failed(struct link *link, const struct error *err)
{
	struct downstream *downstream = downstream_of_link(link);

	if (downstream->state == DOWNSTREAM_OPENING && !downstream->listener->is_closed) {
		report_refusal(downstream, err);
		downstream->state = DOWNSTREAM_CLOSING;
		link_finish(link); /* the alert should arrive */
		if (link->state != LINK_CLOSED)
			return; /* on_finished follows */
	}
	if (downstream->exchange != NULL)
		exchange_cancel(downstream->exchange, FLAG_CLIENT_GONE, "downstream_reset");
	downstream_close(downstream);
}

static void on_finished(struct link *link)
{
	downstream_close(downstream_of_link(link));
}

static bool fits_gateway(const struct downstream *downstream, const struct listener_plan *listener)
{
	const struct listener_server *server =
		listener_server_for(listener, text_of(downstream->server_name));
	const bool is_tls = link_is_tls(&downstream->link);

	if (server == NULL)
		return true; /* it will be told so */
	return is_tls == (server->tls != NULL) && gateway_client_fits(&server->demand, downstream);
}

/* The connection was accepted by a plan that has been replaced; the listener of today may want
 * mutual TLS where it was plain text then. */
bool downstream_still_fits(const struct downstream *downstream)
{
	const struct listener_plan *listener = downstream_listener_plan(downstream);
	const bool is_tls = link_is_tls(&downstream->link);

	if (listener == NULL)
		return false;
	if (listener->role != LISTENER_INBOUND)
		return fits_gateway(downstream, listener);
	switch (listener->mtls) {
	case MTLS_DISABLE:
		return !is_tls;
	case MTLS_PERMISSIVE:
		return true;
	default:
		return downstream->peer_id != NULL;
	}
}

void downstream_retire(struct downstream *downstream, bool politely)
{
	downstream->keep_alive = false;
	if (downstream->state == DOWNSTREAM_RAW) {
		server_raw_retire(downstream);
		return;
	}
	if (downstream->http2 != NULL) {
		http2_shut_down(downstream->http2);
		return;
	}
	if (!politely && downstream->exchange == NULL && input_length(&downstream->input) == 0)
		downstream_close(downstream);
}

void downstream_close(struct downstream *downstream)
{
	struct worker *worker = downstream->worker;

	if (list_is_linked(&downstream->link_in_worker)) {
		list_remove(&downstream->link_in_worker);
		worker->downstream_count--;
	}
	downstream->state = DOWNSTREAM_CLOSING;
	timer_cancel(worker->loop, &downstream->timer);
	if (downstream->exchange != NULL)
		exchange_cancel(downstream->exchange, FLAG_CLIENT_GONE, "downstream_closed");
	link_close(&downstream->link);
	loop_undefer(&downstream->resume);
	loop_defer(worker->loop, &downstream->release);
}

static void run_release(struct deferred *deferred)
{
	struct downstream *downstream = CONTAINER_OF(deferred, struct downstream, release);
	struct worker *worker = downstream->worker;
	struct listener *listener = downstream->listener;

	http2_free(downstream->http2); /* its streams end, and with them their exchanges */
	byte_queue_clear(&downstream->link.out, &worker->slabs);
	input_release(&downstream->input, &worker->slabs);
	mem_free(downstream->peer_id);
	mem_free(downstream->peer_credential);
	mem_free(downstream->server_name);
	mem_free(downstream->client_cert);
	mem_free(downstream);
	if (--listener->connections == 0 && listener->is_closed) {
		mem_free((void *)listener->key);
		mem_free(listener);
	}
	worker_connection_closed(worker);
}
