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
	bool json;
	bool resolves_hosts; /* names that rules compare addresses with */
};

struct judge *judge_new(const struct judge_options *options);
void judge_free(struct judge *judge);
DEFINE_AUTO(struct judge, judge_free)

/* Alerts of each rule that matches; returns how many did. */
size_t judge_event(struct judge *judge, const struct sensor_view *view);
/* The same event seen in another way: rules that matched it in judge_event are not told again. */
size_t judge_again(struct judge *judge, const struct sensor_view *view);
