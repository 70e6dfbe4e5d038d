/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/revoke.h"

#include "proxy/downstream.h"
#include "proxy/exchange.h"
#include "proxy/upstream_connection.h"

int worker_check_revoked(const struct worker *worker, struct text id,
			 const struct credential *credential, enum verify_reason *reason,
			 struct error *err)
{
	const struct denial *denial =
		revocations_find(worker->revocations, id, credential, loop_wall(worker->loop));

	if (denial != NULL && reason != NULL)
		*reason = denial_is_of_id(denial) ? VERIFY_REVOKED_ID : VERIFY_REVOKED;
	return denial_refuse(denial, err);
}

static void cut_client(struct downstream *downstream)
{
	struct worker *worker = downstream->worker;
	struct error err = { 0 };

	if (downstream->peer_credential == NULL
	    || worker_check_revoked(worker, text_of(downstream->peer_id),
				    downstream->peer_credential, &downstream->verified.reason, &err)
		       == 0)
		return;
	access_log_refused_connection(&worker->log, downstream, "revocation", err.text);
	downstream_close(downstream);
}

static void cut_server(struct upstream_connection *connection)
{
	struct exchange *exchange = connection->exchange;
	struct error err = { 0 };

	if (connection->server_credential == NULL
	    || worker_check_revoked(connection->pool->worker, text_of(connection->server_id),
				    connection->server_credential, NULL, &err)
		       == 0)
		return;
	log_warn("connection to %s cut: %s", connection->server_id, err.text);
	upstream_close(connection);
	if (exchange != NULL)
		exchange_upstream_failed(exchange, UPSTREAM_RESET, "server_revoked");
}

/* Closing one connection takes no other off its list: what a client asked of servers is in the
 * other list, and connections over HTTP/2 tell their streams at the end of the round. */
static void cut_revoked(struct worker *worker)
{
	LIST_FOR_EACH_SAFE (&worker->upstreams, link)
		cut_server(LIST_ITEM(link, struct upstream_connection, link_in_worker));
	LIST_FOR_EACH_SAFE (&worker->downstreams, link)
		cut_client(LIST_ITEM(link, struct downstream, link_in_worker));
}

/* Wall time decides, so a day is the longest sleep: the clock may have been set meanwhile. */
#define LOOK_AGAIN_NS (86400 * (int64_t)NS_PER_SEC)

static void sleep_until_change(struct worker *worker)
{
	const int64_t now = loop_wall(worker->loop);
	const int64_t next = revocations_next_change_ns(worker->revocations, now);

	if (next == INT64_MAX)
		timer_cancel(worker->loop, &worker->revocation_change);
	else
		timer_set(worker->loop, &worker->revocation_change,
			  loop_now(worker->loop) + (uint64_t)MIN_OF(next - now, LOOK_AGAIN_NS));
}

static void on_change(struct timer *timer)
{
	struct worker *worker = CONTAINER_OF(timer, struct worker, revocation_change);

	cut_revoked(worker);
	sleep_until_change(worker);
}

void worker_set_revocations(struct worker *worker, struct revocations *revocations)
{
	revocations_unref(worker->revocations);
	worker->revocations = revocations;
	worker->revocation_change.fire = on_change;
	cut_revoked(worker);
	sleep_until_change(worker);
}
