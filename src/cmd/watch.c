/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c — `mangrove watch`: what processes do on this machine, judged by rules. */
#include "cmd/command.h"
#include "cmd/judge.h"
#include "cmd/text_page.h"
#include "cmd/watch_events.h"
#include "cmd/watch_filter.h"
#include "cmd/watch_metrics.h"
#include "cmd/watch_rules.h"

#include "rules/rules.h"
#include "sensor/sensor.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ASK_EACH         1024   /* events: whether to go on */
#define LAST_EVENTS      100000 /* that are still judged at the end */
#define IDLE_MS          1000
#define REPEAT_WINDOW_NS (60 * NS_PER_SEC)

struct watch {
	struct watch_rules files;
	bool prints_events;
	const char *events; /* names, with commas between; NULL: rules decide */
	bool drops_in_kernel;
	size_t ring_bytes;     /* 0: as the sensor sees fit */
	int64_t until_s;       /* CLOCK_MONOTONIC; 0: until a signal comes */
	struct ruleset *rules; /* NULL: events are not judged */
	struct live *live;
	struct sensor_state *state;
	struct judge *judge; /* NULL where there are no rules */
	bool json;
	uint64_t started_ns, repeat_window_ns;
	struct alert_outputs outputs;
	const char *metrics_address; /* NULL: no metrics */
	struct text_page *metrics;
	uint64_t metrics_due_ns;
	struct buffer out; /* of --events */
};

enum option_code {
	OPTION_JSON = 256,
	OPTION_EVENTS,
	OPTION_REPEATS,
	OPTION_METRICS,
	OPTION_FOR,
	OPTION_LOG_LEVEL,
	OPTION_FILTER,
	OPTION_BUFFER,
	OPTION_NO_DEFAULT_RULES,
};

static const struct option option_table[] = {
	{ "rules", required_argument, NULL, 'r' },
	{ "no-default-rules", no_argument, NULL, OPTION_NO_DEFAULT_RULES },
	{ "output", required_argument, NULL, 'o' },
	{ "metrics", required_argument, NULL, OPTION_METRICS },
	{ "repeats", required_argument, NULL, OPTION_REPEATS },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "filter", required_argument, NULL, OPTION_FILTER },
	{ "buffer", required_argument, NULL, OPTION_BUFFER },
	{ "events", optional_argument, NULL, OPTION_EVENTS },
	{ "for", required_argument, NULL, OPTION_FOR },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ NULL, 0, NULL, 0 },
};

static int take_rules(struct watch *watch, const char *path)
{
	if (watch->files.count == RULE_FILES_MAX)
		return command_usage(&watch_command, "more than %d files of rules are named",
				     RULE_FILES_MAX);
	watch->files.paths[watch->files.count++] = path;
	return 0;
}

static int take_time(struct watch *watch, const char *text)
{
	uint64_t seconds;

	if (!text_parse_number(text_of(text), 1u << 30, &seconds))
		return command_usage(&watch_command, "--for takes a number of seconds");
	watch->until_s = (int64_t)(clock_monotonic_ns() / 1000000000) + (int64_t)seconds;
	return 0;
}

static int take_buffer(struct watch *watch, const char *text)
{
	uint64_t mib;

	if (!text_parse_number(text_of(text), 256, &mib) || mib == 0 || (mib & (mib - 1)) != 0)
		return command_usage(&watch_command,
				     "--buffer takes a power of two of MiB, 256 at most");
	watch->ring_bytes = (size_t)mib << 20;
	return 0;
}

static int take_repeats(struct watch *watch, const char *text)
{
	uint64_t seconds;

	if (!text_parse_number(text_of(text), 86400, &seconds))
		return command_usage(&watch_command,
				     "--repeats takes a number of seconds, at most a day; 0 tells "
				     "each alert");
	watch->repeat_window_ns = seconds * NS_PER_SEC;
	return 0;
}

static int take_output(struct watch *watch, const char *where)
{
	return alert_outputs_name(&watch->outputs, where)
		       ? 0
		       : command_usage(&watch_command, "more than %d outputs", ALERT_OUTPUTS_MAX);
}

static int take_option(struct watch *watch, int code)
{
	enum log_level level;

	switch (code) {
	case 'r':
		return take_rules(watch, optarg);
	case OPTION_NO_DEFAULT_RULES:
		watch->files.without_ours = true;
		return 0;
	case 'o':
		return take_output(watch, optarg);
	case OPTION_METRICS:
		watch->metrics_address = optarg;
		return 0;
	case OPTION_REPEATS:
		return take_repeats(watch, optarg);
	case OPTION_JSON:
		watch->json = true;
		return 0;
	case OPTION_FILTER:
		watch->drops_in_kernel = strcmp(optarg, "on") == 0;
		return watch->drops_in_kernel || strcmp(optarg, "off") == 0
			       ? 0
			       : command_usage(&watch_command, "--filter takes on or off");
	case OPTION_BUFFER:
		return take_buffer(watch, optarg);
	case OPTION_EVENTS:
		watch->prints_events = true;
		watch->events = optarg;
		return 0;
	case OPTION_FOR:
		return take_time(watch, optarg);
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

/* Does a rule, or who looks at the events as such, ask for events of that name? */
static bool wants(const void *context, const char *name)
{
	const struct watch *watch = context;
	struct text rest = text_of(watch->events);

	if (watch->rules != NULL)
		return ruleset_wants_type(watch->rules, event_type_find(text_of(name)));
	while (rest.ptr != NULL)
		if (text_is(text_split(&rest, ','), name))
			return true;
	return watch->events == NULL;
}

static bool is_over(const struct watch *watch)
{
	return watch->until_s != 0
	       && (int64_t)(clock_monotonic_ns() / 1000000000) >= watch->until_s;
}

/* A link, or a thread that changes the path while it is read, leads elsewhere than the path says:
 * what was opened is judged as well, under its own name. */
static void judge_opened_file(struct watch *watch, const struct sensor_event *event,
			      const struct record_facts *facts, const struct sensor_view *view)
{
	const struct text path = sensor_opened_path(live_decoder(watch->live), facts);
	struct sensor_event opened = *event;

	if (path.len == 0 || view->descriptor == NULL
	    || text_equal(shared_text_view(view->descriptor->name), text_until(path, path.len - 1)))
		return;
	sensor_event_set(&opened, PARAM_NAME, path.ptr, path.len);
	judge_again(watch->judge, sensor_state_apply(watch->state, &opened));
}

static void judge_live(struct watch *watch, const struct sensor_event *event,
		       const struct record_facts *facts, const struct sensor_view *view)
{
	judge_event(watch->judge, view);
	judge_opened_file(watch, event, facts, view);
}

/* Each second: what is shown is a copy, so that no visitor waits for us nor we for him. */
static void show_metrics(struct watch *watch)
{
	const uint64_t now = clock_monotonic_ns();
	AUTO_BUFFER struct buffer text = { 0 };

	if (watch->metrics == NULL || now < watch->metrics_due_ns)
		return;
	watch_metrics(watch->live, watch->judge, &watch->outputs, &text);
	text_page_set(watch->metrics, buffer_text(&text));
	watch->metrics_due_ns = now + NS_PER_SEC;
}

/* A wait that has events at once is not cut short: on a busy machine that may be every one. */
static bool is_told_to_end(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0
	       && (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

/* What is there, but not more than `most` events: where they never cease, there is always more. */
static void run_round(struct watch *watch, size_t most)
{
	struct sensor_event event;
	struct record_facts facts;

	for (size_t count = 1; count <= most && live_next(watch->live, &event, &facts); count++) {
		const struct sensor_view *view;

		if (count % ASK_EACH == 0 && is_told_to_end())
			most = count;
		sensor_learn(watch->state, live_decoder(watch->live), &facts);
		view = sensor_state_apply(watch->state, &event);
		if (watch->judge != NULL)
			judge_live(watch, &event, &facts, view);
		else if (watch->prints_events && wants(watch, sensor_event_info(event.type)->name))
			watch_event_json(&event, &facts, &watch->out);
	}
	if (watch->judge != NULL)
		judge_tell_repeats(watch->judge);
	show_metrics(watch);
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

static void say_alerts(const struct watch *watch)
{
	const struct judge_counts counts = judge_counts(watch->judge);
	const double seconds =
		(double)(clock_monotonic_ns() - watch->started_ns) / (double)NS_PER_SEC;

	log_info("alerts: %llu, %.2f a second; %llu of them repeated another and were counted",
		 (unsigned long long)counts.alerts, (double)counts.alerts / seconds,
		 (unsigned long long)counts.repeats);
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

/* The kernel's half, with the rules' filter where there is one. */
static int open_live(struct watch *watch, struct error *err)
{
	struct live_options options = { .wants = wants,
					.context = watch,
					.ring_bytes = watch->ring_bytes };
	struct filter filter = { 0 };
	int result;

	if (watch->rules != NULL && watch->drops_in_kernel) {
		watch_filter(watch->rules, &filter);
		options.filter = &filter;
	}
	result = live_open(&options, &watch->live, err);
	filter_done(&filter);
	return result;
}

/* As Docker's own client is told of another one; NULL: the default. */
static const char *docker_socket(void)
{
	const char *host = getenv("DOCKER_HOST");

	return host != NULL && strncmp(host, "unix://", 7) == 0 ? host + 7 : NULL;
}

/* The kernel's half is attached, and what it took is given up. */
static int watch_until_told(struct watch *watch)
{
	AUTO(procfs_free) struct procfs *procfs = procfs_new("/proc");
	AUTO(inspector_free)
	struct inspector *inspector =
		inspector_new(&(struct inspector_options){ .docker_socket = docker_socket() });
	const struct sensor_state_options options = { .source = procfs_source(procfs),
						      .inspector = inspector };
	AUTO(users_free) struct users *users = users_new("/proc");
	const struct judge_options judging = { .rules = watch->rules,
					       .users = users,
					       .outputs = &watch->outputs,
					       .repeat_window_ns = watch->repeat_window_ns,
					       .json = watch->json,
					       .resolves_hosts = true };
	sigset_t while_waiting;
	struct error err = { 0 };
	int result = 0;

	watch->state = sensor_state_new(&options);
	if (procfs_load(procfs, watch->state, &err) != 0)
		log_problem(LOG_LEVEL_WARN, "what ran before is not known", &err);
	if (watch->rules != NULL && !watch->prints_events)
		watch->judge = judge_new(&judging);
	expect_signals(&while_waiting);
	watch->started_ns = clock_monotonic_ns();
	log_info("watching");
	while (!is_over(watch) && !is_told_to_end() && result != -EINTR) {
		run_round(watch, SIZE_MAX);
		result = live_wait(watch->live, IDLE_MS, &while_waiting);
	}
	run_round(watch, LAST_EVENTS);
	say_counts(watch);
	if (watch->judge != NULL)
		say_alerts(watch);
	judge_free(watch->judge);
	sensor_state_free(watch->state);
	return STATUS_FINE;
}

/* Before there is a second thread: each would keep its privileges. */
static int watch_machine(struct watch *watch)
{
	struct error err = { 0 };
	int status = STATUS_FORBIDDEN;

	if (open_live(watch, &err) != 0 || sensor_confine(&err) != 0
	    || alert_outputs_start(&watch->outputs, &err) != 0
	    || (watch->metrics != NULL && text_page_start(watch->metrics, &err) != 0))
		log_problem(LOG_LEVEL_ERROR, "nothing is watched", &err);
	else
		status = watch_until_told(watch);
	live_close(watch->live);
	return status;
}

static int open_outputs(struct watch *watch)
{
	const struct alert_output_options options = { .json = watch->json };
	struct error err = { 0 };

	if (alert_outputs_open(&watch->outputs, &options, &err) == 0)
		return 0;
	return command_usage(&watch_command, "%s", err.text);
}

static int open_metrics(struct watch *watch)
{
	struct error err = { 0 };

	if (text_page_listen(watch->metrics_address, &watch->metrics, &err) == 0)
		return 0;
	return command_usage(&watch_command, "--metrics: %s", err.text);
}

static int run(int argc, char **argv)
{
	struct watch watch = { .drops_in_kernel = true, .repeat_window_ns = REPEAT_WINDOW_NS };
	int code, status = 0;

	log_set_role("sensor");
	while (status == 0 && (code = getopt_long(argc, argv, "r:o:", option_table, NULL)) != -1)
		status = take_option(&watch, code);
	if (status == 0 && optind < argc)
		status = command_usage(&watch_command, "'%s' is one argument too many",
				       argv[optind]);
	if (status == 0 && (!watch.prints_events || watch.files.count > 0)) {
		watch.rules = watch_rules_load(&watch.files);
		status = watch.rules == NULL ? STATUS_USAGE : 0;
	}
	if (status == 0 && watch.rules != NULL)
		status = open_outputs(&watch);
	if (status == 0 && watch.metrics_address != NULL)
		status = open_metrics(&watch);
	if (status == 0)
		status = watch_machine(&watch);
	text_page_close(watch.metrics);
	alert_outputs_close(&watch.outputs);
	ruleset_unref(watch.rules);
	buffer_done(&watch.out);
	return status;
}

const struct command watch_command = {
	.name = "watch",
	.arguments = "[-r RULES]…",
	.summary = "Watch system calls and judge them by Falco rules.",
	.help = "  -r, --rules FILE       rules beside our own; may be repeated\n"
		"  --no-default-rules     leave our own rules out\n"
		"  -o, --output WHERE     stdout, file=PATH, syslog, unix=PATH or http=URL; may "
		"be\n"
		"                         repeated\n"
		"  --repeats SECONDS      so long identical alerts are counted, not told (60); 0: "
		"tell each\n"
		"  --metrics ADDRESS:PORT counts for Prometheus, at /metrics\n"
		"  --json                 alerts as JSON, as Falco writes them\n"
		"  --filter off           drop nothing in the kernel\n"
		"  --buffer MIB           of a ring of events, 1 by default; those for processes "
		"and\n"
		"                         files have four times as much\n"
		"  --events[=NAME,…]      print events as JSON instead of judging them; with -r\n"
		"                         those that a rule might match\n"
		"  --for SECONDS          stop after that time\n"
		"  --log-level LEVEL      error, warn, info, debug\n",
	.run = run,
};
