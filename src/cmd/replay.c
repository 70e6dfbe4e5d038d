/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c — `mangrove replay`: what rules say of what was recorded. */
#include "cmd/command.h"
#include "cmd/judge.h"
#include "cmd/watch_rules.h"

#include <getopt.h>
#include <stdio.h>

struct replay {
	struct watch_rules files;
	struct ruleset *rules;
	struct alert_outputs outputs;
	bool json, says_counts;
};

enum option_code {
	OPTION_JSON = 256,
	OPTION_STATS,
	OPTION_NO_DEFAULT_RULES,
	OPTION_FIRST_ONLY,
};

static const struct option option_table[] = {
	{ "rules", required_argument, NULL, 'r' },
	{ "no-default-rules", no_argument, NULL, OPTION_NO_DEFAULT_RULES },
	{ "first-only", no_argument, NULL, OPTION_FIRST_ONLY },
	{ "output", required_argument, NULL, 'o' },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "stats", no_argument, NULL, OPTION_STATS },
	{ NULL, 0, NULL, 0 },
};

static int take_option(struct replay *replay, int code)
{
	switch (code) {
	case 'r':
		if (replay->files.count == RULE_FILES_MAX)
			return command_usage(&replay_command, "more than %d files of rules",
					     RULE_FILES_MAX);
		replay->files.paths[replay->files.count++] = optarg;
		return 0;
	case OPTION_NO_DEFAULT_RULES:
		replay->files.without_ours = true;
		return 0;
	case OPTION_FIRST_ONLY:
		replay->files.first_only = true;
		return 0;
	case 'o':
		return alert_outputs_name(&replay->outputs, optarg)
			       ? 0
			       : command_usage(&replay_command, "more than %d outputs",
					       ALERT_OUTPUTS_MAX);
	case OPTION_JSON:
		replay->json = true;
		return 0;
	case OPTION_STATS:
		replay->says_counts = true;
		return 0;
	default:
		return command_usage(&replay_command, "see above");
	}
}

static void say_counts(const char *path, const struct recording *recording,
		       const struct sensor_state *state, size_t alerts)
{
	const struct recording_counters counters = recording_counters(recording);

	fprintf(stderr,
		"%s: %llu events, %zu alerts; %llu of unknown types left out, %zu threads\n", path,
		(unsigned long long)counters.events, alerts, (unsigned long long)counters.unknown,
		sensor_state_thread_count(state));
}

/* Each capture begins anew: another machine, or another time. */
static int replay_capture(struct replay *replay, const char *path, struct error *err)
{
	AUTO(recording_close) struct recording *recording = NULL;
	AUTO(users_free) struct users *users = users_new(NULL);
	AUTO(sensor_state_free)
	struct sensor_state *state = sensor_state_new(&(struct sensor_state_options){ 0 });
	AUTO(judge_free) struct judge *judge = NULL;
	struct sensor_event event;
	size_t alerts = 0;
	int result = recording_open(path, &recording, err);

	if (result == 0)
		result = recording_load(recording, state, users, err);
	if (result != 0)
		return result;
	judge = judge_new(&(struct judge_options){ .rules = replay->rules,
						   .users = users,
						   .hostname = recording_hostname(recording),
						   .outputs = &replay->outputs,
						   .json = replay->json });
	while ((result = recording_next(recording, &event, err)) > 0)
		alerts += judge_event(judge, sensor_state_apply(state, &event));
	if (replay->says_counts)
		say_counts(path, recording, state, alerts);
	return result;
}

static int replay_all(struct replay *replay, char **paths)
{
	int status = STATUS_FINE;

	for (; *paths != NULL; paths++) {
		struct error err = { 0 };

		if (replay_capture(replay, *paths, &err) == 0)
			continue;
		fprintf(stderr, "mangrove replay: %s\n", err.text);
		status = STATUS_USAGE;
	}
	return status;
}

/* With its outputs open. */
static int replay_to_outputs(struct replay *replay, char **paths)
{
	const struct alert_output_options options = { .json = replay->json, .waits = true };
	struct error err = { 0 };
	int status = STATUS_USAGE;

	if (alert_outputs_open(&replay->outputs, &options, &err) != 0
	    || alert_outputs_start(&replay->outputs, &err) != 0)
		fprintf(stderr, "mangrove replay: %s\n", err.text);
	else
		status = replay_all(replay, paths);
	if (!alert_outputs_close(&replay->outputs) && status == STATUS_FINE)
		status = STATUS_NO;
	return status;
}

static int run(int argc, char **argv)
{
	struct replay replay = { 0 };
	int code, status = 0;

	log_set_role("replay");
	while (status == 0 && (code = getopt_long(argc, argv, "r:o:", option_table, NULL)) != -1)
		status = take_option(&replay, code);
	if (status == 0 && optind == argc)
		status = command_usage(&replay_command, "name a capture");
	if (status == 0) {
		replay.rules = watch_rules_load(&replay.files);
		status = replay.rules == NULL ? STATUS_USAGE
					      : replay_to_outputs(&replay, argv + optind);
	}
	ruleset_unref(replay.rules);
	return status;
}

const struct command replay_command = {
	.name = "replay",
	.arguments = "[-r RULES]… CAPTURE…",
	.summary = "Judge recorded system calls by Falco rules.",
	.help = "  -r, --rules FILE       rules beside our own; may be repeated\n"
		"  --no-default-rules     leave our own rules out\n"
		"  --first-only           one alert an event, of the rule defined first\n"
		"  -o, --output WHERE     stdout, file=PATH, syslog, unix=PATH or http=URL; may "
		"be\n"
		"                         repeated\n"
		"  --json                 alerts as JSON, as Falco writes them\n"
		"  --stats                how many events and alerts, to standard error\n",
	.run = run,
};
