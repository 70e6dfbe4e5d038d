/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h — the Falco rule language: load rule files, ask which rules an event matches, say so.
 *
 *	ruleset_load(files) -> struct ruleset      once, and at every reload
 *	rules_evaluator_new(ruleset)                     once a thread
 *	rules_evaluate(evaluator, event) -> rules        every event
 *	alert_json(evaluator, rule) -> text        every match
 *
 * A library: no file is opened, no clock read, nothing printed. The parts:
 *	condition.h   the syntax tree of a condition, parsed and printed
 *	field.h       the fields and their values        rule_event.h how an event answers
 *	ruleset.h     loading, compiling, describing     evaluate.h   matching and output
 *	need.h        what an event must be like for any rule to match */
#pragma once

#include "rules/condition.h"
#include "rules/evaluate.h"
#include "rules/field.h"
#include "rules/json_event.h"
#include "rules/need.h"
#include "rules/rule_event.h"
#include "rules/ruleset.h"
