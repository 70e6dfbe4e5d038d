/* SPDX-License-Identifier: Apache-2.0 */
/* judge.h — events are judged by rules, and what matches becomes alerts. */
#pragma once

#include "cmd/alert_outputs.h"
#include "fields/fields.h"

struct judge;

struct judge_options {
	struct ruleset *rules;               /* a reference is taken */
	struct users *users;                 /* borrowed; may be NULL */
	const char *hostname;                /* borrowed; NULL or empty: this machine's */
	const struct alert_outputs *outputs; /* borrowed: where alerts go */
	uint64_t repeat_window_ns; /* meanwhile identical alerts are counted; 0: each is told */
	bool json;
	bool resolves_hosts; /* names that rules compare addresses with */
};

struct judge_counts {
	uint64_t alerts, repeats; /* repeats are alerts, too */
};

struct judge *judge_new(const struct judge_options *options);
void judge_free(struct judge *judge); /* tells the repeats that are left */
DEFINE_AUTO(struct judge, judge_free)

/* Alerts of each rule that matches; returns how many did. */
size_t judge_event(struct judge *judge, const struct sensor_view *view);
/* The same event seen in another way: rules that matched it in judge_event are not told again. */
size_t judge_again(struct judge *judge, const struct sensor_view *view);
/* Tells the repeats whose window is over: from time to time. */
void judge_tell_repeats(struct judge *judge);
struct judge_counts judge_counts(const struct judge *judge);
const struct ruleset *judge_rules(const struct judge *judge);
uint64_t judge_alerts_of(const struct judge *judge, const struct rule *rule); /* repeats, too */
