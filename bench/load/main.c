/* SPDX-License-Identifier: Apache-2.0 */
/* main.c — an HTTP/1.1 load client with one thread, for loopback: `load` alone tells its options.
 *
 * In a closed loop each connection asks again as soon as it is answered. In an open loop requests
 * are due at fixed moments and latency counts from then, so that a server that stalls cannot hide
 * it by slowing the client down. */
#include "load/connection.h"
#include "load/cpu_time.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define WAIT_MAX_NS (10 * NS_PER_SEC)
#define OPENING_MAX 64 /* connections at a time while they are opened */

static struct connection *connection_of(struct list *link)
{
	return LIST_ITEM(link, struct connection, idle_link);
}

static int wait_for_answer(struct client *client)
{
	const uint64_t end = clock_monotonic_ns() + WAIT_MAX_NS;
	struct connection *connection = &client->connections[0];

	while (clock_monotonic_ns() < end) {
		const uint64_t patience = clock_monotonic_ns() + NS_PER_SEC / 5;

		client->tally.bad_status = 0;
		connection_dial(connection);
		while (connection->state != CONNECTION_CLOSED && !connection->was_used
		       && clock_monotonic_ns() < patience) {
			client_pump(client, NS_PER_MS);
			if (connection->state == CONNECTION_IDLE && !connection->was_used)
				connection_send(connection, clock_monotonic_ns());
		}
		if (connection->was_used && client->tally.bad_status == 0) {
			printf("{\"t\": %.6f}\n",
			       (double)clock_monotonic_ns() / (double)NS_PER_SEC);
			return EXIT_SUCCESS;
		}
		connection_close(connection);
		usleep(500);
	}
	return EXIT_FAILURE;
}

static void send_first_requests(struct client *client)
{
	LIST_FOR_EACH_SAFE (&client->idle, link)
		if (!connection_of(link)->was_used)
			connection_send(connection_of(link), clock_monotonic_ns());
}

/* Dials what is closed of the first `*begun` connections and begins more. Returns how many still
 * have not been answered. */
static size_t open_more(struct client *client, size_t *begun, size_t *dialled)
{
	const size_t count = client->options->connections;
	size_t opening = 0;

	for (size_t i = 0; i < count && opening < OPENING_MAX; i++) {
		struct connection *connection = &client->connections[i];

		if (connection->was_used)
			continue;
		opening++;
		if (connection->state == CONNECTION_CLOSED) {
			connection_dial(connection);
			*dialled += 1;
		}
		*begun = MAX_OF(*begun, i + 1);
	}
	return opening;
}

/* Opens every connection and has one request answered on each. */
static bool warm_up(struct client *client)
{
	const size_t dials_max = client->options->connections * 3 + 1000;
	size_t begun = 0, dialled = 0;

	while (open_more(client, &begun, &dialled) > 0) {
		if (dialled > dials_max) {
			fputs("load: connections cannot be opened\n", stderr);
			return false;
		}
		for (int i = 0; i < 16; i++) {
			client_pump(client, NS_PER_MS / 2);
			send_first_requests(client);
		}
		if (client->tally.bad_status > 0) {
			fputs("load: a wrong status while warming up\n", stderr);
			return false;
		}
	}
	client->tally = (struct tally){ 0 };
	return true;
}

static size_t count_open(const struct client *client)
{
	size_t open = 0;

	for (size_t i = 0; i < client->options->connections; i++)
		open += client->connections[i].state != CONNECTION_CLOSED;
	return open;
}

static int hold_idle(struct client *client)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char byte;

	printf("{\"ready\": %zu}\n", count_open(client));
	fflush(stdout);
	while (poll(&input, 1, 100) == 0 || read(STDIN_FILENO, &byte, 1) > 0)
		client_pump(client, 0);
	printf("{\"open\": %zu}\n", count_open(client));
	return EXIT_SUCCESS;
}

struct progress {
	uint64_t start_ns, end_ns; /* end_ns: when no more is sent */
	uint64_t requests;         /* to send; UINT64_MAX: no bound */
	uint64_t issued;
};

static void dial_closed(struct client *client, struct progress *progress)
{
	const bool is_each_new = client->options->handshakes != HANDSHAKE_ONCE;

	for (size_t i = 0; i < client->options->connections; i++) {
		if (client->connections[i].state != CONNECTION_CLOSED)
			continue;
		if (is_each_new && progress->issued++ >= progress->requests)
			return;
		connection_dial(&client->connections[i]);
	}
}

static void ask_again(struct client *client, struct progress *progress)
{
	while (!list_is_empty(&client->idle) && progress->issued < progress->requests) {
		progress->issued++;
		connection_send(connection_of(client->idle.prev), clock_monotonic_ns());
	}
}

/* Sends what is due on the connections that were idle longest. Returns ns until the next is due. */
static uint64_t ask_what_is_due(struct client *client, struct progress *progress)
{
	const double gap_ns = (double)NS_PER_SEC / client->options->rate;

	while (!list_is_empty(&client->idle) && progress->issued < progress->requests) {
		const uint64_t due =
			progress->start_ns + (uint64_t)(gap_ns * (double)progress->issued);
		const uint64_t now = clock_monotonic_ns();

		if (due > now)
			return due - now;
		progress->issued++;
		connection_send(connection_of(client->idle.next), due);
	}
	return NS_PER_SEC / 10;
}

static bool is_over(const struct client *client, const struct progress *progress)
{
	const struct tally *tally = &client->tally;
	const uint64_t settled = tally->answers + tally->lost_hard + tally->lost_reused;
	const uint64_t now = clock_monotonic_ns();

	if (settled >= progress->requests || now > progress->end_ns + 5 * NS_PER_SEC)
		return true;
	return client->options->rate == 0 && now >= progress->end_ns;
}

static struct progress plan(const struct load_options *options)
{
	const uint64_t start = clock_monotonic_ns();
	const uint64_t duration = options->duration_ns > 0 ? options->duration_ns : 60 * NS_PER_SEC;
	uint64_t requests = options->requests;

	if (requests == 0)
		requests =
			options->rate > 0
				? (uint64_t)(options->rate * (double)duration / (double)NS_PER_SEC)
				: UINT64_MAX;
	return (struct progress){ .start_ns = start,
				  .end_ns = start + duration,
				  .requests = requests };
}

static void report(const struct client *client, uint64_t wall_ns, uint64_t cpu_ns, uint64_t own_ns)
{
	const struct tally *tally = &client->tally;
	const struct histogram *latency = &tally->latency;
	const double answers = tally->answers > 0 ? (double)tally->answers : 1;
	const double wall = (double)wall_ns / (double)NS_PER_SEC;
	const struct {
		const char *name;
		double value;
	} rows[] = {
		{ "requests", (double)tally->answers },
		{ "wall", wall },
		{ "rps", (double)tally->answers / wall },
		{ "mean", histogram_mean_us(latency) },
		{ "p50", histogram_percentile_us(latency, 0.5) },
		{ "p90", histogram_percentile_us(latency, 0.9) },
		{ "p99", histogram_percentile_us(latency, 0.99) },
		{ "p999", histogram_percentile_us(latency, 0.999) },
		{ "max", (double)latency->max_ns / 1000 },
		{ "bad_status", (double)tally->bad_status },
		{ "lost_reused", (double)tally->lost_reused },
		{ "lost_hard", (double)tally->lost_hard },
		{ "closed_idle", (double)tally->closed_idle },
		{ "resumed", (double)tally->resumed },
		{ "bytes", (double)tally->bytes },
		{ "cpu_us", (double)cpu_ns / 1000 / answers },
		{ "busy_cores", (double)cpu_ns / (double)wall_ns },
		{ "client_cpu_us", (double)own_ns / 1000 / answers },
	};
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer json = { .out = &out };

	json_begin_object(&json);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_key(&json, rows[i].name);
		json_double(&json, rows[i].value);
	}
	json_end_object(&json);
	puts(out.data);
}

static int measure(struct client *client)
{
	struct progress progress = plan(client->options);
	const uint64_t cpu_before = cpu_time_ns(client->options->measured_pids);
	const uint64_t own_before = cpu_time_own_ns();
	const bool keeps = client->options->handshakes == HANDSHAKE_ONCE;

	client->measures = true;
	while (!is_over(client, &progress)) {
		const struct tally *tally = &client->tally;
		uint64_t sleep_ns = NS_PER_SEC / 10;

		if (!keeps || tally->closed_idle + tally->lost_hard + tally->lost_reused > 0)
			dial_closed(client, &progress);
		if (keeps && client->options->rate > 0)
			sleep_ns = ask_what_is_due(client, &progress);
		else if (keeps)
			ask_again(client, &progress);
		client_pump(client, sleep_ns);
	}
	report(client, clock_monotonic_ns() - progress.start_ns,
	       cpu_time_ns(client->options->measured_pids) - cpu_before,
	       cpu_time_own_ns() - own_before);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const struct rlimit files = { .rlim_cur = 65536, .rlim_max = 65536 };
	struct load_options options;
	struct client client;

	if (!load_options_parse(argc, argv, &options))
		return 2;
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_TIMERSLACK, 1UL);
	setrlimit(RLIMIT_NOFILE, &files); /* without the right to it, what there is must do */
	if (!client_init(&client, &options))
		return EXIT_FAILURE;
	if (options.mode == LOAD_WAIT)
		return wait_for_answer(&client);
	if (options.handshakes == HANDSHAKE_ONCE && !warm_up(&client))
		return EXIT_FAILURE;
	return options.mode == LOAD_IDLE ? hold_idle(&client) : measure(&client);
}
