/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c — `mangrove watch`: what processes do on this machine, judged by rules. */
#include "cmd/command.h"
#include "cmd/watch_events.h"

#include "rules/rules.h"
#include "sensor/sensor.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define IDLE_MS 1000

struct watch {
	const char *events; /* names, with commas between; NULL: rules decide */
	bool all_events;
	int64_t until_s; /* CLOCK_MONOTONIC; 0: until a signal comes */
	struct live *live;
	struct buffer out;
};

enum option_code { OPTION_EVENTS = 256, OPTION_FOR, OPTION_LOG_LEVEL };

static const struct option option_table[] = {
	{ "events", optional_argument, NULL, OPTION_EVENTS },
	{ "for", required_argument, NULL, OPTION_FOR },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ NULL, 0, NULL, 0 },
};

static int take_option(struct watch *watch, int code)
{
	enum log_level level;
	uint64_t seconds;

	switch (code) {
	case OPTION_EVENTS:
		watch->events = optarg;
		watch->all_events = optarg == NULL;
		return 0;
	case OPTION_FOR:
		if (!text_parse_number(text_of(optarg), 1u << 30, &seconds))
			return command_usage(&watch_command, "--for takes a number of seconds");
		watch->until_s = (int64_t)(clock_monotonic_ns() / 1000000000) + (int64_t)seconds;
		return 0;
	case OPTION_LOG_LEVEL:
		if (!log_level_parse(optarg, &level))
			return command_usage(&watch_command,
					     "--log-level takes error, warn, info or debug");
		log_set_level(level);
		return 0;
	default:
		return command_usage(&watch_command, "see above");
	}
}

static bool wants(const void *context, const char *name)
{
	const struct watch *watch = context;
	struct text rest = text_of(watch->events);

	while (rest.ptr != NULL)
		if (text_is(text_split(&rest, ','), name))
			return true;
	return watch->all_events;
}

static bool is_over(const struct watch *watch)
{
	return watch->until_s != 0
	       && (int64_t)(clock_monotonic_ns() / 1000000000) >= watch->until_s;
}

static void run_round(struct watch *watch)
{
	struct sensor_event event;
	struct record_facts facts;

	while (live_next(watch->live, &event, &facts)) {
		const char *name = sensor_event_info(event.type)->name;

		if (wants(watch, name))
			watch_event_json(&event, &facts, &watch->out);
	}
	if (watch->out.len > 0) {
		fwrite(watch->out.data, 1, watch->out.len, stdout);
		fflush(stdout);
		buffer_clear(&watch->out);
	}
}

static void say_counts(const struct watch *watch)
{
	struct live_count counts[LIVE_RINGS];

	live_counts(watch->live, counts);
	for (unsigned i = 0; i < LIVE_RINGS; i++)
		log_info("%s events: %lu delivered, %lu dropped", counts[i].ring,
			 (unsigned long)counts[i].written, (unsigned long)counts[i].dropped);
}

static void on_signal(int number)
{
	(void)number; /* that a wait is cut short is all that is needed */
}

/* Blocked but while we wait, so that none is missed. */
static void expect_signals(sigset_t *while_waiting)
{
	const struct sigaction stop = { .sa_handler = on_signal };
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, while_waiting);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
}

static int watch_until_told(struct watch *watch)
{
	sigset_t while_waiting;
	const struct live_options options = { .wants = wants, .context = watch };
	struct error err = { 0 };
	int result = live_open(&options, &watch->live, &err);

	if (result != 0) {
		log_problem(LOG_LEVEL_ERROR, "nothing is watched", &err);
		return STATUS_FORBIDDEN;
	}
	expect_signals(&while_waiting);
	log_info("watching");
	while (!is_over(watch) && result != -EINTR) {
		run_round(watch);
		result = live_wait(watch->live, IDLE_MS, &while_waiting);
	}
	run_round(watch);
	say_counts(watch);
	live_close(watch->live);
	return STATUS_FINE;
}

static int run(int argc, char **argv)
{
	struct watch watch = { 0 };
	int code, status = 0;

	log_set_role("sensor");
	while (status == 0 && (code = getopt_long(argc, argv, "r:", option_table, NULL)) != -1)
		status = take_option(&watch, code);
	if (status != 0)
		return status;
	status = watch_until_told(&watch);
	buffer_done(&watch.out);
	return status;
}

const struct command watch_command = {
	.name = "watch",
	.arguments = "[-r RULES]…",
	.summary = "watch system calls and judge them by Falco rules",
	.help = "  --events[=NAME,…]      print events as JSON instead of judging them\n"
		"  --for SECONDS          stop after that time\n"
		"  --log-level LEVEL      error, warn, info, debug\n",
	.run = run,
};
